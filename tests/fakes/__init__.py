"""Hand-written twins of what a test does not start: publishers, readers, workers in memory."""
