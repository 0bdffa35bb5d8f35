"""What a stage gets: the records of one partition fetch as columns, with no object a record."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition, in offset order, at least one.

    The three columns have one entry a record. Offsets may have gaps (compaction, transactions): compare with `<`.
    """

    topic: str
    partition: int
    offsets: Sequence[int]
    timestamps_ms: Sequence[int]
    """Kafka's record timestamps."""
    values: Sequence[bytes | None]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def next_offset(self) -> int:
        """Where reading goes on after this batch."""
        return self.offsets[-1] + 1
