"""Workers and servers that die, freeze and come back: nothing is lost and nothing counts twice."""
