"""The records on the topics, how they are read, and what becomes of those that cannot be."""
