"""A host's room: the session's figures, the last ten minutes against the ten before, mood, questions, notices."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from dashboards.alert_order import gravest_first
from dashboards.console.pages.shared import AlertSummary, SentimentMinutes, sentiment_minutes, summaries
from dashboards.console.sources import PageSources
from dashboards.readers import Readers
from streams.clock import MINUTE_MS
from streams.detection.room.fake_traffic import FAKE_SHARE, TrafficFigure
from streams.detection.views.questions import Question
from streams.detection.views.reader import RoomSummary
from streams.engagement.dictionary import SumMetric, sums_on
from streams.engagement.kpis import Kpis
from streams.engagement.reader import Minute

SHOWN_MINUTES = 60
HALF_MINUTES = 10
MAX_QUESTIONS = 8
COMPARED = sums_on("comparison")


class RoomHeader(msgspec.Struct, frozen=True):
    """What room it is, and whether anything is known of it. `as_of_ms` is the minute that the windows end with. Without
    a session the figures are those of the last 24 hours."""

    room_id: str
    brand_id: str
    source: str
    session_id: str | None
    state: Literal["live", "ended", "unknown"]
    as_of_ms: int


class InauthenticShare(msgspec.Struct, frozen=True):
    """The inauthentic share of a figure's last five minutes; `alarming` where it alerts."""

    share: float
    alarming: bool


class Now(msgspec.Struct, frozen=True):
    """The session so far, or the day. `viewers` are unique; `fakes` has the figures with enough events to judge.
    `names_hidden`: the platform hides who some of them are, so that counts of people are rough."""

    figures: Kpis
    sums: Mapping[SumMetric, int]
    new_followers: int
    viewers: int
    fakes: Mapping[TrafficFigure, InauthenticShare]
    names_hidden: bool


class TenMinuteComparison(msgspec.Struct, frozen=True):
    """The last ten minutes and the ten before; `peak` of concurrent viewers."""

    last: Mapping[str, int | None]
    before: Mapping[str, int | None]


class Minutes(msgspec.Struct, frozen=True):
    """The hour, minute by minute from `first_ms`. A minute before anything was heard of the room is None."""

    first_ms: int
    viewers: Sequence[int | None]
    comments: Sequence[int | None]
    paid_value: Sequence[int | None]
    moods: SentimentMinutes


class Notices(msgspec.Struct, frozen=True):
    """Violations that detection raised, and the platform's own notices as (minute in milliseconds, count)."""

    raised: Sequence[AlertSummary]
    platform: Sequence[tuple[int, int]]


class RoomPage(msgspec.Struct, frozen=True):
    """The page."""

    head: RoomHeader
    now: Now
    halves: TenMinuteComparison
    minutes: Minutes
    questions: Sequence[Question]
    notices: Notices


def view(sources: PageSources, room_id: str) -> RoomPage:
    """An unknown room has empty panels. Raises Unavailable."""
    readers = sources.readers
    present_ms = readers.present_ms()
    minutes = readers.engagement.minutes("room", room_id, SHOWN_MINUTES, present_ms)
    sessions = readers.engagement.sessions("room", room_id)
    known = readers.views.rooms([room_id]).get(room_id)
    return RoomPage(
        head=_head(room_id, known, sessions, present_ms),
        now=_now(readers, room_id, known),
        halves=TenMinuteComparison(half(minutes[-HALF_MINUTES:]), half(minutes[-2 * HALF_MINUTES : -HALF_MINUTES])),
        minutes=_minutes(readers, room_id, minutes),
        questions=readers.views.questions(room_id, present_ms)[:MAX_QUESTIONS],
        notices=_notices(readers, room_id, minutes),
    )


def half(minutes: Sequence[Minute]) -> dict[str, int | None]:
    """The sums of some minutes, and the most concurrent viewers in them."""
    sums: dict[str, int | None] = {name: sum(minute.sums[name] for minute in minutes) for name in COMPARED}
    peaks = [minute.viewers_peak for minute in minutes if minute.viewers_peak is not None]
    return {**sums, "peak": max(peaks, default=None)}


def _head(room_id: str, known: RoomSummary | None, sessions: Sequence[str], present_ms: int) -> RoomHeader:
    state: Literal["live", "ended", "unknown"] = "live"
    if known is None and not sessions:
        state = "unknown"
    elif known is not None and known.ended:
        state = "ended"
    brand_id, source = (known.brand_id, known.source) if known else ("", "")
    return RoomHeader(room_id, brand_id, source, next(iter(sessions), None), state, present_ms // MINUTE_MS * MINUTE_MS)


def _now(readers: Readers, room_id: str, known: RoomSummary | None) -> Now:
    shares = known.fake_shares if known else {}
    session = readers.engagement.so_far(room_id)
    return Now(
        figures=session.kpis,
        sums=session.sums,
        new_followers=session.people["new_followers"],
        viewers=session.people["viewers"],
        fakes={figure: InauthenticShare(round(share, 3), share >= FAKE_SHARE) for figure, share in shares.items()},
        names_hidden=known is not None and known.names_hidden,
    )


def _minutes(readers: Readers, room_id: str, minutes: Sequence[Minute]) -> Minutes:
    numbers = range(minutes[0].number, minutes[-1].number + 1)
    first = next((at for at, minute in enumerate(minutes) if is_heard(minute)), len(minutes))

    def of(name: SumMetric) -> list[int | None]:
        return [minute.sums[name] if at >= first else None for at, minute in enumerate(minutes)]

    return Minutes(
        first_ms=numbers.start * MINUTE_MS,
        viewers=[minute.viewers_last for minute in minutes],
        comments=of("comments"),
        paid_value=of("paid_value"),
        moods=sentiment_minutes(readers.views.sentiments(room_id, numbers.start, numbers.stop - 1), numbers),
    )


def is_heard(minute: Minute) -> bool:
    """Whether a feed reported anything of the minute."""
    return minute.viewers_last is not None or any(minute.sums.values())


def _notices(readers: Readers, room_id: str, minutes: Sequence[Minute]) -> Notices:
    alerts = [alert for alert in [*readers.alerts.active(), *readers.alerts.resolved()] if alert.room_id == room_id]
    fired = [alert for alert in alerts if alert.fired_at is not None]
    decided = readers.decisions.standing([alert.fingerprint for alert in fired])
    platform = [(one.number * MINUTE_MS, one.sums["notices"]) for one in reversed(minutes) if one.sums["notices"]]
    return Notices(summaries(gravest_first(fired, decided), decided), platform)
