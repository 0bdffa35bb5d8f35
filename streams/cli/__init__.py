"""The command line: one module a group of commands. Implementations live with their stage; here is what a person types."""
