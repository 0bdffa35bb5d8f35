"""What the counters must be, counted anew by code that shares nothing with the workers."""
