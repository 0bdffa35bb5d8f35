"""A topic in memory, as somebody else's Kafka would have it: it grows, expires, is compacted and made anew."""

from collections.abc import Mapping, Sequence
from typing import Self

from streams.kafka.topic_reader import Bounds, TopicRecord


class FakeTopic:
    """The topic, and its reader: `partitions` may be written by a test."""

    def __init__(self, partitions: int = 1, compacted: bool = False) -> None:
        self.id = "first"
        self.logs: dict[int, list[TopicRecord]] = {number: [] for number in range(partitions)}
        self.firsts = dict.fromkeys(self.logs, 0)
        self.ends = dict.fromkeys(self.logs, 0)
        self.compacted = compacted
        self.positions: dict[int, int] = {}
        self.connections = 0
        self.batch = 3

    def add(self, value: bytes | None, partition: int = 0, key: bytes | None = None) -> None:
        offset = self.ends.setdefault(partition, 0)
        self.firsts.setdefault(partition, 0)
        headers = [("of", b"shop")]
        record = TopicRecord(partition, offset, 1_000_000 + offset, key, value, headers)
        self.logs.setdefault(partition, []).append(record)
        self.ends[partition] += 1

    def expire(self, below: int, partition: int = 0) -> None:
        self.firsts[partition] = below
        self.logs[partition] = [record for record in self.logs[partition] if record.offset >= below]

    def drop(self, offset: int, partition: int = 0) -> None:
        """As compaction does."""
        self.logs[partition] = [record for record in self.logs[partition] if record.offset != offset]

    async def __aenter__(self) -> Self:
        self.connections += 1
        return self

    async def __aexit__(self, *_of_the_block: object) -> None:
        self.positions = {}

    async def topic_id(self) -> str:
        return self.id

    async def bounds(self) -> Mapping[int, Bounds]:
        return {number: Bounds(self.firsts[number], self.ends[number]) for number in self.logs}

    async def offsets_at(self, time_ms: int, partitions: Sequence[int]) -> Mapping[int, int | None]:
        return {
            number: next((one.offset for one in self.logs[number] if one.timestamp_ms >= time_ms), None)
            for number in partitions
        }

    async def is_compacted(self) -> bool:
        return self.compacted

    def go_on(self, positions: Mapping[int, int]) -> None:
        self.positions = dict(positions)

    async def records(self, within_seconds: float) -> list[TopicRecord] | None:
        found: list[TopicRecord] = []
        for number, position in self.positions.items():
            if not self.firsts[number] <= position <= self.ends[number]:
                return None
            found += [record for record in self.logs[number] if record.offset >= position][: self.batch]
        for record in found:
            self.positions[record.partition] = record.offset + 1
        return found
