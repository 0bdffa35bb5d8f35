"""A live room that loses its audience while the session goes on: a broken stream, a ban, a host who went silent.

The room is compared with its own last ten minutes, and both the viewers and what they do must fall, so that a raffle's
end (fewer comments) or a counter that hiccups (fewer viewers) is no collapse:

    minute     -12 ……………… -3 | -2  -1 | now        evaluated at the beginning of `now`, on minutes that are over
               usual: medians    recent
"""

from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any, Protocol

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.alerts.wording import in_room
from streams.clock import MINUTE_MS
from streams.detection.config import DetectionConfig
from streams.detection.room.detector import RoomFacts
from streams.detection.room_event import RoomEvent
from streams.ledger.stored import Stored

INTERACTIONS = frozenset({"like", "comment", "gift", "follow", "share"})
KEPT_MINUTES = 16
USUAL_MINUTES = 10
MIN_MINUTES = 6
MIN_VIEWERS = 20
FALLEN_SHARE = 0.5
RECOVERED_SHARE = 0.75
HYSTERESIS = Hysteresis(fire_after_ms=MINUTE_MS, resolve_after_ms=MINUTE_MS)
AT_ONCE_SHARE = 0.8
"""A room that lost this share of its viewers within two minutes alerts without a second look."""
NEW_NORMAL_MS = 30 * MINUTE_MS
"""A room that has stayed small for this long is a small room."""
_RECENT_MINUTES = 2


class RoomMinute(Stored):
    """One minute of a room."""

    viewers: int | None = None
    """The last snapshot of the minute."""
    interactions: int = 0


class RoomLevel(Stored):
    """Viewers and interactions a minute."""

    viewers: float
    interactions: float


class CollapsingRoom(RoomFacts, Protocol):
    """The room's state as this detector reads and writes it."""

    minutes: dict[int, RoomMinute]
    collapse: Episode | None


class CollapseDetector:
    """A RoomDetector."""

    def __init__(self, room: CollapsingRoom, config: DetectionConfig) -> None:  # noqa: ARG002 - nothing is configured
        self._room = room

    @property
    def alerting(self) -> bool:
        return self._room.collapse is not None

    def on_event(self, event: RoomEvent, now_ms: int) -> Iterable[Alert]:  # noqa: ARG002 - minutes are what counts
        at = event.event_time_ms // MINUTE_MS
        minute = self._room.minutes.get(at)
        if minute is None:
            minute = self._room.minutes[at] = RoomMinute()
        if event.kind == "viewers":
            minute.viewers = event.value
        elif event.kind in INTERACTIONS:
            minute.interactions += 1
        return ()

    def on_minute(self, minute: int) -> Iterator[Alert]:
        room, now_ms = self._room, minute * MINUTE_MS
        for old in [at for at in room.minutes if at < minute - KEPT_MINUTES]:
            del room.minutes[old]
        now = recent(room.minutes, minute)
        if now is None or room.ended:
            return
        if room.collapse is not None:
            yield from self._follow(room.collapse, now, now_ms)
            return
        before = usual(room.minutes, minute)
        if before is not None and fallen(before, now):
            room.collapse = _new_episode(room, before, now, now_ms)
            yield room.collapse.alert

    def running(self, now_ms: int) -> Iterator[Alert]:
        episode, now = self._room.collapse, recent(self._room.minutes, now_ms // MINUTE_MS)
        if episode is not None and episode.firing:
            yield episode.as_of(episode.calm_since_ms, HYSTERESIS, present=_level_figures(now) if now else {})

    def on_session_end(self, now_ms: int) -> Iterator[Alert]:
        room = self._room
        if room.collapse is not None:
            room.collapse.resolve(now_ms)
            yield room.collapse.alert
            room.collapse = None
        room.minutes = {}

    def _follow(self, episode: Episode, now: RoomLevel, now_ms: int) -> Iterator[Alert]:
        before, severity = level_before(episode.alert), episode.alert.severity
        if fallen(before, now) and now.viewers < episode.alert.observed["viewers"]:
            episode.revise(now_ms, **_fall(episode.alert.room_id, before, now))
        settled = now_ms - episode.alert.started_at >= NEW_NORMAL_MS
        holds = fallen(before, now) and not settled
        if episode.step(now_ms, holds=holds, calm=settled or recovered(before, now), hysteresis=HYSTERESIS) or (
            episode.firing and episode.alert.severity != severity
        ):
            yield episode.alert
        if episode.over:
            self._room.collapse = None


def usual(minutes: dict[int, RoomMinute], now_minute: int) -> RoomLevel | None:
    """The medians over the ten minutes before the last two; None where too little is known."""
    return _level(minutes, now_minute - _RECENT_MINUTES - USUAL_MINUTES, now_minute - _RECENT_MINUTES, MIN_MINUTES)


def recent(minutes: dict[int, RoomMinute], now_minute: int) -> RoomLevel | None:
    """The last minute that is over, or the one before where a snapshot is missing; None where both are."""
    return _level(minutes, now_minute - 1, now_minute, 1) or _level(minutes, now_minute - 2, now_minute - 1, 1)


def fallen(before: RoomLevel, now: RoomLevel) -> bool:
    return (
        before.viewers >= MIN_VIEWERS
        and now.viewers < FALLEN_SHARE * before.viewers
        and now.interactions < FALLEN_SHARE * before.interactions
    )


def recovered(before: RoomLevel, now: RoomLevel) -> bool:
    return now.viewers >= RECOVERED_SHARE * before.viewers


def level_before(alert: Alert) -> RoomLevel:
    """The level that the room fell from, as its alert has it."""
    return RoomLevel(alert.baseline["viewers"], alert.baseline["interactions_per_minute"])


def _new_episode(room: RoomFacts, before: RoomLevel, now: RoomLevel, now_ms: int) -> Episode:
    """A collapse as it is first seen. The level that the room fell from is its baseline for as long as it lasts."""
    alert = new_alert(
        "room_collapse",
        room.brand_id,
        started_at_ms=now_ms - MINUTE_MS,
        now_ms=now_ms,
        room_id=room.room_id,
        baseline=_level_figures(before),
        **_fall(room.room_id, before, now),
    )
    episode = Episode(alert, since_ms=now_ms)
    if alert.factors["lost"] >= AT_ONCE_SHARE:
        episode.fire(now_ms)
    return episode


def _fall(room_id: str | None, before: RoomLevel, now: RoomLevel) -> dict[str, Any]:
    """The alert's severity, figures and sentences, at the lowest that the room has had."""
    lost = 1 - now.viewers / before.viewers
    return {
        "severity": "critical" if lost >= 0.9 and before.viewers >= 1000 else "warning",
        "summary": f"{in_room(room_id)}: viewers fell from {before.viewers:.0f} to {now.viewers:.0f}",
        "explanation": f"The room lost {lost:.0%} of its viewers ({before.viewers:.0f} were usual over {USUAL_MINUTES}"
        f" minutes, {now.viewers:.0f} are left), and interactions fell from"
        f" {before.interactions:.0f} to {now.interactions:.0f} a minute. The session has not ended.",
        "observed": _level_figures(now),
        "factors": {"lost": round(lost, 3)},
    }


def _level_figures(level: RoomLevel) -> dict[str, float]:
    return {"viewers": level.viewers, "interactions_per_minute": level.interactions}


def _level(minutes: dict[int, RoomMinute], first: int, end: int, min_snapshots: int) -> RoomLevel | None:
    known = [minutes[at] for at in range(first, end) if at in minutes]
    viewers = [minute.viewers for minute in known if minute.viewers is not None]
    if len(viewers) < min_snapshots:
        return None
    return RoomLevel(float(median(viewers)), float(median(minute.interactions for minute in known)))
