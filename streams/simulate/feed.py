"""Plays records into Kafka at a pace: simulated time runs `speed` times as fast and ends when wall time does.

    simulated   10:00 ........................ 10:40
    wall                     10:38:45 ........ 10:40       speed 32

Each record carries its simulated arrival as its Kafka timestamp, so no event is newer than its record, nothing lies in
the future, and whoever keeps time by the log sees the same gaps as the room did.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError

from streams.clock import MINUTE_MS, Clock, system_clock
from streams.errors import Unavailable, UsageError
from streams.simulate.generate import Record, Traffic, generate
from streams.simulate.scenario import Scenario
from streams.topics import MAX_RECORD_BYTES

PROGRESS_SECONDS = 0.5


class Sink(Protocol):
    """Where records go. `send` may buffer; `flush` returns when all are acknowledged. Both raise Unavailable."""

    def send(self, record: Record) -> None: ...

    def flush(self) -> None: ...


@dataclass(frozen=True)
class Progress:
    """How far a feed has come."""

    sent: int
    total: int
    simulated_ms: int


@dataclass(frozen=True)
class Played:
    """What a feed did."""

    records: int
    wall_seconds: float
    behind_seconds: float
    """How late the last record was; a feed that falls behind says so."""


Watcher = Callable[[Progress], None]


class KafkaSink:
    """An idempotent producer: what it sends is in the log once, in order, though the broker restart meanwhile."""

    def __init__(self, bootstrap: str, delivery_timeout_seconds: float = 120.0) -> None:
        try:
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap.split(","), enable_idempotence=True, acks="all", linger_ms=20,
                max_request_size=MAX_RECORD_BYTES + 1_000_000, delivery_timeout_ms=int(delivery_timeout_seconds * 1000),
            )  # fmt: skip
        except KafkaError as error:
            raise Unavailable(f"Kafka at {bootstrap} does not answer: {error}") from None
        self._bootstrap = bootstrap
        self._failure: BaseException | None = None

    def send(self, record: Record) -> None:
        self._check()
        try:
            future = self._producer.send(
                record.topic, key=record.key, value=record.value, timestamp_ms=record.arrives_ms
            )
        except KafkaError as error:
            raise Unavailable(f"Kafka at {self._bootstrap} takes no record for {record.topic}: {error}") from None
        future.add_errback(self._failed)

    def flush(self) -> None:
        try:
            self._producer.flush()
        except KafkaError as error:
            raise Unavailable(f"Kafka at {self._bootstrap} does not acknowledge: {error}") from None
        self._check()

    def close(self) -> None:
        self._producer.close(timeout=5)

    def _failed(self, error: BaseException) -> None:
        self._failure = self._failure or error

    def _check(self) -> None:
        if self._failure is not None:
            raise Unavailable(f"Kafka at {self._bootstrap} lost a record: {self._failure}")


def play(
    records: Sequence[Record],
    sink: Sink,
    *,
    speed: float | None,
    ends_ms: int,
    watch: Watcher | None = None,
    clock: Clock = system_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> Played:
    """Send records in order, each when simulated time reaches it; without a `speed`, as fast as the sink takes them.

    `ends_ms` is the moment, simulated and wall, at which both clocks meet.
    """
    started_ms, told_ms, behind_ms = clock(), 0, 0
    for sent, record in enumerate(records):
        if speed is not None:
            due_ms = ends_ms - int((ends_ms - record.arrives_ms) / speed)
            behind_ms = clock() - due_ms
            if behind_ms < 0:
                sleep(-behind_ms / 1000)
        if watch is not None and clock() - told_ms >= PROGRESS_SECONDS * 1000:
            told_ms = clock()
            watch(Progress(sent, len(records), record.arrives_ms))
        sink.send(record)
    sink.flush()
    if watch is not None and records:
        watch(Progress(len(records), len(records), records[-1].arrives_ms))
    return Played(len(records), (clock() - started_ms) / 1000, max(0, behind_ms) / 1000)


def simulate(
    scenario: Scenario,
    sink: Sink,
    *,
    wall_seconds: float | None,
    truth_path: Path | None = None,
    watch: Watcher | None = None,
    clock: Clock = system_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Traffic, Played]:
    """Generate a scenario that ends `wall_seconds` from now, write its truth, and play it.

    Without `wall_seconds` it ends now and is sent as fast as the sink takes it. Raises UsageError for a wall time that
    is longer than the scenario, since its events would lie in the future.
    """
    if wall_seconds is not None and not 0 < wall_seconds <= scenario.minutes * 60:
        raise UsageError(f"{scenario.name} lasts {scenario.minutes} minutes: play it in that time or less")
    ends_ms = clock() + int((wall_seconds or 0) * 1000)
    traffic = generate(scenario, ends_ms)
    if truth_path is not None:
        traffic.truth.save(truth_path)
    speed = None if wall_seconds is None else scenario.minutes * MINUTE_MS / (wall_seconds * 1000)
    return traffic, play(
        traffic.records, sink, speed=speed, ends_ms=ends_ms, watch=watch, clock=clock, sleep=sleep
    )  # fmt: skip
