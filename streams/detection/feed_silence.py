"""A feed that was regular and is silent: the monitor is blind, which must not look like calm.

Regular means often enough, for long enough, and without such gaps before: the largest gap of a source that sleeps at
night is known by the second night. Time is that of arrival (streams.detection.arrival) in the partition that the feed's
records come from: what a poll brings all at once is no half hour of talk, and where nothing is read nothing is silent.
"""

from collections.abc import Iterator
from typing import Any

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.alerts.wording import in_room
from streams.clock import DAY_MS, MINUTE_MS
from streams.detection.watermark import SourceProgress
from streams.ledger.stored import Stored

MAX_SOURCES = 64
REGULAR_RECORDS = 15
REGULAR_MS = 8 * MINUTE_MS
FORGOTTEN_MS = DAY_MS
"""A source that has been silent for this long is gone: its alert resolves and it is no longer watched."""
_GAPS = 3.0
"""A source is silent after this many times its largest gap."""
_HALF_LIFE_MS = 3 * DAY_MS
"""Of the largest gap that is remembered."""


class FeedActivity(Stored):
    """When records of a feed arrived, and the largest gap between them; in milliseconds."""

    first_ms: int
    last_ms: int
    records: int = 1
    largest_gap_ms: float = 0.0
    partition: str = ""
    """Where the last came from, as `topic:partition`."""
    event_ms: int = 0
    """When the newest of them happened; 0 in states that knew this time alone."""

    def observe(self, arrived_ms: int, partition: str = "", event_ms: int = 0) -> None:
        """Count a record."""
        gap_ms = max(0, arrived_ms - self.last_ms)
        self.largest_gap_ms = max(self.largest_gap_ms * 0.5 ** (gap_ms / _HALF_LIFE_MS), gap_ms)
        self.last_ms = max(self.last_ms, arrived_ms)
        self.records += 1
        self.partition = partition
        self.event_ms = max(self.event_ms, event_ms)

    def now_ms(self, log: SourceProgress, otherwise_ms: int) -> int:
        """How far the feed's partition has come; `otherwise_ms` where none of its records came since that is known."""
        return log.by_source.get(self.partition, otherwise_ms)

    @property
    def is_regular(self) -> bool:
        return self.records >= REGULAR_RECORDS and self.last_ms - self.first_ms >= REGULAR_MS

    def bearable_ms(self, min_silence_ms: int) -> int:
        """How long it may say nothing before it is silent: `min_silence_ms`, and much longer than ever before."""
        return max(min_silence_ms, int(_GAPS * self.largest_gap_ms))

    def is_silent(self, now_ms: int, min_silence_ms: int) -> bool:
        return self.is_regular and now_ms - self.last_ms >= self.bearable_ms(min_silence_ms)

    @property
    def heard_ms(self) -> int:
        """When the newest record happened, in the key's time."""
        return self.event_ms or self.last_ms

    def is_forgotten(self, now_ms: int) -> bool:
        return now_ms - self.last_ms >= FORGOTTEN_MS


def silence_episode(brand_id: str, room_id: str | None, name: str, feed: FeedActivity, now_ms: int) -> Episode:
    """The episode of a feed that is silent at the key's time `now_ms`. It fires at once: to be silent, it had to be so
    for long enough."""
    alert = new_alert(
        "feed_silent",
        brand_id,
        started_at_ms=feed.heard_ms // MINUTE_MS * MINUTE_MS,
        now_ms=now_ms,
        severity="warning",
        room_id=room_id,
        subject=name,
        source=name,
        **_silence_fields(brand_id, room_id, name, feed, now_ms),
    )
    episode = Episode(alert, since_ms=now_ms)
    episode.fire(now_ms)
    return episode


def silence_as_of(episode: Episode, feed: FeedActivity, now_ms: int) -> Alert:
    """The alert of a silence as screens show it now: it lasts longer by the minute."""
    alert = episode.alert
    fields = _silence_fields(alert.brand_id, alert.room_id, alert.source or "", feed, now_ms // MINUTE_MS * MINUTE_MS)
    return episode.as_of(None, Hysteresis(0, 0), **fields)


def _silence_fields(brand_id: str, room_id: str | None, name: str, feed: FeedActivity, now_ms: int) -> dict[str, Any]:
    quiet_minutes = (now_ms - feed.heard_ms) / MINUTE_MS
    active_minutes = (feed.last_ms - feed.first_ms) / MINUTE_MS
    where = f"{name} in {in_room(room_id)}" if room_id else f"{name} for {brand_id}"
    return {
        "summary": f"{where}: silent for {quiet_minutes:.0f} minutes",
        "explanation": f"Nothing from {where} for {quiet_minutes:.0f} minutes, after {feed.records} records in"
        f" {active_minutes:.0f} minutes with a largest gap of {feed.largest_gap_ms / MINUTE_MS:.1f} minutes."
        " What is said there is not seen.",
        "observed": {"quiet_minutes": round(quiet_minutes, 1)},
        "baseline": {
            "largest_gap_minutes": round(feed.largest_gap_ms / MINUTE_MS, 2), "records": float(feed.records),
        },
    }  # fmt: skip


class FeedMonitor(Stored):
    """The sources of a brand, and the episodes of those that are silent now, both by the source's name."""

    sources: dict[str, FeedActivity] = {}
    silences: dict[str, Episode] = {}

    def observe(self, name: str, event_ms: int, arrived_ms: int, partition: str, now_ms: int) -> Iterator[Alert]:
        """Count a record of a source, and end the source's silence at the brand's time `now_ms`."""
        if name in self.sources:
            self.sources[name].observe(arrived_ms, partition, event_ms)
        elif len(self.sources) < MAX_SOURCES:
            self.sources[name] = FeedActivity(arrived_ms, arrived_ms, partition=partition, event_ms=event_ms)
        yield from self._end_silence(name, now_ms)

    def check(
        self, brand_id: str, log: SourceProgress, now_ms: int, min_silence_ms: int, *, behind_ms: int
    ) -> Iterator[Alert]:
        """Follow the log at the brand's time `now_ms`, `behind_ms` before where it is: alert for feeds that are silent,
        drop feeds without a record for a day."""
        for name, feed in list(self.sources.items()):
            arrived_ms = feed.now_ms(log, now_ms + behind_ms) - behind_ms
            if feed.is_forgotten(arrived_ms):
                del self.sources[name]
                yield from self._end_silence(name, now_ms)
            elif name not in self.silences and feed.is_silent(arrived_ms, min_silence_ms):
                self.silences[name] = silence_episode(brand_id, None, name, feed, now_ms)
                yield self.silences[name].alert

    def running(self, now_ms: int) -> Iterator[Alert]:
        """The silences as they are now."""
        for name, episode in self.silences.items():
            yield silence_as_of(episode, self.sources[name], now_ms)

    def forget(self, now_ms: int) -> Iterator[Alert]:
        """Learn anew which sources are regular: their records may come by another partition from now on."""
        self.sources = {}
        for name in list(self.silences):
            yield from self._end_silence(name, now_ms)

    def _end_silence(self, name: str, now_ms: int) -> Iterator[Alert]:
        if name in self.silences:
            episode = self.silences.pop(name)
            episode.resolve(now_ms)
            yield episode.alert
