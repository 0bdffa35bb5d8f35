"""Kafka as the console sees it, followed by its own thread: a broker that hangs must not hang the pages.

alerts          followed from its beginning into the alert log
all topics      their bounds, for lag
scored.texts    the newest records of each partition, while a page shows them: how long the scorer took
dead.letters    the newest records, while a page shows them
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from kafka import TopicPartition
from kafka.errors import KafkaError

from dashboards.console.alert_log import AlertLog
from streams.errors import Unavailable
from streams.events.dead_letters import dead_letter
from streams.kafka.bounds import LogBounds, Offsets
from streams.kafka.connection import KafkaConnection
from streams.kafka.reading import newest_records, partitions_of
from streams.topology import ALERTS, DEAD_LETTERS, SCORED

LOG = logging.getLogger(__name__)
POLL_MS = 200
ENDS_EVERY_SECONDS = 1.0
TAILS_EVERY_SECONDS = 3.0
WANTED_SECONDS = 15.0
"""Tails are read for so long after `tails()` was last called."""
RETRY_SECONDS = 2.0
TAIL_SCORED = 100
TAIL_DEAD_LETTERS = 12
"""Records of each partition."""


class _ScoredTimes(msgspec.Struct):
    scored: bool
    scoring_ms: int | None = None
    kind: str = ""


Read = TypeVar("Read")
_times = msgspec.json.Decoder(_ScoredTimes).decode


class ShownDeadLetter(msgspec.Struct, frozen=True):
    """A dead letter as it is shown: where from and why, without its bytes."""

    origin: str
    stage: str
    reason: str
    detail: str
    at_ms: int


@dataclass(frozen=True)
class Tails:
    """The newest records of two topics."""

    scoring_ms: Sequence[int] = ()
    """How long the scorer had each text in hand, sorted; a text of an older worker does not say."""
    texts: int = 0
    unscored: int = 0
    """Of these texts."""
    dead_letters: Sequence[ShownDeadLetter] = ()
    dead_letter_count: int = 0
    """All that the topic holds."""


@dataclass(frozen=True)
class LogState:
    """Kafka at one moment. `trouble` says why it is not up."""

    up: bool = False
    trouble: str = ""
    beginnings: Offsets = field(default_factory=dict)
    ends: Offsets = field(default_factory=dict)


class TopicFollower:
    """`start()`, then look at `state`, `tails()` and `alert_log` from any thread; `stop()`."""

    def __init__(self, kafka: KafkaConnection) -> None:
        self._kafka = kafka
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kafka", daemon=True)
        self._tails: Tails | None = None
        self._wanted_until = 0.0
        self.alert_log = AlertLog()
        self.state = LogState(trouble="Kafka was not asked yet")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return once the thread has closed its connections."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def tails(self) -> Tails | None:
        """The newest tails, None before the first; they are refreshed for a while from now on."""
        self._wanted_until = time.monotonic() + WANTED_SECONDS
        return self._tails

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except (KafkaError, Unavailable, OSError) as error:
                LOG.warning("Kafka at %s: %s", self._kafka, error)
                self.state = LogState(trouble=str(error))
                self._stopping.wait(RETRY_SECONDS)

    def _follow(self) -> None:
        """Follow until stopped. Raises what Kafka fails with."""
        with closing(LogBounds(self._kafka)) as bounds:
            self.state = LogState(True, "", *bounds.read())
            with closing(self._consumer()) as alerts, closing(self._consumer()) as tail:
                periodic = [
                    _Periodic(ENDS_EVERY_SECONDS, lambda: self._read_bounds(bounds)),
                    _Periodic(TAILS_EVERY_SECONDS, lambda: self._read_tails(tail)),
                ]
                while not self._stopping.is_set():
                    self._poll_alerts(alerts)
                    for task in periodic:
                        task.run_if_due()

    def _consumer(self) -> Any:
        return self._kafka.consumer(bootstrap_timeout_ms=2_000, request_timeout_ms=5_000)

    def _poll_alerts(self, consumer: Any) -> None:
        if not consumer.assignment():
            partitions = partitions_of(self._kafka, consumer, ALERTS)
            if not partitions:
                self._stopping.wait(POLL_MS / 1000)
                return
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
        for records in consumer.poll(POLL_MS).values():
            self.alert_log.append([record.value for record in records])

    def _read_bounds(self, bounds: LogBounds) -> None:
        self.state = LogState(True, "", *bounds.read())

    def _read_tails(self, consumer: Any) -> None:
        if time.monotonic() < self._wanted_until:
            records = _readable(newest_records(self._kafka, consumer, SCORED, TAIL_SCORED), _scored)
            scored = [text for text in records if text.kind != "retraction"]
            letters = list(
                _readable(newest_records(self._kafka, consumer, DEAD_LETTERS, TAIL_DEAD_LETTERS), _dead_letter)
            )
            self._tails = Tails(
                scoring_ms=sorted(text.scoring_ms for text in scored if text.scoring_ms is not None),
                texts=len(scored),
                unscored=sum(not text.scored for text in scored),
                dead_letters=sorted(letters, key=lambda letter: -letter.at_ms)[:TAIL_DEAD_LETTERS],
                dead_letter_count=_length(self.state, self._kafka, consumer),
            )


@dataclass
class _Periodic:
    """A call that is due every `every_seconds`."""

    every_seconds: float
    act: Callable[[], None]
    due: float = 0.0

    def run_if_due(self) -> None:
        now = time.monotonic()
        if now >= self.due:
            self.due = now + self.every_seconds
            self.act()


def _readable(records: Iterable[Any], read: Callable[[Any], Read]) -> Iterator[Read]:
    """The readable ones of a topic's records; one that is malformed or has no value is left out."""
    for record in records:
        if record.value is None:
            continue
        try:
            yield read(record)
        except (ValueError, RecursionError):
            continue


def _scored(record: Any) -> _ScoredTimes:
    return _times(record.value)


def _dead_letter(record: Any) -> ShownDeadLetter:
    letter = dead_letter(list(record.headers), None)
    return ShownDeadLetter(str(letter.origin), letter.stage, str(letter.reason), letter.detail, int(record.timestamp))


def _length(state: LogState, kafka: KafkaConnection, consumer: Any) -> int:
    partitions = partitions_of(kafka, consumer, DEAD_LETTERS)
    ends: Mapping[TopicPartition, int] = consumer.end_offsets(partitions)
    beginnings: Mapping[TopicPartition, int] = consumer.beginning_offsets(partitions)
    return sum(ends[one] - beginnings[one] for one in partitions) if state.up else 0
