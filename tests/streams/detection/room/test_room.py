from collections.abc import Iterable
from typing import Any

import msgspec

from streams.alerts.alert import Alert
from streams.detection.room.room import LOG, Room, Rooms
from streams.detection.room_event import Account, RoomEvent
from streams.detection.views.summaries import ROOM_VIEW
from streams.detection.watermark import SourceProgress
from tests.builders.records import CONFIG, at, room_event


def minutes_of(minutes: Iterable[int], viewers: int, comments: int) -> list[RoomEvent]:
    """A snapshot of the viewers every twenty seconds, and so many comments a minute."""
    return [
        room_event(minute + part, kind, value)
        for minute in minutes
        for part, kind, value in (
            *((third / 3, "viewers", viewers) for third in range(3)),
            *((number / comments, "comment", 1) for number in range(comments)),
        )
    ]


def play(events: Iterable[RoomEvent], until: float | None = None) -> list[Alert]:
    ordered = sorted(events, key=lambda event: event.event_time_ms)
    room = Room.create(ordered[0], CONFIG)
    alerts = [alert for event in ordered for alert in room.process(event, log_at(event.event_time_ms))]
    assert Rooms(CONFIG).restore(room.snapshot()).state == room.state
    return alerts if until is None else alerts + room.advance(log_at(at(until)))


def log_at(at_ms: int) -> SourceProgress:
    return SourceProgress({LOG: at_ms})


FULL = minutes_of(range(15), viewers=100, comments=10)


def test_collapse_fires_and_resolves_when_the_audience_is_back() -> None:
    alerts = play([*FULL, *minutes_of(range(15, 20), 4, 0), *minutes_of(range(20, 24), 90, 9)])
    assert [(alert.kind, alert.state) for alert in alerts] == [
        ("room_collapse", "firing"),
        ("room_collapse", "resolved"),
    ]
    fired, resolved = alerts
    assert (fired.room_id, fired.brand_id, fired.severity) == ("r1", "acme", "warning")
    assert fired.started_at == at(15)
    assert fired.fired_at == at(16)
    assert fired.baseline == {"viewers": 100.0, "interactions_per_minute": 10.0}
    assert fired.observed == {"viewers": 4.0, "interactions_per_minute": 0.0}
    assert "96%" in fired.explanation
    assert resolved.resolved_at == at(22)


def test_smaller_fall_is_looked_at_twice() -> None:
    alerts = play([*FULL, *minutes_of(range(15, 20), 40, 2)])
    assert [alert.state for alert in alerts] == ["pending", "firing"]
    assert alerts[-1].fired_at == at(17)


def test_counter_that_hiccups_is_no_collapse() -> None:
    assert play([*FULL, *minutes_of([15], 3, 10), *minutes_of(range(16, 25), 100, 10)]) == []


def test_end_of_a_raffle_is_no_collapse() -> None:
    assert play([*FULL, *minutes_of(range(15, 25), 100, 1)]) == []


def test_small_room_is_let_alone() -> None:
    assert play([*minutes_of(range(15), 12, 3), *minutes_of(range(15, 20), 1, 0)]) == []


def test_end_of_the_session_is_no_collapse() -> None:
    assert play([*FULL, room_event(15, "session_end"), *minutes_of(range(16, 20), 1, 0)], until=90) == []


def test_end_of_the_session_resolves_a_collapse() -> None:
    alerts = play([*FULL, *minutes_of(range(15, 18), 4, 0), room_event(18.2, "session_end")])
    assert [alert.state for alert in alerts] == ["firing", "resolved"]


def test_room_that_stays_small_is_a_small_room() -> None:
    alerts = play([*FULL, *minutes_of(range(15, 55), 4, 0)])
    assert [alert.state for alert in alerts] == ["firing", "resolved"]


def test_room_without_a_word_is_silent_once_the_log_has_gone_on() -> None:
    assert play(FULL, until=29) == []
    alerts = play(FULL, until=40)
    assert [(alert.kind, alert.room_id, alert.source, alert.state) for alert in alerts] == [
        ("feed_silent", "r1", "douyin-live", "firing")
    ]


def test_room_that_speaks_again_is_heard() -> None:
    room = Room.create(FULL[0], CONFIG)
    for event in FULL:
        room.process(event, log_at(event.event_time_ms))
    assert [alert.state for alert in room.advance(log_at(at(60)))] == ["firing"]
    assert [alert.state for alert in room.process(room_event(61, "comment"), log_at(at(61)))] == ["resolved"]


def test_mirrored_and_late_events_change_nothing() -> None:
    assert play([*FULL, *(room_event(14, "viewers", 1, is_mirror=True) for _ in range(5))]) == []
    room = Room.create(FULL[0], CONFIG)
    for event in FULL:
        room.process(event, log_at(event.event_time_ms))
    before = msgspec.json.encode(room.state.minutes)
    room.process(room_event(5, "viewers", 1), log_at(FULL[-1].event_time_ms))
    assert msgspec.json.encode(room.state.minutes) == before
    assert room.late_records == 1


def test_new_session_begins_anew() -> None:
    again = [room_event(16, "session_start"), *minutes_of(range(16, 20), 5, 1)]
    assert play([*FULL, room_event(15.5, "session_end"), *again]) == []


def test_room_whose_platform_hides_names_is_known_until_the_next_stream() -> None:
    room = Room.create(room_event(0, "session_start", session_id="s1"), CONFIG)
    told: list[tuple[float, str, dict[str, Any]]] = [
        (0.1, "enter", {"actor": Account("v1")}), (0.2, "comment", {"actor": Account("m1", masked=True)}),
        (0.3, "enter", {"actor": Account("v2")}), (1, "session_end", {"session_id": "s1"}),
        (2, "session_start", {"session_id": "s2"}),
    ]  # fmt: skip
    hidden = []
    for minute, kind, fields in told:
        room.process(room_event(minute, kind, **fields), log_at(at(minute)))
        hidden.append(ROOM_VIEW.decode(room.view()).names_hidden)
    assert hidden == [False, True, True, True, False]
