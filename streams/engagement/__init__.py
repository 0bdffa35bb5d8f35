"""Rolling engagement counters: what an event adds, where it is kept, how it is read."""
