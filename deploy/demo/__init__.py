"""The demo: the whole stack, a simulated feed, the live screen, and an honest comparison at the end."""
