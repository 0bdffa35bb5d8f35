"""Somebody else's topic, read by offsets of our own: no group, no commits, nothing of it is changed.

Kafka leaves records out in two ways: those that are older than the topic's retention, whose first offset is above
where we are, and those that compaction dropped, whose offsets are missing between two records.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from aiokafka import TopicPartition
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from streams.errors import Unavailable, UsageError
from streams.kafka.connection import KafkaConnection
from streams.kafka.topic_ids import topic_ids

ANSWER_SECONDS = 30.0
MAX_RECORDS = 500
_COMPACTING_CONFIG = "cleanup.policy"


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """One record as it is in the log."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of a partition: the first offset that is kept, and the one after the last."""

    first: int
    end: int


class TopicReader:
    """One topic of one Kafka; an asynchronous context. All calls raise Unavailable where Kafka does not answer, and
    UsageError where it refuses."""

    def __init__(self, kafka: KafkaConnection, topic: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._consumer: Any = None
        self._client: Any = None
        """Asks for all topics: who asks for one that is not there may make it so."""

    async def __aenter__(self) -> Self:
        self._consumer = self._kafka.async_consumer(
            client_id="pulsewatch-feed",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_poll_records=MAX_RECORDS,
        )
        self._client = self._kafka.async_client(client_id="pulsewatch-feed")
        try:
            await self._consumer.start()
            await self._client.bootstrap()
        except (KafkaError, OSError, ValueError) as error:
            await self.__aexit__()
            raise await self._refusal(error) from error
        return self

    async def __aexit__(self, *_of_the_block: object) -> None:
        with suppress(KafkaError, OSError):
            await self._consumer.stop()
        with suppress(KafkaError, OSError):
            await self._client.close()

    async def topic_id(self) -> str:
        """The id that the topic has as long as it lives; empty from a broker that gives none."""
        try:
            return (await topic_ids(self._kafka, [self._topic])).get(self._topic, "")
        except IncompatibleBrokerVersion:
            return ""
        except (KafkaError, OSError) as error:
            raise await self._refusal(error) from error

    async def bounds(self) -> Mapping[int, Bounds]:
        """Of every partition that there is now. Raises UsageError where there is no such topic."""
        consumer = self._consumer
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                known = (await self._client.fetch_all_metadata()).partitions_for_topic(self._topic)
                if not known:
                    raise self._no_topic()
                where = [TopicPartition(self._topic, number) for number in sorted(known)]
                firsts = await consumer.beginning_offsets(where)
                ends = await consumer.end_offsets(where)
        except (KafkaError, OSError, TimeoutError) as error:
            raise await self._refusal(error) from error
        return {one.partition: Bounds(firsts[one], ends[one]) for one in where}

    async def offsets_at(self, time_ms: int, partitions: Sequence[int]) -> Mapping[int, int | None]:
        """The first offset at this time or later in each partition; None where there is none yet."""
        where = {TopicPartition(self._topic, number): time_ms for number in partitions}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                found = await self._consumer.offsets_for_times(where)
        except (KafkaError, OSError, TimeoutError) as error:
            raise await self._refusal(error) from error
        return {one.partition: None if at is None else at.offset for one, at in found.items()}

    async def is_compacted(self) -> bool:
        """Whether offsets may be missing since newer records have the same key; False where that may not be asked."""
        return await asyncio.to_thread(_is_compacted, self._kafka, self._topic)

    def go_on(self, positions: Mapping[int, int]) -> None:
        """Read these partitions from these offsets on."""
        where = {TopicPartition(self._topic, number): offset for number, offset in positions.items()}
        self._consumer.assign(list(where))
        for one, offset in where.items():
            self._consumer.seek(one, offset)

    async def records(self, within_seconds: float) -> list[TopicRecord] | None:
        """What comes next, each partition in order; nothing where nothing comes. None where an offset is not there
        any more, or not yet: ask for the bounds."""
        try:
            found = await self._consumer.getmany(timeout_ms=int(within_seconds * 1000), max_records=MAX_RECORDS)
        except OffsetOutOfRangeError:
            return None
        except (KafkaError, OSError) as error:
            raise await self._refusal(error) from error
        return [
            TopicRecord(one.partition, record.offset, record.timestamp, record.key, record.value, record.headers)
            for one, records in found.items()
            for record in records
        ]

    async def _refusal(self, error: BaseException) -> Unavailable | UsageError:
        if isinstance(error, TopicAuthorizationFailedError | UnknownTopicOrPartitionError):
            return self._no_topic()
        refused = await self._kafka.refusal()
        if isinstance(refused, Unavailable | UsageError):
            return refused
        return Unavailable(f"Kafka at {self._kafka} does not answer: {str(error) or type(error).__name__}")

    def _no_topic(self) -> UsageError:
        return UsageError(f"Kafka at {self._kafka} has no topic {self._topic} that this user may read")


def _is_compacted(kafka: KafkaConnection, topic: str) -> bool:
    from kafka.admin import ConfigResource, ConfigResourceType
    from kafka.errors import KafkaError as SyncKafkaError

    try:
        admin = kafka.admin(request_timeout_ms=int(ANSWER_SECONDS * 1000))
    except (SyncKafkaError, UsageError, Unavailable):
        return False
    try:
        asked = ConfigResource(ConfigResourceType.TOPIC, topic, {_COMPACTING_CONFIG: None})
        found = admin.describe_configs([asked], config_filter="all")
    except SyncKafkaError:
        return False
    finally:
        admin.close()
    return "compact" in repr(found)
