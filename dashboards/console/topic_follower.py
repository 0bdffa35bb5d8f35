"""Kafka as the console sees it, followed by a thread of its own: a broker that hangs must not hang the pages.

alerts          followed from its beginning into the archive
all topics      their bounds, for lag
scored.texts    the newest records of each partition, while somebody looks: how long scoring took
dead.letters    the newest records, while somebody looks
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from dashboards.console.alert_log import AlertArchive
from dashboards.lag import LogEnds, Offsets
from streams.errors import Unavailable
from streams.events.dead_letters import dead_letter
from streams.topology import ALERTS, DEAD_LETTERS, SCORED

LOG = logging.getLogger(__name__)
POLL_MS = 200
ENDS_EVERY_SECONDS = 1.0
TAILS_EVERY_SECONDS = 3.0
WANTED_SECONDS = 15.0
"""Tails are read for so long after somebody last looked at them."""
RETRY_SECONDS = 2.0
TAIL_SCORED = 100
TAIL_LETTERS = 12
"""Records of each partition."""


class _ScoredTimes(msgspec.Struct):
    log_time: int
    scored: bool


Read = TypeVar("Read")
_times = msgspec.json.Decoder(_ScoredTimes).decode


class Letter(msgspec.Struct, frozen=True):
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
    """From a text's record to its scored record, by Kafka's clock, sorted."""
    unscored: int = 0
    """Of the texts that were looked at."""
    letters: Sequence[Letter] = ()
    letter_count: int = 0
    """All that the topic holds."""


@dataclass(frozen=True)
class LogState:
    """Kafka at one moment. `trouble` says why it is not up."""

    up: bool = False
    trouble: str = ""
    beginnings: Offsets = field(default_factory=dict)
    ends: Offsets = field(default_factory=dict)


class KafkaWatch:
    """`start()`, then look at `state`, `tails()` and `archive` from any thread; `stop()`."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kafka", daemon=True)
        self._tails: Tails | None = None
        self._wanted_until = 0.0
        self.archive = AlertArchive()
        self.state = LogState(trouble="Kafka was not asked yet")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return once the thread has let go of Kafka."""
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
                LOG.warning("Kafka at %s: %s", self._bootstrap, error)
                self.state = LogState(trouble=str(error))
                self._stopping.wait(RETRY_SECONDS)

    def _follow(self) -> None:
        """Until told to stop, or until Kafka fails."""
        with closing(LogEnds(self._bootstrap)) as bounds:
            self.state = LogState(True, "", *bounds.read())
            with closing(_consumer(self._bootstrap)) as alerts, closing(_consumer(self._bootstrap)) as tail:
                turns = [
                    _Turn(ENDS_EVERY_SECONDS, lambda: self._look_at_bounds(bounds)),
                    _Turn(TAILS_EVERY_SECONDS, lambda: self._look_at_tails(tail)),
                ]
                while not self._stopping.is_set():
                    self._take_alerts(alerts)
                    for turn in turns:
                        turn.take()

    def _take_alerts(self, consumer: KafkaConsumer) -> None:
        if not consumer.assignment():
            partitions = _partitions(consumer, ALERTS)
            if not partitions:
                self._stopping.wait(POLL_MS / 1000)
                return
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
        for records in consumer.poll(POLL_MS).values():
            self.archive.take([record.value for record in records])

    def _look_at_bounds(self, bounds: LogEnds) -> None:
        self.state = LogState(True, "", *bounds.read())

    def _look_at_tails(self, consumer: KafkaConsumer) -> None:
        if time.monotonic() < self._wanted_until:
            scored = list(_readable(_tail(consumer, SCORED, TAIL_SCORED), _scored))
            letters = list(_readable(_tail(consumer, DEAD_LETTERS, TAIL_LETTERS), _letter))
            self._tails = Tails(
                scoring_ms=sorted(took_ms for took_ms, _ in scored),
                unscored=sum(not was_scored for _, was_scored in scored),
                letters=sorted(letters, key=lambda letter: -letter.at_ms)[:TAIL_LETTERS],
                letter_count=_length(self.state, consumer),
            )


@dataclass
class _Turn:
    """Something that is done every so often."""

    every_seconds: float
    act: Callable[[], None]
    due: float = 0.0

    def take(self) -> None:
        now = time.monotonic()
        if now >= self.due:
            self.due = now + self.every_seconds
            self.act()


def _consumer(bootstrap: str) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False, bootstrap_timeout_ms=2_000,
        request_timeout_ms=5_000,
    )  # fmt: skip


def _partitions(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]


def _tail(consumer: KafkaConsumer, topic: str, count: int) -> Iterator[Any]:
    """The last `count` records of each partition that have a value."""
    partitions = _partitions(consumer, topic)
    if not partitions:
        return
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    beginnings = consumer.beginning_offsets(partitions)
    for partition in partitions:
        consumer.seek(partition, max(beginnings[partition], ends[partition] - count))
    deadline = time.monotonic() + 2.0
    while any(consumer.position(one) < ends[one] for one in partitions) and time.monotonic() < deadline:
        for records in consumer.poll(POLL_MS).values():
            yield from (record for record in records if record.value is not None)


def _readable(records: Iterable[Any], read: Callable[[Any], Read]) -> Iterator[Read]:
    """What can be read of records that anybody may have written to a topic."""
    for record in records:
        try:
            yield read(record)
        except (ValueError, RecursionError):
            continue


def _scored(record: Any) -> tuple[int, bool]:
    """How long a text's scoring took, in milliseconds, and whether it got a score."""
    text = _times(record.value)
    return max(0, int(record.timestamp) - text.log_time), text.scored


def _letter(record: Any) -> Letter:
    letter = dead_letter(list(record.headers), None)
    return Letter(str(letter.origin), letter.stage, str(letter.reason), letter.detail, int(record.timestamp))


def _length(state: LogState, consumer: KafkaConsumer) -> int:
    partitions = _partitions(consumer, DEAD_LETTERS)
    ends: Mapping[TopicPartition, int] = consumer.end_offsets(partitions)
    beginnings: Mapping[TopicPartition, int] = consumer.beginning_offsets(partitions)
    return sum(ends[one] - beginnings[one] for one in partitions) if state.up else 0
