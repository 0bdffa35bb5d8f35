"""The records of one partition fetch as columns: no object a record is kept."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

SLICE_RECORDS = 128
"""Decoded in one piece: with the decoded events they fit into a core's cache."""


class Columns(NamedTuple):
    """Consecutive records, one entry a record in each column."""

    offsets: Sequence[int]
    """May have gaps (compaction, transactions): compare with `<`."""
    timestamps_ms: Sequence[int]
    """Kafka's record timestamps."""
    values: Sequence[bytes | None]


class Batch:
    """Consecutive records of one partition, in offset order, at least one."""

    def __init__(
        self,
        topic: str,
        partition: int,
        offsets: Sequence[int],
        timestamps_ms: Sequence[int],
        values: Sequence[bytes | None],
    ) -> None:
        self.topic = topic
        self.partition = partition
        self._columns = Columns(offsets, timestamps_ms, values)

    @property
    def columns(self) -> Columns:
        """All of it at once."""
        return self._columns

    @property
    def offsets(self) -> Sequence[int]:
        return self.columns.offsets

    @property
    def timestamps_ms(self) -> Sequence[int]:
        return self.columns.timestamps_ms

    @property
    def values(self) -> Sequence[bytes | None]:
        return self.columns.values

    @property
    def first_offset(self) -> int:
        """Of its first record."""
        return self.offsets[0]

    @property
    def next_offset(self) -> int:
        """The offset at which the next batch may begin."""
        return self.offsets[-1] + 1

    def __len__(self) -> int:
        return len(self.columns.values)

    def slices(self) -> Iterator[Columns]:
        """All of it, SLICE_RECORDS at a time. Finish one slice before asking for the next: each fits into the cache."""
        for start in range(0, len(self), SLICE_RECORDS):
            part = slice(start, start + SLICE_RECORDS)
            yield Columns(self.offsets[part], self.timestamps_ms[part], self.values[part])
