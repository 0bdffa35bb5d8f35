"""Streams that follow each other in a room: a second one is watched, and one that nobody ends ends quietly."""

from collections.abc import Iterable

import pytest

from streams.alerts.alert import Alert
from streams.detection.room.room import LOG, Room
from streams.detection.room_event import RoomEvent
from streams.detection.views.summaries import ROOM_VIEW
from streams.detection.watermark import SourceProgress
from tests.builders.records import CONFIG, at, room_event

DAY = 24 * 60


def stream(begins: float, session: str | None, viewers: int = 500, minutes: int = 12) -> list[RoomEvent]:
    """Viewers and eight comments each minute."""
    return [
        room_event(begins + minute + part / 10, kind, value, session_id=session)
        for minute in range(minutes)
        for part, kind, value in ((0, "viewers", viewers), *((at, "comment", 1) for at in range(1, 9)))
    ]


def collapse(begins: float, session: str | None) -> list[RoomEvent]:
    return [room_event(begins + part, "viewers", 5, session_id=session) for part in (0, 0.5, 1, 1.5)]


class Played:
    """A room through which events were played."""

    def __init__(self, *parts: Iterable[RoomEvent]) -> None:
        events = [event for part in parts for event in part]
        self.room = Room.create(events[0], CONFIG)
        self.alerts: list[Alert] = []
        for event in events:
            self.alerts += self.room.process(event, SourceProgress({LOG: event.event_time_ms}))

    def until(self, minute: float) -> list[Alert]:
        """The alerts that time alone brings."""
        return self.room.advance(SourceProgress({LOG: at(minute)}))

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(alert.kind, alert.state) for alert in self.alerts]

    @property
    def ended(self) -> bool:
        return ROOM_VIEW.decode(self.room.view()).ended


@pytest.mark.parametrize("begins", [40, DAY, 2 * DAY], ids=["half an hour", "a day", "two days"])
@pytest.mark.parametrize(
    ("first", "second"), [("s1", "s2"), (None, None), ("s", "s"), (None, "s2"), ("s1", None)], ids=str
)
@pytest.mark.parametrize("start", [True, False], ids=["with a start", "without"])
def test_second_stream_of_a_room_is_watched(begins: float, first: str | None, second: str | None, start: bool) -> None:
    said = [room_event(begins - 0.01, "session_start", session_id=second)] if start else []
    played = Played(
        stream(0, first), [room_event(12, "session_end", session_id=first)],
        said, stream(begins, second), collapse(begins + 12, second),
    )  # fmt: skip
    assert not played.ended
    assert [*played.alerts, *played.until(begins + 14)][-1].kind == "room_collapse"
    assert {alert.kind for alert in played.alerts} <= {"room_collapse"}


def test_second_stream_is_watched_though_nobody_ended_the_first() -> None:
    played = Played(stream(0, "s1"), stream(2 * DAY, "s2"), collapse(2 * DAY + 12, "s2"))
    played.alerts += played.until(2 * DAY + 14)
    assert ("room_collapse", "firing") in played.kinds
    assert not played.ended


def test_second_stream_that_follows_at_once_is_compared_with_itself() -> None:
    """A new id begins another stream: a smaller one is no collapse of the first."""
    played = Played(stream(0, "s1"), stream(12, "s2", viewers=20))
    assert (played.kinds, played.room.state.session.earlier) == ([], ["s1"])


def test_stream_that_nobody_ends_ends_quietly_once() -> None:
    played = Played(stream(0, "s1"))
    alerts = played.until(1452)
    assert [(alert.kind, alert.state) for alert in alerts] == [("feed_silent", "firing"), ("feed_silent", "resolved")]
    assert (alerts[0].fired_at, alerts[1].resolved_at) == (at(27), at(72))
    assert "perhaps the stream ended" in alerts[0].summary
    assert played.ended
    assert not played.room.has_timer


def test_audience_that_lingers_after_the_end_begins_no_stream() -> None:
    lingering = [room_event(12 + part, "comment", session_id="s1") for part in (0.5, 1, 3, 4.9)]
    assert Played(stream(0, "s1"), [room_event(12, "session_end", session_id="s1")], lingering).ended


@pytest.mark.parametrize("kind", ["order", "payment", "refund", "notice", "product_click", "leave"])
def test_what_follows_a_stream_for_days_begins_none(kind: str) -> None:
    later = [room_event(DAY, kind, session_id="shop-day-2")]
    assert Played(stream(0, "s1"), [room_event(12, "session_end")], later).ended


def test_feeds_that_name_a_stream_differently_do_not_restart_it() -> None:
    one, other = stream(0, "s1"), stream(0.01, "captions-7")
    both = sorted([*one, *other], key=lambda event: event.event_time_ms)
    played = Played(both, collapse(12, "s1"))
    assert [alert.kind for alert in [*played.alerts, *played.until(14)]] == ["room_collapse"]


def test_end_of_an_earlier_stream_that_comes_late_ends_nothing() -> None:
    late_end = room_event(12, "session_end", session_id="s1")
    played = Played(stream(0, "s1"), stream(12.5, "s2", minutes=1), [late_end])
    assert not played.ended


def test_start_that_is_told_twice_is_one_start() -> None:
    starts = [room_event(minute, "session_start", session_id="s1") for minute in (0, 0.2, 3, 11)]
    events = sorted([*starts, *stream(0, "s1")], key=lambda event: event.event_time_ms)
    assert [alert.kind for alert in Played(events, collapse(12, "s1")).alerts] == ["room_collapse"]


def test_viewers_of_nobody_are_no_life() -> None:
    empty = [room_event(DAY + minute, "viewers", 0) for minute in range(3)]
    assert Played(stream(0, "s1"), [room_event(12, "session_end")], empty).ended
