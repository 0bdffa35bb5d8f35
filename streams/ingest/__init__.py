"""Where records come from: decoders of real feeds, recorded streams, and the feed that plays records into Kafka.

A decoder is a pure function from one message of a platform to events. It is the last to see user ids: its
events have pseudonyms.
"""
