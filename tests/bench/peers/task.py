"""What a peer is asked, how it counts, and what it answers."""

import os
import sys
import time
from collections import Counter

import msgspec


class Task(msgspec.Struct, frozen=True):
    """One run of one peer."""

    kafka: str
    topic: str
    partitions: int
    events: int
    """The run is over after so many (a whole fetch more, where the peer reads fetches)."""
    core: int | None
    """The only core that the process may use."""
    group: str
    redis: str = ""
    namespace: str = ""


class Answer(msgspec.Struct, frozen=True):
    """Measured from the assignment of the partitions to the end of the last event's work."""

    seconds: float
    counts: dict[int, int]
    """Events by partition."""
    total: int
    """The sum of `value` over these events: each was decoded."""
    cpu_seconds: float = 0.0

    @property
    def events(self) -> int:
        """In all partitions."""
        return sum(self.counts.values())


def task() -> Task:
    """The task in the command line; pins the process to the task's core."""
    given = msgspec.json.decode(sys.argv[1], type=Task)
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    return given


class Tally:
    """Counts a run, and answers when it is over."""

    def __init__(self, given: Task) -> None:
        self._goal = given.events
        self._counts: Counter[int] = Counter()
        self._events = 0
        self._total = 0
        self._started_seconds: float | None = None
        self._started_cpu_seconds = 0.0

    def start(self) -> None:
        """Called when the partitions are assigned; later calls change nothing."""
        if self._started_seconds is None:
            self._started_seconds, self._started_cpu_seconds = time.perf_counter(), time.process_time()

    def add(self, partition: int, events: int, total: int) -> bool:
        """Count events of a partition; True, once the answer is written, when there are enough."""
        self._counts[partition] += events
        self._events += events
        self._total += total
        if self._events < self._goal or self._started_seconds is None:
            return False
        seconds = time.perf_counter() - self._started_seconds
        cpu_seconds = time.process_time() - self._started_cpu_seconds
        answer = Answer(seconds, dict(self._counts), self._total, cpu_seconds)
        sys.stdout.buffer.write(b"\n" + msgspec.json.encode(answer) + b"\n")
        sys.stdout.flush()
        self._started_seconds = None
        return True
