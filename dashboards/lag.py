"""How far each stage is behind: the end of the topic in Kafka less the offset stored in the ledger.

Kafka's committed offsets are not asked: they trail the ledger, which alone says what has been counted.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from deploy.cli.worker import STAGES
from streams.errors import Unavailable
from streams.ledger.reader import stored_offsets
from streams.topology import LIVE, SCORED, SOCIAL

READS = {"engagement": (SOCIAL, LIVE), "scoring": (SOCIAL, LIVE), "detection": (SCORED, LIVE)}
"""The topics that each stage reads."""
TIMEOUT_MS = 1_000
"""A scrape has four seconds for all its answers."""

Offsets = Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class Lag:
    """Records that a stage has yet to store the effects of."""

    stage: str
    topic: str
    partition: int
    records: int


def stored_by_stage(client: Any, namespace: str) -> dict[str, Offsets]:
    """Where each stage's ledgers stand: as long as none moves, nothing was counted. Raises Unavailable."""
    return {stage: stored_offsets(client, namespace, stage) for stage in STAGES}


def lags(stored: Mapping[str, Offsets], beginnings: Offsets, ends: Offsets) -> list[Lag]:
    """By stage and partition; a partition that no worker ever held is behind by all that Kafka has of it."""
    return [
        Lag(stage, topic, partition, max(0, end - max(beginnings[topic, partition], held.get((topic, partition), 0))))
        for stage, held in stored.items()
        for (topic, partition), end in sorted(ends.items())
        if topic in READS[stage]
    ]


class LogEnds:
    """The bounds of the topics that workers read, through a consumer that joins no group."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer: KafkaConsumer | None = None

    def read(self) -> tuple[Offsets, Offsets]:
        """First offsets and end offsets by (topic, partition). Raises Unavailable."""
        try:
            consumer = self._consumer = self._consumer or self._connect()
            topics = sorted({topic for stage in STAGES for topic in READS[stage]})
            where = [TopicPartition(topic, number) for topic in topics for number in _partitions(consumer, topic)]
            return _plain(consumer.beginning_offsets(where, TIMEOUT_MS)), _plain(
                consumer.end_offsets(where, TIMEOUT_MS)
            )
        except KafkaError as error:
            self.close()
            raise Unavailable(f"Kafka at {self._bootstrap} does not answer: {error}") from error

    def close(self) -> None:
        """Let go of the connection; the next `read` makes a new one."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _connect(self) -> KafkaConsumer:
        # kafka-python would wait for its whole timeout, and leave sockets behind, where nobody listens.
        if not any(_listens(server) for server in self._bootstrap.split(",")):
            raise Unavailable(f"Kafka does not answer at {self._bootstrap}")
        return KafkaConsumer(
            bootstrap_servers=self._bootstrap,
            bootstrap_timeout_ms=2 * TIMEOUT_MS,
            request_timeout_ms=TIMEOUT_MS,
            enable_auto_commit=False,
        )


def _listens(server: str) -> bool:
    host, _, port = server.strip().rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def _partitions(consumer: KafkaConsumer, topic: str) -> list[int]:
    return sorted(consumer.partitions_for_topic(topic) or ())


def _plain(offsets: Mapping[TopicPartition, int]) -> Offsets:
    return {(where.topic, where.partition): offset for where, offset in offsets.items()}
