"""What must come out: counters counted anew by code that shares nothing with the workers, and the shipped rules."""
