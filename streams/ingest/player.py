"""Plays records into Kafka at a pace: their own time runs `speed` times as fast as the wall's, and both end together.

    records     10:00 ........................ 10:40
    wall                     10:38:45 ........ 10:40       speed 32

So a recording, or a simulation, is over in a fraction of its length, and nothing in it is ever in the future.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kafka.errors import KafkaError

from streams.clock import Clock, system_clock
from streams.errors import Unavailable
from streams.kafka.connection import KafkaConnection
from streams.topology import MAX_RECORD_BYTES

PROGRESS_SECONDS = 0.5
BOOTSTRAP_SECONDS = 5


@dataclass(frozen=True, slots=True)
class TimedRecord:
    """A Kafka record in waiting."""

    topic: str
    key: bytes
    value: bytes | None
    due_ms: int
    """When it is sent, in the records' own time."""
    timestamp_ms: int | None = None
    """Kafka's timestamp; None is the moment of sending."""


class Sink(Protocol):
    """Where records go. `send` may buffer; `flush` returns when all are acknowledged. Both raise Unavailable."""

    def send(self, record: TimedRecord) -> None: ...

    def flush(self) -> None: ...


@dataclass(frozen=True)
class Progress:
    """How far a feed has come: records sent, records in all, and the last one's own time."""

    sent: int
    total: int
    at_ms: int


@dataclass(frozen=True)
class PlaybackResult:
    """What was played."""

    records: int
    wall_seconds: float
    behind_seconds: float
    """How late the last record was sent."""


ProgressCallback = Callable[[Progress], None]
"""Called about twice a second, and at the end."""


class ReplayProducer:
    """An idempotent producer: what it sends is in the log once, in order, though the broker restart meanwhile."""

    def __init__(self, kafka: KafkaConnection, delivery_timeout_seconds: float = 120.0) -> None:
        try:
            self._producer = kafka.producer(
                enable_idempotence=True,
                linger_ms=20,
                max_request_size=MAX_RECORD_BYTES + 1_000_000,
                delivery_timeout_ms=int(delivery_timeout_seconds * 1000),
                bootstrap_timeout_ms=BOOTSTRAP_SECONDS * 1000,
            )
        except KafkaError as error:
            raise kafka.unavailable() from error
        self._kafka = kafka
        self._failure: BaseException | None = None

    def send(self, record: TimedRecord) -> None:
        self._check()
        try:
            future = self._producer.send(
                self._kafka.at_broker(record.topic),
                key=record.key,
                value=record.value,
                timestamp_ms=record.timestamp_ms,
            )
        except KafkaError as error:
            raise Unavailable(f"Kafka at {self._kafka} takes no record for {record.topic}: {error}") from None
        future.add_errback(self._failed)

    def flush(self) -> None:
        try:
            self._producer.flush()
        except KafkaError as error:
            raise Unavailable(f"Kafka at {self._kafka} does not acknowledge: {error}") from None
        self._check()

    def close(self) -> None:
        self._producer.close(timeout=5)

    def _failed(self, error: BaseException) -> None:
        self._failure = self._failure or error

    def _check(self) -> None:
        if self._failure is not None:
            raise Unavailable(f"Kafka at {self._kafka} lost a record: {self._failure}")


def play(
    records: Sequence[TimedRecord],
    sink: Sink,
    *,
    speed: float | None,
    ends_ms: int,
    on_progress: ProgressCallback | None = None,
    clock: Clock = system_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> PlaybackResult:
    """Send records in order, each when its own time comes; without a `speed`, as fast as the sink takes them.

    `ends_ms` is the moment at which the records' time and the wall's meet. Raises Unavailable.
    """
    started_ms, reported_ms, behind_ms = clock(), 0, 0
    for sent, record in enumerate(records):
        if speed is not None:
            due_ms = ends_ms - int((ends_ms - record.due_ms) / speed)
            behind_ms = clock() - due_ms
            if behind_ms < 0:
                sleep(-behind_ms / 1000)
        if on_progress is not None and clock() - reported_ms >= PROGRESS_SECONDS * 1000:
            reported_ms = clock()
            on_progress(Progress(sent, len(records), record.due_ms))
        sink.send(record)
    sink.flush()
    if on_progress is not None and records:
        on_progress(Progress(len(records), len(records), records[-1].due_ms))
    return PlaybackResult(len(records), (clock() - started_ms) / 1000, max(0, behind_ms) / 1000)
