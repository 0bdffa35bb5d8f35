"""A seeded feed with known truth: what the whole of Pulsewatch is measured against.

`scenario` describes, `generate` makes records and their truth, `run` plays them into Kafka, and `compare` holds what
the workers counted and raised against the truth. Nothing here shares counting code with the workers.
"""
