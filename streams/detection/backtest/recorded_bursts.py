"""The bursts of a recording, by a definition that is not the detector's, and how soon alerts met them.

A burst: ten minutes of thirty comments or more, four times the level of the six hours before. Its onset is the first
minute at whose end that is so; minutes that follow within ten belong to it.

    comments a minute   0 0 1 0 0 4 6 9 5 7 | 8 6 2 0 1 …
                                            ^ onset: the ten minutes up to here hold 32
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS

MIN_COMMENTS = 30
RATIO = 4
SHORT_MINUTES = 10
LONG_MINUTES = 360
GAP_MINUTES = 10


@dataclass(frozen=True, slots=True)
class RecordedBurst:
    """Minutes since the epoch, all included. `begins` is the first comment of the ten minutes up to the onset, `peak`
    the first minute up to which ten hold the most."""

    begins: int
    onset: int
    peak: int
    ends: int


@dataclass(frozen=True, slots=True)
class BurstMatch:
    """How a burst was met: by which alert, and how long after its begin, after its onset and before its peak; None
    where it was not."""

    burst: RecordedBurst
    fingerprint: str | None = None
    delay_seconds: float | None = None
    """Negative where the alert came before the onset."""
    lead_seconds: float | None = None
    after_begin_seconds: float | None = None
    """0 where the alert fired already when the burst began."""


def bursts(comments_ms: Sequence[int]) -> list[RecordedBurst]:
    """The bursts among comments in the order of time."""
    minutes = [at_ms // MINUTE_MS for at_ms in comments_ms]
    found: list[RecordedBurst] = []
    most = 0
    # Only a minute with a comment can begin a burst, which may last some minutes longer without one.
    for minute in sorted({at + later for at in minutes for later in range(SHORT_MINUTES)}):
        if not _bursting(minutes, minute):
            continue
        count = _comments(minutes, minute - SHORT_MINUTES, minute)
        if found and minute - found[-1].ends <= GAP_MINUTES:
            last = found[-1]
            found[-1] = RecordedBurst(last.begins, last.onset, minute if count > most else last.peak, minute)
            most = max(most, count)
        else:
            begins = next(at for at in minutes if at > minute - SHORT_MINUTES)
            found.append(RecordedBurst(begins, minute, minute, minute))
            most = count
    return found


def match_bursts(found: Sequence[RecordedBurst], alerts: Sequence[Alert]) -> list[BurstMatch]:
    """For each burst the first alert that fires at some time between its begin and two minutes after its end."""
    return [_met(burst, alerts) for burst in found]


def false_alarms(found: Sequence[RecordedBurst], alerts: Sequence[Alert]) -> list[Alert]:
    """Alerts that fire at no time within ten minutes of any burst."""
    return [
        alert
        for alert in alerts
        if not any(_fires_within(alert, burst.begins - GAP_MINUTES, burst.ends + GAP_MINUTES) for burst in found)
    ]


def _met(burst: RecordedBurst, alerts: Sequence[Alert]) -> BurstMatch:
    meeting = [alert for alert in alerts if _fires_within(alert, burst.begins, burst.ends + 2)]
    if not meeting:
        return BurstMatch(burst)
    first = min(meeting, key=_fired_ms)
    at_ms = max(_fired_ms(first), burst.begins * MINUTE_MS)
    delay_ms, lead_ms = at_ms - burst.onset * MINUTE_MS, burst.peak * MINUTE_MS - at_ms
    after_begin_ms = at_ms - burst.begins * MINUTE_MS
    return BurstMatch(burst, first.fingerprint, delay_ms / 1000, lead_ms / 1000, after_begin_ms / 1000)


def _fires_within(alert: Alert, first_minute: int, last_minute: int) -> bool:
    ends_ms = alert.resolved_at if alert.resolved_at is not None else last_minute * MINUTE_MS
    return (
        alert.fired_at is not None
        and alert.fired_at < (last_minute + 1) * MINUTE_MS
        and ends_ms >= first_minute * MINUTE_MS
    )


def _fired_ms(alert: Alert) -> int:
    return alert.fired_at or 0


def _bursting(minutes: Sequence[int], minute: int) -> bool:
    begins = minute - SHORT_MINUTES
    short, long = _comments(minutes, begins, minute), _comments(minutes, begins - LONG_MINUTES, begins)
    return short >= MIN_COMMENTS and short >= RATIO * long * SHORT_MINUTES / LONG_MINUTES


def _comments(minutes: Sequence[int], after: int, until: int) -> int:
    """How many lie behind the minute `after`, up to and with `until`."""
    return bisect_right(minutes, until) - bisect_right(minutes, after)
