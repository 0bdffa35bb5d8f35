"""Kafka's clients, made in one place: from the settings to the arguments of aiokafka, kafka-python and Faust.

Every component that needs Kafka receives a `KafkaConnection`. A setting of Kafka's (TLS, SASL, …) touches three files:
settings.py, this one and its test.
"""

import socket
from dataclasses import dataclass
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from yarl import URL

from streams.errors import Unavailable
from streams.settings import Settings

PROBE_SECONDS = 1.0
METADATA_MS = 10_000
"""How often a worker's clients ask for the topics' partitions: aiokafka asks every five minutes, and until then reads
and writes none that were added."""


@dataclass(frozen=True)
class KafkaConnection:
    """Kafka's address and credentials. `str()` is the address, for messages."""

    servers: str
    """host:port[,host:port…]"""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.kafka)

    def __str__(self) -> str:
        return self.servers

    def unavailable(self) -> Unavailable:
        """The error to raise where Kafka does not answer; its text says what to do."""
        return Unavailable(f"Kafka at {self} does not answer: start it (`pulsewatch up`) or set PULSEWATCH_KAFKA")

    def listens(self) -> bool:
        """Whether any server takes a connection, within a second each. Where no server listens, kafka-python waits for
        its whole timeout and leaves sockets behind: ask this first where an answer is wanted at once."""
        return any(_takes_connections(server) for server in self._addresses())

    def brokers(self) -> list[URL]:
        """Faust's broker URLs."""
        return [URL(f"kafka://{server}") for server in self._addresses()]

    def async_client(self, **options: Any) -> AIOKafkaClient:
        """aiokafka's bare client; it has yet to be started, as all of aiokafka's."""
        return AIOKafkaClient(**self._async_arguments(), **options)

    def async_consumer(self, **options: Any) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(**self._async_arguments(), metadata_max_age_ms=METADATA_MS, **options)

    def async_producer(self, **options: Any) -> AIOKafkaProducer:
        return AIOKafkaProducer(**self._async_arguments(), metadata_max_age_ms=METADATA_MS, **options)

    # kafka-python takes longer to import than all the rest of a worker, which does without it.

    def consumer(self, **options: Any) -> Any:
        """A `kafka.KafkaConsumer`, connected. It joins no group, commits nothing, and raises KafkaTimeoutError."""
        from kafka import KafkaConsumer

        return KafkaConsumer(**self._sync_arguments(), group_id=None, enable_auto_commit=False, **options)

    def producer(self, **options: Any) -> Any:
        """A `kafka.KafkaProducer`, connected, which waits for all replicas. Raises KafkaTimeoutError."""
        from kafka import KafkaProducer

        return KafkaProducer(**self._sync_arguments(), acks="all", **options)

    def admin(self, **options: Any) -> Any:
        """A `kafka.KafkaAdminClient`, connected. Raises KafkaTimeoutError."""
        from kafka import KafkaAdminClient

        return KafkaAdminClient(**self._sync_arguments(), **options)

    def _async_arguments(self) -> dict[str, Any]:
        return {"bootstrap_servers": self._addresses()}

    def _sync_arguments(self) -> dict[str, Any]:
        return {"bootstrap_servers": self._addresses()}

    def _addresses(self) -> list[str]:
        return [server.strip() for server in self.servers.split(",")]


def _takes_connections(server: str) -> bool:
    host, _, port = server.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=PROBE_SECONDS).close()
    except OSError:
        return False
    return True
