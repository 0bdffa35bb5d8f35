"""The command line: one module a group of commands. Here is what a person types."""
