"""A feed that was regular and is silent: the monitor is blind, which must not look like calm.

Regular means often enough, for long enough, and without such gaps before: the largest gap of a source that sleeps at
night is known by the second night. Time is the key's (streams.detection.watermark), which goes on with the log.
"""

from collections.abc import Iterator
from typing import Any

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.clock import DAY_MS, MINUTE_MS
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
    """When records of a feed happened, and its largest gap. Times are milliseconds of event time."""

    first_ms: int
    last_ms: int
    records: int = 1
    largest_gap_ms: float = 0.0

    def observe(self, event_ms: int) -> None:
        """Count a record."""
        gap_ms = max(0, event_ms - self.last_ms)
        self.largest_gap_ms = max(self.largest_gap_ms * 0.5 ** (gap_ms / _HALF_LIFE_MS), gap_ms)
        self.last_ms = max(self.last_ms, event_ms)
        self.records += 1

    @property
    def is_regular(self) -> bool:
        return self.records >= REGULAR_RECORDS and self.last_ms - self.first_ms >= REGULAR_MS

    def deadline_ms(self, min_silence_ms: int) -> int:
        """When the feed becomes silent (a regular one) or forgotten (any other) if no record comes. Silence lasts
        `min_silence_ms` at least, and much longer than any gap before."""
        if not self.is_regular:
            return self.last_ms + FORGOTTEN_MS
        return self.last_ms + max(min_silence_ms, int(_GAPS * self.largest_gap_ms))

    def is_silent(self, now_ms: int, min_silence_ms: int) -> bool:
        return self.is_regular and now_ms >= self.deadline_ms(min_silence_ms)

    def is_forgotten(self, now_ms: int) -> bool:
        return now_ms - self.last_ms >= FORGOTTEN_MS


def silence_episode(brand_id: str, room_id: str | None, name: str, feed: FeedActivity, now_ms: int) -> Episode:
    """The episode of a feed that is silent. It fires at once: to be silent, it had to be so for long enough."""
    alert = new_alert(
        "feed_silent",
        brand_id,
        started_at_ms=feed.last_ms // MINUTE_MS * MINUTE_MS,
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


def _silence_fields(
    brand_id: str, room_id: str | None, name: str, feed: FeedActivity, now_ms: int
) -> dict[str, Any]:  # fmt: skip
    quiet_minutes = (now_ms - feed.last_ms) / MINUTE_MS
    active_minutes = (feed.last_ms - feed.first_ms) / MINUTE_MS
    where = f"{name} in room {room_id}" if room_id else f"{name} for {brand_id}"
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

    def observe(self, name: str, event_ms: int, now_ms: int) -> Iterator[Alert]:
        """Count a record of a source, and end the source's silence."""
        if name in self.sources:
            self.sources[name].observe(event_ms)
        elif len(self.sources) < MAX_SOURCES:
            self.sources[name] = FeedActivity(event_ms, event_ms)
        yield from self._end_silence(name, now_ms)

    def check(self, brand_id: str, now_ms: int, min_silence_ms: int) -> Iterator[Alert]:
        """Advance to `now_ms`: alert for feeds that are silent, drop feeds without a record for a day."""
        for name, feed in list(self.sources.items()):
            if feed.is_forgotten(now_ms):
                del self.sources[name]
                yield from self._end_silence(name, now_ms)
            elif name not in self.silences and feed.is_silent(now_ms, min_silence_ms):
                self.silences[name] = silence_episode(brand_id, None, name, feed, now_ms)
                yield self.silences[name].alert

    def running(self, now_ms: int) -> Iterator[Alert]:
        """The silences as they are now."""
        for name, episode in self.silences.items():
            yield silence_as_of(episode, self.sources[name], now_ms)

    def deadline_ms(self, min_silence_ms: int) -> int | None:
        """When the first of them becomes silent or forgotten if no record comes; None where there is none."""
        return min((feed.deadline_ms(min_silence_ms) for feed in self.sources.values()), default=None)

    def _end_silence(self, name: str, now_ms: int) -> Iterator[Alert]:
        if name in self.silences:
            episode = self.silences.pop(name)
            episode.resolve(now_ms)
            yield episode.alert
