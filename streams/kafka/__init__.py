"""Kafka: every client is made here, topics are made, read and written here; what a stage reads comes by transport."""
