"""One module a peer, run as a process of its own on one core: `python -m streams.bench.peers.NAME TASK`.

TASK and the answer, the last line on standard output, are JSON: see `streams.bench.peers.task`.
"""
