"""Writing to a topic: an idempotent producer that waits for all replicas and connects with the first record."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.errors import Unavailable
from streams.kafka.connection import KafkaConnection


class Publisher(Protocol):
    """One topic, as a stage writes to it."""

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        """Write (key, value) records in order; returns when Kafka has acknowledged all. Raises Unavailable.

        May be called again with records that were written before: readers recognise them by their key or their origin.
        """


class LazyProducer:
    """A producer that is started once, with its first use. One event loop."""

    def __init__(self, kafka: KafkaConnection, topic: str, **options: Any) -> None:
        self.topic = topic
        self._kafka = kafka
        self._options = options
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def producer(self) -> AIOKafkaProducer:
        """The producer, started. Raises aiokafka's errors where Kafka does not answer."""
        async with self._starting:  # partitions call at once; a second producer's sends would never be answered
            if self._producer is None:
                self._producer = await self._connected()
            return self._producer

    async def close(self) -> None:
        """Let go of the connection."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def _connected(self) -> AIOKafkaProducer:
        producer = self._kafka.async_producer(
            client_id=f"pulsewatch-{self.topic}", acks="all", enable_idempotence=True, **self._options
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer


class TopicPublisher:
    """A Publisher on Kafka."""

    def __init__(self, kafka: KafkaConnection, topic: str, *, linger_ms: int = 0) -> None:
        self._connection = LazyProducer(kafka, topic, linger_ms=linger_ms)

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        topic = self._connection.topic
        try:
            producer = await self._connection.producer()
            # A key's records go into one partition's batches in the order of these calls.
            sent = [await producer.send(topic, value, key=key.encode()) for key, value in records]
            await asyncio.gather(*sent)
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka does not take records for {topic}: {error!r}") from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()
