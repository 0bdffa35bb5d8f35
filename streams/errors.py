"""One type a fate: what may be retried, what ends the process, what is the caller's mistake.

PulsewatchError
├── UsageError        bad input or configuration: one clear line, exit code 2
├── Unavailable       a server does not answer: wait with backoff and try again
├── Fenced            another worker owns the partition now: exit, write nothing
└── OffsetMoved       the ledger's offset is another than expected: drop what is below it, or rewind

A record that cannot be read is no exception here: it has a `DeadLetter` (streams.events.dead_letters).
"""

from dataclasses import dataclass


class PulsewatchError(Exception):
    """The root of everything that Pulsewatch raises on purpose."""


class UsageError(PulsewatchError):
    """What the caller gave cannot be used; the message names it and says what to do."""


class Unavailable(PulsewatchError):
    """A server that is needed does not answer; nothing was applied, and the same call may be made again."""


@dataclass
class Fenced(PulsewatchError):
    """The partition has a newer owner. The worker must stop writing and exit."""

    topic: str
    partition: int
    epoch: int
    owner_epoch: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition} is owned by epoch {self.owner_epoch}, this worker has epoch {self.epoch}"


@dataclass
class OffsetMoved(PulsewatchError):
    """The ledger's offset is not the expected one; nothing was written. A lower one is that of a server that was
    emptied or restored."""

    topic: str
    partition: int
    expected_offset: int
    stored_offset: int

    def __str__(self) -> str:
        where = f"{self.topic}:{self.partition}"
        if self.stored_offset < self.expected_offset:
            was = "it was emptied or restored"
            return f"{where}: Redis has offset {self.stored_offset}, expected {self.expected_offset}: {was}"
        return f"{where} has offset {self.stored_offset}, expected {self.expected_offset}"
