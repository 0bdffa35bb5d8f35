"""Ways in: how messages come from a server, a folder or a topic. A module a protocol; none of them reads a message."""
