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
from streams.detection.views.reader import FeedTimes
from streams.errors import Unavailable
from streams.topology import ENGAGEMENT

MAX_SOURCES = 50
OTHER = "other"


@dataclass(frozen=True)
class FeedReading:
    """Sources by name, and the records counted by topic."""

    times: Sequence[FeedTimes]
    records: Mapping[str, int]


def read_feeds(readers: Readers) -> FeedReading:
    """One reading. Raises Unavailable."""
    with readers.at_once():
        records = Counter[str]()
        for (topic, _), offset in readers.offsets().get(ENGAGEMENT, {}).items():
            records[topic] += offset
        return FeedReading(readers.views.feed_times(readers.present_ms() - HOUR_MS), records)


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


def _times(times: Sequence[FeedTimes]) -> Iterator[GaugeMetricFamily]:
    clock = GaugeMetricFamily(metrics.FEED_CLOCK, "How far a source's clock is behind.", labels=["source"])
    lateness = GaugeMetricFamily(metrics.FEED_LATENESS, "How late nearly all of its texts come.", labels=["source"])
    late = GaugeMetricFamily(metrics.FEED_LATE, "Texts that came later than was waited for.", labels=["source"])
    for one in times:
        clock.add_metric([one.source], one.offset_ms / 1000)
        lateness.add_metric([one.source], one.lateness_ms / 1000)
        late.add_metric([one.source], one.late)
    yield from (clock, lateness, late)


def capped_sources(times: Sequence[FeedTimes], cap: int) -> list[FeedTimes]:
    """The first `cap` of those that are off or late, and the others as one. A source called `other` is one of them."""
    ranked = sorted(times, key=lambda one: (-abs(one.offset_ms), -one.lateness_ms, -one.late, one.source))
    named = [one for one in ranked if one.source != OTHER]
    rest = [*named[cap:], *(one for one in ranked if one.source == OTHER)]
    if not rest:
        return named
    offset_ms = max((one.offset_ms for one in rest), key=abs)
    late = sum(one.late for one in rest)
    return [*named[:cap], FeedTimes(OTHER, offset_ms, max(one.lateness_ms for one in rest), late)]
