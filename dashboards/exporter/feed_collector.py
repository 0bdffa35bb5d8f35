"""Feeds as Prometheus's metric families: what their clocks are worth, and that their topics go on.

Sources' names are a feed's own word: so many have series of their own, those that are farthest off or latest first, and
all others together are `other`.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dashboards.readers import Readers
from streams import metrics
from streams.clock import HOUR_MS
from streams.detection.views.reader import SourceTimes
from streams.errors import Unavailable
from streams.ingest.feed_status import FeedStatus
from streams.topology import ENGAGEMENT

MAX_SOURCES = 50
OTHER = "other"


@dataclass(frozen=True)
class FeedReading:
    """Sources by name, and the records counted by topic."""

    times: Sequence[SourceTimes]
    records: Mapping[str, int]
    statuses: Sequence[FeedStatus] = ()
    at_ms: int = 0


def read_feeds(readers: Readers) -> FeedReading:
    """One reading. Raises Unavailable."""
    with readers.at_once():
        records = Counter[str]()
        for (topic, _), offset in readers.offsets().get(ENGAGEMENT, {}).items():
            records[topic] += offset
        times = readers.views.feed_times(readers.present_ms() - HOUR_MS)
        return FeedReading(times, records, readers.feed_statuses(), readers.clock())


class FeedCollector(Collector):
    """Reads at each scrape, one at a time; without Redis it has no sample."""

    def __init__(self, read: Callable[[], FeedReading]) -> None:
        self._read = read
        self._one_at_a_time = threading.Lock()

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """None: the registry would scrape to find out."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            with self._one_at_a_time:
                reading = self._read()
        except Unavailable:
            return
        records = GaugeMetricFamily(metrics.TOPIC_RECORDS, "Records that were counted.", labels=["topic"])
        for topic, number in sorted(reading.records.items()):
            records.add_metric([topic], number)
        yield records
        yield from _times(capped_sources(reading.times, MAX_SOURCES))
        yield from _statuses(reading.statuses, reading.at_ms)


def _times(times: Sequence[SourceTimes]) -> Iterator[GaugeMetricFamily]:
    clock = GaugeMetricFamily(metrics.FEED_CLOCK, "How far a source's clock is behind.", labels=["source"])
    lateness = GaugeMetricFamily(metrics.FEED_LATENESS, "How late nearly all of its texts come.", labels=["source"])
    late = GaugeMetricFamily(metrics.FEED_LATE, "Texts that came later than was waited for.", labels=["source"])
    ahead = GaugeMetricFamily(metrics.FEED_AHEAD, "Texts far ahead of their arrival.", labels=["source"])
    for one in times:
        clock.add_metric([one.source], one.offset_ms / 1000)
        lateness.add_metric([one.source], one.lateness_ms / 1000)
        late.add_metric([one.source], one.late)
        ahead.add_metric([one.source], one.ahead)
    yield from (clock, lateness, late, ahead)


def _statuses(statuses: Sequence[FeedStatus], now_ms: int) -> Iterator[GaugeMetricFamily]:
    """One series a feed, those that stand worst first, the others added up."""
    run = sorted((one for one in statuses if one.state != "stopped"), key=lambda one: (_up(one, now_ms), one.name))
    groups = [(one.name, [one]) for one in run if one.name != OTHER][:MAX_SOURCES]
    named = {name for name, _ in groups}
    if rest := [one for one in run if one.name not in named]:
        groups.append((OTHER, rest))
    for name, documentation, value in _FIGURES:
        family = GaugeMetricFamily(name, documentation, labels=["feed"])
        for feed, of in groups:
            family.add_metric([feed], sum(map(value, of)))
        yield family
    up = GaugeMetricFamily(metrics.FEED_UP, "Whether it is connected, or at its end.", labels=["feed"])
    last = GaugeMetricFamily(metrics.FEED_LAST_MESSAGE, "When its last message came.", labels=["feed"])
    events = GaugeMetricFamily(metrics.FEED_EVENTS, "What became of its events.", labels=["feed", "fate"])
    for feed, of in groups:
        up.add_metric([feed], min(_up(one, now_ms) for one in of))
        if newest_ms := max(one.last_message_ms for one in of):
            last.add_metric([feed], newest_ms / 1000)
        for fate, count in _FATES:
            events.add_metric([feed, fate], sum(map(count, of)))
    yield from (up, last, events)


def _up(one: FeedStatus, now_ms: int) -> int:
    return int(one.state in ("connected", "finished") and not one.is_gone(now_ms))


_FIGURES: Sequence[tuple[str, str, Callable[[FeedStatus], float]]] = (
    (metrics.FEED_MESSAGES, "Messages that came.", lambda one: one.messages),
    (metrics.FEED_UNREAD, "Messages that could not be read.", lambda one: sum(unread.count for unread in one.unread)),
    (metrics.FEED_GAPS, "Times whose messages are missing for good.", lambda one: one.gaps),
    (metrics.FEED_GAP_SECONDS, "Seconds of such times.", lambda one: one.gap_ms / 1000),
    (metrics.FEED_GAP_MESSAGES, "Messages known to be missing.", lambda one: one.gap_messages),
)
_FATES: Sequence[tuple[str, Callable[[FeedStatus], int]]] = (
    ("published", lambda one: one.events),
    ("unmatched", lambda one: one.unmatched),
    ("repeated", lambda one: one.repeated),
    ("refused", lambda one: sum(one.refused.values())),
)


def capped_sources(times: Sequence[SourceTimes], cap: int) -> list[SourceTimes]:
    """The first `cap` of those that are off or late, and the others as one. A source called `other` is one of them."""
    ranked = sorted(times, key=lambda one: (-abs(one.offset_ms), -one.lateness_ms, -one.late, one.source))
    named = [one for one in ranked if one.source != OTHER]
    rest = [*named[cap:], *(one for one in ranked if one.source == OTHER)]
    if not rest:
        return named
    offset_ms = max((one.offset_ms for one in rest), key=abs)
    late = sum(one.late for one in rest)
    ahead = sum(one.ahead for one in rest)
    return [*named[:cap], SourceTimes(OTHER, offset_ms, max(one.lateness_ms for one in rest), late, ahead)]
