"""Pulsewatch's engagement worker as it ships, on the bench's topic: every counter, the people, the ledger."""

import asyncio

from redis.asyncio import Redis

from streams.engagement.handler import EngagementHandler, Prepared
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_sink import DeadLetterTopicSink
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import RetryingLedger
from streams.settings import Settings
from streams.transport.batch import Batch
from streams.transport.worker import Worker
from tests.bench.peers.task import Tally, Task, task


class Timed:
    """The handler, with a clock around it: from its first partition to its last event in the ledger."""

    def __init__(self, given: Task) -> None:
        ledger = RedisLedger(Redis.from_url(given.redis, socket_timeout=30), EngagementHandler.stage, given.namespace)
        self._handler = EngagementHandler(
            RetryingLedger(ledger, EngagementHandler.stage),
            DeadLetterTopicSink(KafkaConnection(given.kafka)),
            session_ttl_seconds=14 * 86_400,
            topics=(given.topic,),
        )
        self._tally = Tally(given)
        self.stage = given.group
        self.topics = (given.topic,)
        self.worker = Worker(self, Settings(kafka=given.kafka))

    async def assigned(self, topic: str, partition: int) -> int:
        self._tally.start()
        return await self._handler.assigned(topic, partition)

    def prepare(self, batch: Batch) -> tuple[int, int, Prepared]:
        prepared = self._handler.prepare(batch)
        return batch.partition, len(batch), prepared

    async def apply(self, prepared: tuple[int, int, Prepared]) -> None:
        partition, events, counted = prepared
        await self._handler.apply(counted)
        if self._tally.add(partition, events, 0):
            self.worker.stop()

    async def revoked(self, topic: str, partition: int) -> None:
        await self._handler.revoked(topic, partition)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(Timed(task()).worker.run()))
