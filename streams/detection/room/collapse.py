"""A live room that loses its audience while the session goes on: a broken stream, a ban, a host who went silent.

The room is compared with its own last ten minutes, and both the viewers and what they do must fall, so that a raffle's
end (fewer comments) or a counter that hiccups (fewer viewers) is no collapse:

    minute     -12 ……………… -3 | -2  -1 | now        judged at the beginning of `now`, on minutes that are over
               usual: medians    lately
"""

from statistics import median

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.clock import MINUTE_MS
from streams.ledger.stored import Stored

USUAL_MINUTES = 10
MIN_MINUTES = 6
MIN_VIEWERS = 20
FALLEN_SHARE = 0.5
RECOVERED_SHARE = 0.75
PATIENCE = Hysteresis(fire_after_ms=MINUTE_MS, resolve_after_ms=MINUTE_MS)
AT_ONCE_SHARE = 0.8
"""Who lost so many viewers within two minutes need not be looked at twice."""
NEW_NORMAL_MS = 30 * MINUTE_MS
"""A room that has stayed small for so long is a small room."""
_LATELY_MINUTES = 2


class RoomMinute(Stored):
    """One minute of a room."""

    viewers: int | None = None
    """The last snapshot of the minute."""
    interactions: int = 0


class Figures(Stored):
    """Viewers and interactions a minute."""

    viewers: float
    interactions: float


def usual(minutes: dict[int, RoomMinute], now_minute: int) -> Figures | None:
    """The medians over the ten minutes before the last two; None where too little is known."""
    return _figures(minutes, now_minute - _LATELY_MINUTES - USUAL_MINUTES, now_minute - _LATELY_MINUTES, MIN_MINUTES)


def lately(minutes: dict[int, RoomMinute], now_minute: int) -> Figures | None:
    """The same over the last minute that is over, or the one before where a snapshot is missing."""
    return _figures(minutes, now_minute - 1, now_minute, 1) or _figures(minutes, now_minute - 2, now_minute - 1, 1)


def fallen(before: Figures, now: Figures) -> bool:
    return (
        before.viewers >= MIN_VIEWERS
        and now.viewers < FALLEN_SHARE * before.viewers
        and now.interactions < FALLEN_SHARE * before.interactions
    )


def recovered(before: Figures, now: Figures) -> bool:
    return now.viewers >= RECOVERED_SHARE * before.viewers


def opened(brand_id: str, room_id: str, before: Figures, now: Figures, now_ms: int) -> Episode:
    """A collapse as it is first seen. The figures that it fell from are its baseline for as long as it lasts."""
    started_at_ms = now_ms - MINUTE_MS
    lost = 1 - now.viewers / before.viewers
    alert = new_alert(
        "room_collapse", brand_id, started_at_ms=started_at_ms, now_ms=now_ms, room_id=room_id,
        severity="critical" if lost >= 0.9 and before.viewers >= 1000 else "warning",
        summary=f"room {room_id}: viewers fell from {before.viewers:.0f} to {now.viewers:.0f}",
        explanation=f"Within two minutes the room lost {lost:.0%} of its viewers ({before.viewers:.0f} were usual over"
        f" the last {USUAL_MINUTES} minutes, {now.viewers:.0f} are left), and interactions fell from"
        f" {before.interactions:.0f} to {now.interactions:.0f} a minute. The session has not ended.",
        observed={"viewers": now.viewers, "interactions_per_minute": now.interactions},
        baseline={"viewers": before.viewers, "interactions_per_minute": before.interactions},
        factors={"lost": round(lost, 3)},
    )  # fmt: skip
    episode = Episode(alert, since_ms=now_ms)
    if lost >= AT_ONCE_SHARE:
        episode.fire(now_ms)
    return episode


def before(alert: Alert) -> Figures:
    """What the room fell from."""
    return Figures(alert.baseline["viewers"], alert.baseline["interactions_per_minute"])


def _figures(minutes: dict[int, RoomMinute], first: int, end: int, least: int) -> Figures | None:
    known = [minutes[at] for at in range(first, end) if at in minutes]
    viewers = [minute.viewers for minute in known if minute.viewers is not None]
    if len(viewers) < least:
        return None
    return Figures(float(median(viewers)), float(median(minute.interactions for minute in known)))
