"""A room of a hundred viewers, by the minute; whoever is not said to be fake enters, taps and writes as people do."""

from collections.abc import Callable, Iterable, Iterator

import msgspec
import pytest

from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.detection.room.fake_traffic import TrafficFigure, TrafficWindow
from streams.detection.room.likes import RoomLikes
from streams.detection.room.room import LOG, Room, Rooms
from streams.detection.room_event import Account, RoomEvent
from streams.detection.watermark import SourceProgress
from streams.simulate.alert_comparison import compare_alerts
from streams.simulate.generate import generate
from streams.simulate.scenarios import scenario
from tests.builders.records import CONFIG, at, room_event

Minute = Callable[[int], Iterator[RoomEvent]]


def people(minute: int) -> Iterator[RoomEvent]:
    """A hundred viewers who stay for two minutes: fifty enter; twenty write once, and forty tap some."""
    for number in range(50):
        who = Account(f"v{minute}-{number}")
        yield room_event(minute + number / 50, "enter", actor=who)
        if number % 5 < 2:
            yield room_event(minute + number / 60, "comment", actor=who, text=f"what size is the blue one {number}")
        yield room_event(minute + number / 55, "like", 5 + number % 9, actor=who)
    for third in range(3):
        yield room_event(minute + third / 3, "viewers", 100)


def hollow(minute: int) -> Iterator[RoomEvent]:
    """Two thousand enters that leave the audience as it is."""
    return (
        room_event(minute + number / 2_000, "enter", actor=Account(f"h{minute}-{number}")) for number in range(2_000)
    )


def flitting(minute: int) -> Iterator[RoomEvent]:
    """Forty who leave after two seconds, by a feed that tells."""
    for number in range(40):
        yield room_event(minute + number / 40, "enter", actor=Account(f"f{minute}-{number}"))
        yield room_event(minute + number / 40, "leave", 2, actor=Account(f"f{minute}-{number}"))


def tapping(minute: int) -> Iterator[RoomEvent]:
    """Two machines that tap fifty times a second."""
    return (
        room_event(minute + second / 60, "like", 50, actor=Account(f"m{machine}"))
        for second in range(60)
        for machine in range(2)
    )


def farm(minute: int) -> Iterator[RoomEvent]:
    """Five helpers who write every four seconds, each time something else."""
    return (
        room_event(
            minute + number / 75, "comment", actor=Account(f"c{number % 5}"), text=f"love number {minute} {number}"
        )
        for number in range(75)
    )


def chorus(minute: int) -> Iterator[RoomEvent]:
    """Twelve accounts that say the same words in the same ten seconds, twice a minute."""
    for second in (10, 40):
        for number in range(12):
            moment = minute + (second + number / 3) / 60
            yield room_event(moment, "comment", actor=Account(f"b{number}"), text=f"Buy it now, best ever! {second}")


def parted(minute: int) -> Iterator[RoomEvent]:
    """Six accounts that speak together across a full ten seconds, thrice a minute."""
    for second in (8, 28, 48):
        for number in range(6):
            moment = minute + (second + 0.6 * number) / 60
            yield room_event(moment, "comment", actor=Account(f"p{number}"), text=f"Best host ever, buy! {second}")


def raffle(minute: int) -> Iterator[RoomEvent]:
    """Sixty viewers repeat a password, once."""
    return (
        room_event(
            minute + 0.2 + number / 900, "comment", actor=Account(f"r{minute}-{number}"), text="我要抽福袋加油主播"
        )
        for number in range(60)
    )


def play(minutes: Iterable[int], *crowds: Minute, since: int = 6) -> tuple[Room, list[Alert]]:
    """The room after people's minutes, with the crowds from a minute on; stored and loaded at each minute."""
    room, alerts = Room.create(room_event(0, "session_start"), CONFIG), list[Alert]()
    for minute in minutes:
        events = [*people(minute), *(one for crowd in crowds if minute >= since for one in crowd(minute))]
        room = Rooms(CONFIG).restore(room.snapshot())
        for event in sorted(events, key=lambda event: event.event_time_ms):
            alerts += room.process(event, SourceProgress({LOG: event.event_time_ms}))
    alerts += room.process(room_event(minute + 1, "viewers", 100), SourceProgress({LOG: at(minute + 1)}))
    return room, [alert for alert in alerts if alert.kind == "fake_traffic"]


def test_people_make_no_fake_traffic() -> None:
    room, alerts = play(range(20))
    assert alerts == []
    assert room.state.traffic.shares() == {"enters": 0.0, "likes": 0.0, "comments": 0.0}


@pytest.mark.parametrize(
    ("crowd", "figure", "share"),
    [
        (hollow, "enters", 0.85),
        (flitting, "enters", 40 / 90),
        (tapping, "likes", 0.93),
        (farm, "comments", 75 / 95),
        (chorus, "comments", 24 / 44),
        (parted, "comments", 18 / 38),
    ],
)
def test_fake_crowd_is_found_with_its_share(crowd: Minute, figure: TrafficFigure, share: float) -> None:
    room, alerts = play(range(18), crowd)
    shares = room.state.traffic.shares()
    assert shares[figure] == pytest.approx(share, abs=0.05)
    assert all(other < 0.1 for name, other in shares.items() if name != figure)
    assert [alert.state for alert in alerts] == ["pending", "firing"]
    assert at(7) < (alerts[-1].fired_at or 0) <= at(11)


def sampled(minutes: range, *crowds: Minute, since: int = 6) -> list[RoomEvent]:
    """The same, of whose likes the platform sends three in ten, each with the room's total."""
    told, total = list[RoomEvent](), 1_000
    for minute in minutes:
        events = [*people(minute), *(one for crowd in crowds if minute >= since for one in crowd(minute))]
        for number, event in enumerate(sorted(events, key=lambda event: event.event_time_ms)):
            if event.kind != "like":
                told.append(event)
                continue
            total += event.value
            if number % 10 < 3:
                told.append(msgspec.structs.replace(event, total=total))
    return told


def hear(events: Iterable[RoomEvent]) -> tuple[Room, list[Alert]]:
    room, alerts = Room.create(room_event(0, "session_start"), CONFIG), list[Alert]()
    for event in events:
        room = Rooms(CONFIG).restore(room.snapshot())
        alerts += room.process(event, SourceProgress({LOG: event.event_time_ms}))
    alerts += room.process(room_event(18, "viewers", 100), SourceProgress({LOG: at(18)}))
    return room, [alert for alert in alerts if alert.kind == "fake_traffic"]


def test_sampled_likes_are_the_platforms_total() -> None:
    room, alerts = hear(sampled(range(18)))
    happened = sum(event.value for minute in range(13, 18) for event in people(minute) if event.kind == "like")
    assert alerts == []
    assert room.state.traffic.all_counts()["likes"] == pytest.approx(happened, rel=0.05)


def test_share_of_machines_among_sampled_likes_is_that_of_all() -> None:
    room, alerts = hear(sampled(range(18), tapping))
    assert room.state.traffic.shares()["likes"] == pytest.approx(0.93, abs=0.05)
    assert room.state.traffic.all_counts()["likes"] > 5 * 6_000
    assert [alert.state for alert in alerts] == ["pending", "firing"]


def test_likes_that_only_the_total_tells_of_are_more_than_a_hundred_viewers_tap() -> None:
    bought = (
        room_event(minute + second / 60, "like", 0, total=(minute * 60 + second) * 2_500)
        for minute in range(6, 18)
        for second in range(0, 60, 5)
    )
    events = sorted([*(one for minute in range(18) for one in people(minute)), *bought], key=lambda e: e.event_time_ms)
    room, alerts = hear(events)
    assert room.state.traffic.shares()["likes"] == pytest.approx(0.6, abs=0.05)
    assert [alert.state for alert in alerts] == ["pending", "firing"]


def test_total_that_grew_while_nobody_listened_is_of_no_minute() -> None:
    totals = {6: 1_000, 6.5: 1_020, 11: 900_000, 11.5: 900_030}
    told = [room_event(minute, "like", 3, total=total) for minute, total in totals.items()]
    others = (one for minute in range(18) for one in people(minute) if one.kind != "like")
    room, alerts = hear(sorted([*others, *told], key=lambda event: event.event_time_ms))
    assert alerts == []
    assert not any(result.fake[1] for result in room.state.traffic.results.values())


@pytest.mark.parametrize(
    "told",
    [
        [(3, 1_000, 3), (3, 1_010, 10), (3, None, 3), (3, 1_020, 7)],
        [(3, 1_000, 3), (3, 1_010, 10), (3, 1_005, 0), (3, 1_012, 2)],
        [(3, 1_000, 3), (3, 10, 0), (3, 14, 0), (3, 20, 3), (3, 26, 6)],
        [(2, 1, 1), (0, 5, 4)],
    ],
    ids=["beside", "noise", "anew", "first"],
)
def test_total_counts_by_what_it_grew(told: list[tuple[int, int | None, int]]) -> None:
    likes = RoomLikes()
    assert [likes.grown(taps, total, second) for second, (taps, total, _) in enumerate(told)] == [n for *_, n in told]


def test_raffle_is_no_chorus() -> None:
    room, alerts = play(range(18), lambda minute: raffle(minute) if minute == 9 else iter(()))
    assert alerts == []
    assert room.state.traffic.shares()["comments"] == 0.0


def test_alert_says_what_is_fake_and_who_makes_it() -> None:
    _, alerts = play(range(12), tapping)
    fired = alerts[-1]
    assert (fired.kind, fired.room_id, fired.brand_id, fired.severity) == ("fake_traffic", "r1", "acme", "warning")
    assert fired.started_at == at(6)
    assert "of the likes did not come from real viewers" in fired.summary
    assert "12,000 of " in fired.explanation
    assert fired.observed["fake_likes"] <= fired.baseline["likes"]
    assert fired.factors["likes"] > 0.5
    assert dict(fired.spreaders) == {"m0": 3_000, "m1": 3_000}
    assert fired.runbook == "fake-traffic.md"


def test_alert_resolves_when_the_crowd_has_gone() -> None:
    _, alerts = play(range(24), lambda minute: tapping(minute) if minute < 10 else iter(()))
    assert [alert.state for alert in alerts] == ["pending", "firing", "resolved"]
    assert len({alert.fingerprint for alert in alerts}) == 1


def test_small_room_of_five_friends_is_let_alone() -> None:
    traffic = TrafficWindow()
    for minute in range(10):
        traffic.add_snapshot(6)
        for number in range(50):
            traffic.add_comment(f"friend{number % 5}", f"so {minute} {number}", at(minute + number / 50))
        traffic.close(minute)
    assert traffic.shares() == {"comments": 0.0}


def test_state_is_bounded_and_machines_stay_known() -> None:
    traffic = TrafficWindow()
    traffic.add_snapshot(5_000)
    for number in range(40_000):
        account = "machine" if number % 20 == 0 else f"a{number}"
        traffic.add_likes(account, 2, None, at(0))
        traffic.add_comment(account, f"words of {number}", at(number / 40_000))
    assert len(msgspec.msgpack.encode(traffic)) < 25_000
    traffic.close(0)
    assert set(traffic.flagged_accounts) == {"machine"}
    assert len(msgspec.msgpack.encode(traffic)) < 500


def test_bought_traffic_of_the_simulator_is_found_with_its_true_share() -> None:
    traffic = generate(scenario("fake-traffic"), at(60))
    truth, log, alerts = traffic.truth, SourceProgress(), list[Alert]()
    room: Room | None = None
    shares = dict[int, dict[TrafficFigure, float]]()
    for record in traffic.records:
        if record.key == b"room-113" and (event := decoded(record.value)) is not None:
            room = room or Room.create(event, CONFIG)
            log.observe(LOG, record.due_ms)
            alerts += room.process(event, log)
            shares[room.state.minute] = room.state.traffic.shares()
    [incident] = scenario("fake-traffic").incidents
    last = truth.started_at_ms // MINUTE_MS + int(incident.onset_minute + incident.minutes) - 1
    names: dict[TrafficFigure, str] = {"enters": "views", "likes": "likes", "comments": "comments"}
    for figure, name in names.items():
        expected = truth.fake_share("room-113", name, last - 4, last)
        assert shares[last + 1][figure] == pytest.approx(expected, abs=0.1), figure
    assert [verdict.fault for verdict in compare_alerts(truth.alerts, alerts)] == [None]


def decoded(value: bytes | None) -> RoomEvent | None:
    try:
        return msgspec.json.decode(value or b"", type=RoomEvent)
    except msgspec.DecodeError:
        return None
