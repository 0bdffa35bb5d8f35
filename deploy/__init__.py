"""What composes and runs the monitor: the command line, the local stack, the demo, the servers' configuration."""
