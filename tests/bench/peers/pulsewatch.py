"""Pulsewatch's own worker with a stage that only decodes."""

import asyncio

import msgspec

from streams.events.schema import Event
from streams.settings import Settings
from streams.transport.batch import Batch
from streams.transport.worker import Worker
from tests.bench.peers.task import Tally, Task, task


class DecodeOnly:
    """A stage that decodes and stores nothing."""

    def __init__(self, given: Task) -> None:
        self.stage = given.group
        self.topics = (given.topic,)
        self._decode = msgspec.json.Decoder(Event).decode
        self._tally = Tally(given)
        self.worker = Worker(self, Settings(kafka=given.kafka))

    async def assigned(self, topic: str, partition: int) -> int:
        self._tally.start()
        return 0

    def prepare(self, batch: Batch) -> tuple[int, int, int]:
        decode, total = self._decode, 0
        for columns in batch.slices():
            for value in columns.values:
                total += decode(value or b"").value
        return batch.partition, len(batch), total

    async def apply(self, prepared: tuple[int, int, int]) -> None:
        if self._tally.add(*prepared):
            self.worker.stop()

    async def revoked(self, topic: str, partition: int) -> None:
        """Keep nothing."""


if __name__ == "__main__":
    raise SystemExit(asyncio.run(DecodeOnly(task()).worker.run()))
