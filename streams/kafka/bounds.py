"""The first and the last offset of every topic that a stage reads."""

from collections.abc import Mapping
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError

from streams.errors import Unavailable, UsageError
from streams.kafka.connection import KafkaConnection
from streams.kafka.reading import partitions_of
from streams.topology import STAGES

TIMEOUT_MS = 1_000
"""Per call: a scrape has four seconds for all its answers."""

Offsets = Mapping[tuple[str, int], int]
"""By (topic, partition)."""


class LogBounds:
    """The bounds of the topics that workers read, through a consumer that joins no group. One thread."""

    def __init__(self, kafka: KafkaConnection) -> None:
        self._kafka = kafka
        self._consumer: Any = None

    def read(self) -> tuple[Offsets, Offsets]:
        """First offsets and end offsets. Raises Unavailable."""
        try:
            consumer = self._consumer = self._consumer or self._connect()
            topics = sorted({topic for stage in STAGES.values() for topic in stage.reads})
            where = [partition for topic in topics for partition in partitions_of(self._kafka, consumer, topic)]
            beginnings = consumer.beginning_offsets(where, TIMEOUT_MS)
            return self._plain(beginnings), self._plain(consumer.end_offsets(where, TIMEOUT_MS))
        except KafkaError as error:
            self.close()
            raise Unavailable(f"Kafka at {self._kafka} does not answer: {error}") from error
        except UsageError as error:  # a screen waits for whoever mends it
            raise Unavailable(str(error)) from error

    def close(self) -> None:
        """Let go of the connection; the next `read` makes a new one."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _connect(self) -> Any:
        if not self._kafka.listens():
            raise Unavailable(f"Kafka does not answer at {self._kafka}")
        return self._kafka.consumer(bootstrap_timeout_ms=2 * TIMEOUT_MS, request_timeout_ms=TIMEOUT_MS)

    def _plain(self, offsets: Mapping[TopicPartition, int]) -> Offsets:
        return {(self._kafka.of_ours(where.topic), where.partition): offset for where, offset in offsets.items()}
