"""Faust, made to deliver one message a partition fetch: batches in, acknowledgements in order."""
