"""Real servers on this machine's loopback, without Docker: each a context manager in a data folder of its own."""
