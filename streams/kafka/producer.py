"""Writing to a topic: an idempotent producer that waits for all replicas and connects with the first record."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from streams.errors import Unavailable, UsageError
from streams.kafka.connection import KafkaConnection

MAX_PUBLISHED_BYTES = 1_000_000
"""Of a record that a stage writes; readers take 1,048,576, and so does a broker by default."""
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
FORBIDDEN = (TopicAuthorizationFailedError, ClusterAuthorizationFailedError)
Refusal = Literal["cut", "dropped"]
"""What became of a record that Kafka refused for its size."""

log = logging.getLogger(__name__)


class Publisher(Protocol):
    """One topic, as a stage writes to it."""

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        """Write (key, value) records in order; returns when Kafka has acknowledged all. Raises Unavailable.

        May be called again with records that were written before: readers recognise them by their key or their origin.
        """


class LazyProducer:
    """A producer that is started once, with its first use. One event loop."""

    def __init__(self, kafka: KafkaConnection, topic: str, **options: Any) -> None:
        self.topic = kafka.at_broker(topic)
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
        """Let go of the connection; the next use connects again."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

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
    """A Publisher on Kafka. A record that is refused for its size goes out as its essentials, and `on_refused` counts;
    without `essentials` it is the caller's mistake: `publish` raises UsageError. So it does for a topic that is missing
    or forbidden, where `is_ours`: what a stage writes to is a matter of settings. Else that is Unavailable too."""

    def __init__(
        self,
        kafka: KafkaConnection,
        topic: str,
        *,
        essentials: Callable[[bytes], bytes] | None = None,
        on_refused: Callable[[Refusal], None] | None = None,
        linger_ms: int = 0,
        is_ours: bool = False,
    ) -> None:
        self._is_ours = is_ours
        self._essentials = essentials
        self._on_refused = on_refused
        self._connection = LazyProducer(kafka, topic, linger_ms=linger_ms, max_request_size=MAX_PUBLISHED_BYTES)

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        topic = self._connection.topic
        try:
            producer = await self._connection.producer()
            refused_at = await self._send_all(producer, records)
            # Whatever followed the first that was refused is sent again, so that a key's records stay in order.
            for key, value in records[refused_at:]:
                await self._send_or_cut(key, value)
        except OutOfOrderSequenceNumber as error:  # a partition whose batch was refused, in another task's hands
            await self._connection.close()
            raise Unavailable(f"Kafka does not take records for {topic}: {error!r}") from error
        except (KafkaError, OSError) as error:
            raise self._failure(error) from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()

    def _failure(self, error: Exception) -> Unavailable | UsageError:
        topic = self._connection.topic
        settings = UsageError if self._is_ours else Unavailable
        if isinstance(error, FORBIDDEN):
            return settings(f"Kafka does not let this process write: it needs Write on {topic}")
        if isinstance(error, UnknownTopicOrPartitionError):
            return settings(f"Kafka has no topic {topic}: run `pulsewatch topics create`")
        return Unavailable(f"Kafka does not take records for {topic}: {error!r}")

    async def _send_all(self, producer: AIOKafkaProducer, records: Sequence[tuple[str, bytes]]) -> int:
        """Send side by side; returns the position of the first record that is too large, or the number of records."""
        topic, sent = self._connection.topic, list[Awaitable[Any]]()
        for key, value in records:
            try:
                # A key's records go into one partition's batches in the order of these calls.
                sent.append(await producer.send(topic, value, key=key.encode()))
            except TOO_LARGE:
                break
        for at, answer in enumerate(await asyncio.gather(*sent, return_exceptions=True)):
            if isinstance(answer, TOO_LARGE):
                await self._connection.close()
                return at
            if isinstance(answer, BaseException):
                raise answer
        return len(sent)

    async def _send_or_cut(self, key: str, value: bytes) -> None:
        if await self._takes(key, value):
            return
        topic = self._connection.topic
        if self._essentials is None:
            raise UsageError(f"{topic}: Kafka does not take a record of {len(value)} bytes")
        cut = self._essentials(value)
        if await self._takes(key, cut):
            self._count("cut")
            log.warning("%s: Kafka does not take a record of %d bytes; cut to %d", topic, len(value), len(cut))
        else:
            self._count("dropped")
            log.error("%s: Kafka takes neither a record of %d bytes nor %d of it; dropped", topic, len(value), len(cut))

    def _count(self, outcome: Refusal) -> None:
        if self._on_refused is not None:
            self._on_refused(outcome)

    async def _takes(self, key: str, value: bytes) -> bool:
        """Whether Kafka takes a record. After a refusal the producer is made anew: aiokafka's goes on counting a
        partition's sequence behind a batch that the broker has not."""
        producer = await self._connection.producer()
        try:
            await producer.send_and_wait(self._connection.topic, value, key=key.encode())
        except TOO_LARGE:
            await self._connection.close()
            return False
        return True
