"""What a feed's event times are worth: how far its clock is off, and how late its records come.

Both are learnt from each record, by feed. A clock is off where the records' event times differ from their arrivals by
what no delay explains:

    arrival less event time   -4:30  -4:29  -4:31 …     ahead: nothing arrives before it happens
                              61:00  61:01  61:00 …     behind: always the same, for ten minutes and longer
                               0:10  29:40  15:05 …     neither: a feed that is polled every half hour

A clock that is off is corrected by the third smallest of the differences, so that a stray record or two move nothing.
Hours ahead are a clock only where many records say so, and all the same: else they are strays, and each happened when
it arrived.
How late a feed is, is a high quantile of how far its records lie behind the key's time; it is forgotten slowly.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode, new_alert
from streams.clock import DAY_MS, HOUR_MS, MINUTE_MS
from streams.detection.config import DetectionConfig
from streams.detection.watermark import SourceProgress
from streams.events.codec import FAR_AHEAD_MS
from streams.ledger.stored import Stored

MAX_SOURCES = 64
FORGOTTEN_MS = 2 * DAY_MS

MIN_RECORDS = 20
"""Fewer say nothing about a clock."""
STRETCH_MS = 10 * MINUTE_MS
"""A clock is measured over stretches of this length or longer."""
CLOCK_AHEAD_MS = 30_000
"""A clock that is ahead by less is taken to be right."""
FAR_SPREAD_MS = HOUR_MS
"""Records of one clock that is far ahead differ by their delays, no more."""
OTHER_CLOCK_MS = HOUR_MS
"""A record that would be corrected to so long before its arrival, and is not ahead as it came, is of another clock."""
POLL_MS = MINUTE_MS
"""A poll's records arrive within this."""
BEHIND_MS, STEADY_MS = 10 * MINUTE_MS, MINUTE_MS
"""Behind by this much or more, and by the same within this."""
MAX_BEHIND_MS = 26 * HOUR_MS
"""The farthest time zone. What lies further back is a replay."""
_STRAYS = 2
"""Records of a stretch that may be wrong in either direction."""
_STRAY_SHARE = 6
"""One record in so many may be a stray that is far ahead."""
_GAP_PACES = 3
"""Records of one clock do not lie further apart than so many of their mean distances."""

BOUNDS_MINUTES = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120)
QUANTILE = 0.98
_KEPT_RECORDS = 500
_HALF_LIFE_MS = 12 * HOUR_MS


class Stretch(Stored):
    """The extreme differences of a stretch of arrivals, each list from the extreme one on."""

    since_ms: int
    until_ms: int
    records: int = 0
    least_ms: list[int] = []
    most_ms: list[int] = []
    far: int = 0
    """Records that are far ahead; their differences are in the lists below, not in those above."""
    far_least_ms: list[int] = []
    far_most_ms: list[int] = []

    def add(self, difference_ms: int, arrived_ms: int) -> None:
        self.records += 1
        self.until_ms = max(self.until_ms, arrived_ms)
        if difference_ms < -FAR_AHEAD_MS:
            self.far += 1
            self.far_least_ms = _with_least(self.far_least_ms, difference_ms)
            self.far_most_ms = _with_most(self.far_most_ms, difference_ms)
        else:
            self.least_ms = _with_least(self.least_ms, difference_ms)
            self.most_ms = _with_most(self.most_ms, difference_ms)

    @property
    def complete(self) -> bool:
        return self.records >= MIN_RECORDS and self.until_ms - self.since_ms >= STRETCH_MS

    @property
    def offset_ms(self) -> int:
        """How far the feed's clock is behind, negative where it is ahead; 0 where it is right or nothing is known."""
        if self.records < MIN_RECORDS:
            return 0
        if self.is_far:
            constant = self.far_most_ms[-1] - self.far_least_ms[-1] <= FAR_SPREAD_MS
            return self.told_ms if constant else 0
        least_ms, most_ms = self.least_ms[-1], self.most_ms[-1]
        if least_ms < -CLOCK_AHEAD_MS:
            return self.told_ms
        steady = self.complete and most_ms - least_ms <= STEADY_MS
        return least_ms if steady and BEHIND_MS <= least_ms <= MAX_BEHIND_MS else 0

    @property
    def is_far(self) -> bool:
        """Whether as many records are far ahead as no strays are: of a feed that is polled, many are not."""
        return _STRAY_SHARE * self.far > self.records

    @property
    def told_ms(self) -> int:
        """The difference that tells of the clock: the third, and as much more as it must lie behind the first where a
        poll brings texts that are some minutes apart."""
        least_ms = self.far_least_ms if self.is_far else self.least_ms
        if self._goes_on_far:
            least_ms = sorted([*self.far_least_ms, *least_ms])[: _STRAYS + 1]
        if least_ms[-1] >= -CLOCK_AHEAD_MS:
            return least_ms[-1]
        between_ms = (least_ms[-1] - least_ms[0]) / _STRAYS
        return least_ms[-1] - int((_STRAYS + 1) * min(between_ms, self._pace_ms))

    @property
    def _pace_ms(self) -> float:
        """How far apart its records lie in the mean."""
        if self.is_far:
            return (self.far_most_ms[0] - self.far_least_ms[0]) / self.far
        return (self.most_ms[0] - self.least_ms[0]) / max(1, self.records - self.far)

    @property
    def _goes_on_far(self) -> bool:
        """Whether the few that are far ahead are of the same clock as those that are nearly so: there is no gap between
        them, as in a poll of an hour by a clock that is ten minutes ahead."""
        if not self.far or self.is_far or self.least_ms[-1] >= -CLOCK_AHEAD_MS:
            return False
        gap_ms, spread_ms = self.least_ms[0] - self.far_most_ms[0], self.least_ms[0] - self.far_least_ms[0]
        return gap_ms <= max(STEADY_MS, _GAP_PACES * self._pace_ms) and spread_ms <= FAR_SPREAD_MS


def _with_least(extremes_ms: list[int], difference_ms: int) -> list[int]:
    if len(extremes_ms) > _STRAYS and difference_ms >= extremes_ms[-1]:
        return extremes_ms
    return sorted([*extremes_ms, difference_ms])[: _STRAYS + 1]


def _with_most(extremes_ms: list[int], difference_ms: int) -> list[int]:
    if len(extremes_ms) > _STRAYS and difference_ms <= extremes_ms[-1]:
        return extremes_ms
    return sorted([*extremes_ms, difference_ms], reverse=True)[: _STRAYS + 1]


class FeedClock(Stored):
    """A feed's clock, measured against arrivals."""

    running: Stretch | None = None
    before: Stretch | None = None
    """The last complete stretch."""

    def measure(self, event_ms: int, arrived_ms: int) -> None:
        """Take in a record."""
        if self.running is not None and self.running.complete:
            self.before, self.running = self.running, None
        if self.running is None:
            self.running = Stretch(arrived_ms, arrived_ms)
        self.running.add(arrived_ms - event_ms, arrived_ms)

    @property
    def at_once_since_ms(self) -> int | None:
        """Since when it is measured, where all that measures it came at one moment."""
        running = self.running
        return running.since_ms if running is not None and running.until_ms - running.since_ms < POLL_MS else None

    @property
    def offset_ms(self) -> int:
        """How far the clock is behind, negative where it is ahead; 0 where it is right or nothing is known."""
        running, before = self.running, self.before
        if before is None or (running is not None and running.complete):
            return running.offset_ms if running is not None else 0
        if running is not None and running.records >= MIN_RECORDS and not _agree(running, before):
            return running.offset_ms  # it was set
        return before.offset_ms


def _agree(running: Stretch, before: Stretch) -> bool:
    """Whether the running stretch may be of the same clock as the one before. What comes at one moment may be the older
    part of a poll: that it is less ahead says nothing."""
    later_ms = running.told_ms - before.told_ms
    at_once = running.until_ms - running.since_ms < POLL_MS
    return abs(later_ms) <= STEADY_MS or (at_once and later_ms > 0)


class Lateness(Stored):
    """How far records lie behind their key's time: a histogram that forgets."""

    counts: list[float] = msgspec.field(default_factory=lambda: [0.0] * (len(BOUNDS_MINUTES) + 1))
    at_ms: int = 0
    """When the counts were last halved."""

    def learn(self, late_ms: int, now_ms: int) -> None:
        """Take in a record that is `late_ms` behind at the key's time `now_ms`."""
        if not self.at_ms:
            self.at_ms = now_ms
        if now_ms - self.at_ms >= _HALF_LIFE_MS or sum(self.counts) >= _KEPT_RECORDS:
            self.counts, self.at_ms = [count / 2 for count in self.counts], now_ms
        self.counts[_bucket(late_ms)] += 1

    @property
    def needed_ms(self) -> int:
        """How long to wait for nearly all of its records."""
        enough, seen = QUANTILE * sum(self.counts), 0.0
        for count, bound in zip(self.counts, BOUNDS_MINUTES, strict=False):
            seen += count
            if seen >= enough:
                return bound * MINUTE_MS if bound > BOUNDS_MINUTES[0] else 0
        return BOUNDS_MINUTES[-1] * MINUTE_MS


def _bucket(late_ms: int) -> int:
    return sum(late_ms > bound * MINUTE_MS for bound in BOUNDS_MINUTES)


class FeedTime(Stored):
    """All that is known of one feed's times."""

    last_ms: int
    """Its last record's arrival."""
    clock: FeedClock = msgspec.field(default_factory=FeedClock)
    lateness: Lateness = msgspec.field(default_factory=Lateness)
    late_records: int = 0
    """Later than was waited for."""
    offset_ms: int = 0
    """By which event times are corrected; positive where the clock is behind."""
    needed_ms: int = 0
    """How long to wait for nearly all of its records."""
    ahead_records: int = 0
    """Far ahead of their arrival."""

    def correct(self, event_ms: int, arrived_ms: int, *, in_doubt: bool = False, stamp_ms: int = 0) -> int:
        """Measure a record, and return when it happened. Where its arrival is in doubt it is not measured, and happened
        no later than its stamp, if it has one."""
        if in_doubt:
            return self.happened_ms(event_ms, stamp_ms if stamp_ms > 0 else event_ms)
        self.last_ms = max(self.last_ms, arrived_ms)
        self.ahead_records += event_ms > arrived_ms + FAR_AHEAD_MS
        self.clock.measure(event_ms, arrived_ms)
        if abs(self.clock.offset_ms - self.offset_ms) > STEADY_MS:
            self.offset_ms, self.lateness = self.clock.offset_ms, Lateness()
        return self.happened_ms(event_ms, arrived_ms)

    def happened_ms(self, event_ms: int, arrived_ms: int) -> int:
        """By the corrected clock, and no later than it arrived. A record of another clock is taken at its word."""
        corrected_ms = event_ms + self.offset_ms
        is_of_another = self.offset_ms < 0 and event_ms <= arrived_ms and arrived_ms - corrected_ms > OTHER_CLOCK_MS
        return min(event_ms if is_of_another else corrected_ms, arrived_ms)


class FeedTimes(Stored):
    """The times of all feeds of a key, by the source's name."""

    feeds: dict[str, FeedTime] = {}
    wait_ms: int = 0
    """How late the latest of them is."""
    episodes: dict[str, Episode] = {}
    """Of those whose clock is off."""

    def correct(self, source: str, event_ms: int, arrived_ms: int, *, in_doubt: bool, stamp_ms: int) -> int:
        """Measure a record of a source; returns when it happened (`FeedTime.correct`)."""
        feed = self.feeds.get(source)
        if feed is None:
            if len(self.feeds) >= MAX_SOURCES:
                return FeedTime(arrived_ms).correct(event_ms, arrived_ms, in_doubt=in_doubt, stamp_ms=stamp_ms)
            feed = self.feeds[source] = FeedTime(arrived_ms)
        return feed.correct(event_ms, arrived_ms, in_doubt=in_doubt, stamp_ms=stamp_ms)

    def happened_ms(self, source: str, event_ms: int, arrived_ms: int) -> int:
        """When a record of a source happened (`FeedTime.happened_ms`), without measuring it."""
        feed = self.feeds.get(source)
        return min(event_ms, arrived_ms) if feed is None else feed.happened_ms(event_ms, arrived_ms)

    def offset_ms(self, source: str) -> int:
        """By how much a source's event times are corrected."""
        return self.feeds[source].offset_ms if source in self.feeds else 0

    def is_late(self, source: str, late_ms: int, now_ms: int, config: DetectionConfig) -> bool:
        """Whether a record that is `late_ms` behind at the key's time `now_ms` is later than was waited for; the next
        ones as late are waited for."""
        late = late_ms > self.waited_ms(config)
        feed = self.feeds.get(source)
        if feed is not None:
            feed.lateness.learn(max(0, late_ms), now_ms)
            feed.late_records += late
            self._need(feed, feed.lateness.needed_ms)
        return late

    def _need(self, feed: FeedTime, needed_ms: int) -> None:
        if needed_ms != feed.needed_ms:
            feed.needed_ms = needed_ms
            self.wait_ms = max(one.needed_ms for one in self.feeds.values())

    def waited_ms(self, config: DetectionConfig) -> int:
        """How long the key waits for records that are late."""
        return max(config.lateness_ms, min(self.wait_ms, config.max_lateness_ms))

    def clock_alerts(self, brand_id: str, source: str, now_ms: int) -> Iterator[Alert]:
        """Tell of a source whose clock turned out to be off, and of one that is right again."""
        offset_ms, episode = self.offset_ms(source), self.episodes.get(source)
        if episode is None and offset_ms:
            episode = self.episodes[source] = _clock_episode(brand_id, source, offset_ms, now_ms)
            yield episode.alert
        elif episode is not None and not offset_ms:
            yield from self._resolve(source, now_ms)
        elif episode is not None and _minutes(offset_ms) != episode.alert.observed["offset_minutes"]:
            episode.revise(now_ms, **_clock_fields(brand_id, source, offset_ms))
            yield episode.alert

    def forget_gone(self, log: SourceProgress) -> Iterator[Alert]:
        """Drop feeds that have said nothing for two days of the log."""
        now_ms = log.low_ms
        for source in [source for source, feed in self.feeds.items() if now_ms - feed.last_ms >= FORGOTTEN_MS]:
            del self.feeds[source]
            if source in self.episodes:
                yield from self._resolve(source, now_ms)
            self.wait_ms = max((one.needed_ms for one in self.feeds.values()), default=0)

    def _resolve(self, source: str, now_ms: int) -> Iterator[Alert]:
        episode = self.episodes.pop(source)
        episode.resolve(now_ms)
        yield episode.alert


def _minutes(offset_ms: int) -> float:
    return round(offset_ms / MINUTE_MS, 1)


def _clock_fields(brand_id: str, source: str, offset_ms: int) -> dict[str, Any]:
    off = f"{abs(offset_ms) / MINUTE_MS:.1f} minutes {'behind' if offset_ms > 0 else 'ahead'}"
    return {
        "summary": f"{source} for {brand_id}: the feed's clock is {off}",
        "explanation": f"Event times of {source} for {brand_id} are {off} of their arrival, and steadily so. Detection"
        " corrects them by as much; counters and screens of engagement have them as they came, or, where they are more"
        " than five minutes ahead, at their arrival.",
        "observed": {"offset_minutes": _minutes(offset_ms)},
    }


def _clock_episode(brand_id: str, source: str, offset_ms: int, now_ms: int) -> Episode:
    """It fires at once: a clock was measured for long enough."""
    alert = new_alert(
        "feed_time",
        brand_id,
        started_at_ms=now_ms // MINUTE_MS * MINUTE_MS,
        now_ms=now_ms,
        severity="warning",
        subject=source,
        source=source,
        baseline={"offset_minutes": 0.0},
        **_clock_fields(brand_id, source, offset_ms),
    )
    episode = Episode(alert, since_ms=now_ms)
    episode.fire(now_ms)
    return episode
