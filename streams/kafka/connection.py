"""Kafka's clients, made in one place: from the settings to the arguments of aiokafka, kafka-python and Faust.

Every component that needs Kafka receives a `KafkaConnection`. A setting of Kafka's (TLS, SASL, …) touches three files:
settings.py, this one and its test.
"""

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest
from yarl import URL

from streams.errors import PulsewatchError, Unavailable, UsageError
from streams.kafka.security import KafkaSecurity
from streams.settings import Settings

PROBE_SECONDS = 1.0
METADATA_MS = 10_000
"""How often a worker's clients ask for the topics' partitions: aiokafka asks every five minutes, and until then reads
and writes none that were added."""
REFUSAL_SECONDS = 3.0
"""How long a server may take to say why it refuses."""


@dataclass(frozen=True)
class KafkaConnection:
    """Kafka's address and credentials, and what names begin with there. `str()` is the address, for messages.

    Only here and in clients does a topic have its prefix: everywhere else, in Redis, in coordinates and in metrics, it
    has the name of streams.topology.
    """

    servers: str
    """host:port[,host:port…]"""
    security: KafkaSecurity = field(default_factory=KafkaSecurity)
    prefix: str = ""
    """Of topics and consumer groups."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.kafka, KafkaSecurity.of(settings), settings.kafka_prefix)

    def __str__(self) -> str:
        return self.servers

    def at_broker(self, name: str) -> str:
        """What a topic or a group of ours is called at the broker."""
        return self.prefix + name

    def of_ours(self, name: str) -> str:
        """What a topic at the broker is called here; the inverse of `at_broker`."""
        return name.removeprefix(self.prefix)

    def unavailable(self) -> PulsewatchError:
        """The error to raise where Kafka cannot be used: a UsageError where it refuses these settings, else
        Unavailable. Asks once more, for a few seconds at most; its text says what to do."""
        return self._refusal_now() or Unavailable(
            f"Kafka at {self} does not answer: start it (`pulsewatch up`) or set PULSEWATCH_KAFKA"
        )

    async def refusal(self) -> PulsewatchError | None:
        """Why the servers refuse these settings: a UsageError that says what to set, or Unavailable where they only
        close the connection. None where one takes them, or none answers at all."""
        refused: PulsewatchError | None = None
        for server in self._addresses():
            try:
                await asyncio.wait_for(self._metadata(server), REFUSAL_SECONDS)
            except UsageError as error:
                refused = error
            except (KafkaError, OSError, TimeoutError, ValueError) as error:
                refused = self._refused(server, error) or refused
            else:
                return None
        return refused

    def _refusal_now(self) -> PulsewatchError | None:
        with ThreadPoolExecutor(1) as aside:  # the caller's thread may run a loop of its own
            return aside.submit(asyncio.run, self.refusal()).result()

    async def _metadata(self, server: str) -> None:
        """Ask for metadata: a server that wants SASL first tells its versions to anybody."""
        host, _, port = server.rpartition(":")
        connection = await create_conn(
            host, int(port), request_timeout_ms=REFUSAL_SECONDS * 1000, **self.security.async_arguments()
        )
        try:
            await connection.send(MetadataRequest([]))
        finally:
            connection.close()

    def _refused(self, server: str, error: Exception) -> PulsewatchError | None:
        cause = _ssl_error(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UsageError(
                f"Kafka at {server}: its certificate is not trusted ({cause.verify_message}): set PULSEWATCH_KAFKA_CA"
            )
        if cause is not None:
            return UsageError(
                f"Kafka at {server} ends the TLS handshake ({cause.reason or cause}): look at "
                "PULSEWATCH_KAFKA_SECURITY and PULSEWATCH_KAFKA_CERTIFICATE"
            )
        if isinstance(error, UnsupportedSaslMechanismError):
            return UsageError(
                f"Kafka at {server} does not know the SASL mechanism {self.security.mechanism}: "
                "set PULSEWATCH_KAFKA_SASL"
            )
        if isinstance(error, IllegalSaslStateError):
            return UsageError(f"Kafka at {server} asks for no SASL: set PULSEWATCH_KAFKA_SECURITY")
        if isinstance(error, SaslAuthenticationFailed | AuthenticationFailedError | ValueError):
            return UsageError(
                f"Kafka at {server} refuses these credentials ({self.security.mechanism}): look at "
                "PULSEWATCH_KAFKA_USER and PULSEWATCH_KAFKA_PASSWORD"
            )
        if _takes_connections(server):
            return Unavailable(
                f"Kafka at {server} takes the connection and gives no answer: it is starting, or it wants another "
                f"PULSEWATCH_KAFKA_SECURITY than {self.security.protocol}"
            )
        return None

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
        """A `kafka.KafkaConsumer`, connected. It joins no group, commits nothing, and raises KafkaTimeoutError, or at
        once what `unavailable` tells where the servers refuse these settings; so do the two below."""
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
        return {"bootstrap_servers": self._addresses(), **self.security.async_arguments()}

    def _sync_arguments(self) -> dict[str, Any]:
        """kafka-python takes its whole timeout to say that it is refused, and leaves sockets behind: ask first."""
        if self.security.protocol != "PLAINTEXT" and (refusal := self._refusal_now()) is not None:
            raise refusal
        return {"bootstrap_servers": self._addresses(), **self.security.sync_arguments()}

    def _addresses(self) -> list[str]:
        return [server.strip() for server in self.servers.split(",")]


def _takes_connections(server: str) -> bool:
    host, _, port = server.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=PROBE_SECONDS).close()
    except OSError:
        return False
    return True


def _ssl_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error
