"""One module a peer, run as a process of its own on one core: `python -m tests.bench.peers.NAME TASK`.

TASK and the answer, the last line on standard output, are JSON: see `tests.bench.peers.task`.
"""
