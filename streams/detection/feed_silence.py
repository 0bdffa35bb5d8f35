"""A feed that spoke regularly and says nothing: the monitor is blind, which must not look like calm.

Regular means often enough, for long enough, and without such gaps before: a source that sleeps at night has taught its
largest gap by the second night. Time is the key's (streams.detection.watermark), which runs on with its other sources.
"""

from collections.abc import Iterator

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode, new_alert
from streams.clock import DAY_MS, MINUTE_MS
from streams.ledger.stored import Stored

MAX_SOURCES = 64
REGULAR_TEXTS = 15
REGULAR_MS = 8 * MINUTE_MS
FORGOTTEN_MS = DAY_MS
"""A source that has been silent for so long is gone: its alert resolves and it is no longer watched."""
_GAPS = 3.0
"""Silence is longer than so many of the largest gaps."""
_HALF_LIFE_MS = 3 * DAY_MS
"""Of what is remembered of the largest gap."""


class FeedActivity(Stored):
    """When a feed was heard, and its habit."""

    first_ms: int
    last_ms: int
    heard: int = 1
    largest_gap_ms: float = 0.0

    def hear(self, event_ms: int) -> None:
        gap_ms = max(0, event_ms - self.last_ms)
        self.largest_gap_ms = max(self.largest_gap_ms * 0.5 ** (gap_ms / _HALF_LIFE_MS), gap_ms)
        self.last_ms = max(self.last_ms, event_ms)
        self.heard += 1

    @property
    def regular(self) -> bool:
        return self.heard >= REGULAR_TEXTS and self.last_ms - self.first_ms >= REGULAR_MS

    def silent_at_ms(self, least_ms: int) -> int:
        """When it is silent if nothing comes: after `least_ms`, and much longer than ever before. A source that is not
        regular is never silent, only forgotten one day."""
        if not self.regular:
            return self.last_ms + FORGOTTEN_MS
        return self.last_ms + max(least_ms, int(_GAPS * self.largest_gap_ms))

    def silent(self, now_ms: int, least_ms: int) -> bool:
        return self.regular and now_ms >= self.silent_at_ms(least_ms)

    def forgotten(self, now_ms: int) -> bool:
        return now_ms - self.last_ms >= FORGOTTEN_MS


def fired(brand_id: str, room_id: str | None, name: str, source: FeedActivity, now_ms: int) -> Episode:
    """The episode of a feed that is silent: it has been held long enough by its nature, so it fires at once."""
    quiet_minutes = (now_ms - source.last_ms) / MINUTE_MS
    heard_minutes = (source.last_ms - source.first_ms) / MINUTE_MS
    where = f"{name} in room {room_id}" if room_id else f"{name} for {brand_id}"
    alert = new_alert(
        "feed_silent", brand_id, started_at_ms=source.last_ms // MINUTE_MS * MINUTE_MS, now_ms=now_ms,
        severity="warning", room_id=room_id, subject=name, source=name,
        summary=f"{where}: silent for {quiet_minutes:.0f} minutes",
        explanation=f"Nothing from {where} for {quiet_minutes:.0f} minutes, after {source.heard} records in"
        f" {heard_minutes:.0f} minutes with a largest gap of {source.largest_gap_ms / MINUTE_MS:.1f} minutes."
        " What is said there is not seen.",
        observed={"quiet_minutes": round(quiet_minutes, 1)},
        baseline={"largest_gap_minutes": round(source.largest_gap_ms / MINUTE_MS, 2), "records": float(source.heard)},
    )  # fmt: skip
    episode = Episode(alert, since_ms=now_ms)
    episode.fire(now_ms)
    return episode


class FeedMonitor(Stored):
    """A brand's sources, and those of them that are silent now."""

    sources: dict[str, FeedActivity] = {}
    silences: dict[str, Episode] = {}

    def hear(self, name: str, event_ms: int, now_ms: int) -> Iterator[Alert]:
        """A source speaks; if it was silent, that is over."""
        if name in self.sources:
            self.sources[name].hear(event_ms)
        elif len(self.sources) < MAX_SOURCES:
            self.sources[name] = FeedActivity(event_ms, event_ms)
        yield from self._break(name, now_ms)

    def listen(self, brand_id: str, now_ms: int, least_ms: int) -> Iterator[Alert]:
        """Time has come to `now_ms`: who is silent now, and who is forgotten?"""
        for name, source in list(self.sources.items()):
            if source.forgotten(now_ms):
                del self.sources[name]
                yield from self._break(name, now_ms)
            elif name not in self.silences and source.silent(now_ms, least_ms):
                self.silences[name] = fired(brand_id, None, name, source, now_ms)
                yield self.silences[name].alert

    def due_ms(self, least_ms: int) -> int | None:
        """When the first of them is silent or forgotten if nothing comes; None where none is watched."""
        return min((source.silent_at_ms(least_ms) for source in self.sources.values()), default=None)

    def _break(self, name: str, now_ms: int) -> Iterator[Alert]:
        if name in self.silences:
            episode = self.silences.pop(name)
            episode.resolve(now_ms)
            yield episode.alert
