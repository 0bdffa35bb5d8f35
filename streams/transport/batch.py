"""The records of one partition fetch as columns: no object a record is kept."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from streams.events.codec import Unreadable

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
    """Consecutive records of one partition, in offset order. It may cover offsets without a record, at its end too:
    `next_offset` is said where it is not the one behind the last record. `refused` are records that the transport did
    not unpack; they have a fate like others."""

    refused: Sequence[Unreadable]

    def __init__(
        self,
        topic: str,
        partition: int,
        offsets: Sequence[int],
        timestamps_ms: Sequence[int],
        values: Sequence[bytes | None],
        next_offset: int | None = None,
        refused: Sequence[Unreadable] = (),
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.refused = refused
        self._columns = Columns(offsets, timestamps_ms, values)
        self._end_offset = next_offset

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
        """Of its first record; without any it is `next_offset`."""
        begins = [*self.offsets[:1], *(one.offset for one in self.refused[:1])]
        return min(begins) if begins else self.next_offset

    @property
    def next_offset(self) -> int:
        """The offset at which the next batch may begin."""
        return self.offsets[-1] + 1 if self._end_offset is None else self._end_offset

    def __len__(self) -> int:
        return len(self.columns.values)

    def slices(self) -> Iterator[Columns]:
        """All of it, SLICE_RECORDS at a time. Finish one slice before asking for the next: each fits into the cache."""
        for start in range(0, len(self), SLICE_RECORDS):
            part = slice(start, start + SLICE_RECORDS)
            yield Columns(self.offsets[part], self.timestamps_ms[part], self.values[part])

    def part(self, positions: Sequence[int], next_offset: int, refused: Sequence[Unreadable] = ()) -> "Batch":
        """Some of its records, as a batch that ends before `next_offset`."""
        return Batch(
            self.topic,
            self.partition,
            [self.offsets[at] for at in positions],
            [self.timestamps_ms[at] for at in positions],
            [self.values[at] for at in positions],
            next_offset,
            refused,
        )
