"""What real platforms, clocks and collectors make of a simulation, and what its truth says of that."""

from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from streams.clock import DAY_MS, HOUR_MS, MINUTE_MS
from streams.events.codec import decode_one
from streams.events.schema import Event
from streams.simulate.generate import Traffic, generate
from streams.simulate.scenario import Scenario, Unkindness
from streams.simulate.scenarios import UNKIND, YESTERDAY
from streams.simulate.unkind import UNHEARD, UNTOLD_LIKES
from tests.oracle.recount import Record, recount

ENDED_AT_MS = 1_790_000_012_345
OURS = {"room-201", "room-203", "room-206", "room-208"}
NEXT_DAY = "room-207"
KIND = replace(UNKIND, unkindness=Unkindness())


@pytest.fixture(scope="module")
def unkind() -> Traffic:
    return generate(UNKIND, ENDED_AT_MS)


def events(traffic: Traffic) -> list[tuple[int, Event]]:
    decoded = ((record.due_ms, decode_one(record.value, 0, record.due_ms)) for record in traffic.records)
    return [(due_ms, event) for due_ms, event in decoded if isinstance(event, Event)]


def only(**switches: object) -> Traffic:
    return generate(replace(KIND, unkindness=Unkindness(**switches)), ENDED_AT_MS)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [1, 2])
def test_truth_of_what_is_told_agrees_with_a_recount_of_the_bytes(seed: int) -> None:
    traffic = generate(replace(UNKIND, seed=seed), ENDED_AT_MS)
    partitions: dict[tuple[str, bytes], list[Record]] = {}
    for record in traffic.records:
        partition = partitions.setdefault((record.topic, record.key), [])
        partition.append((len(partition), record.value, record.due_ms))
    other = recount(partitions.values())
    for scope, ids in traffic.truth.scopes.items():
        for name, counts in ids.items():
            for minute, sums in counts.minutes.items():
                meant = {key: value for key, value in sums.items() if value}
                assert meant == other.minute(scope, name, minute), (scope, name, minute)
            for group, number in counts.people["24h"].items():
                everyone = other.everyone(scope, name, group, ENDED_AT_MS // MINUTE_MS - 24 * 60 + 1)
                assert len(everyone) == number, (scope, name, group)
    assert sum(traffic.truth.dead_letters.values()) == other.fates["dead_letter"]


def test_rooms_tell_what_their_platform_sends_and_no_more(unkind: Traffic) -> None:
    told = {(event.platform, event.kind) for _, event in events(unkind) if event.room_id in OURS}
    never = {"leave", "watch", "unfollow", "exposure", "product_shown", "product_click", "add_to_cart"}
    assert not {kind for _, kind in told} & never
    assert ("tiktok", "speech") in told
    assert not {("douyin", "speech"), ("bilibili", "speech"), ("douyin", "session_start")} & told
    assert ("bilibili", "session_start") in told
    assert all(event.session_id is None for _, event in events(unkind) if event.room_id in OURS)


def test_orders_are_told_by_the_merchant(unkind: Traffic) -> None:
    told = [event for _, event in events(unkind) if event.room_id in OURS]
    orders = [event for event in told if event.kind in ("order", "payment", "refund")]
    assert {event.source for event in orders} == {"shanye-orders", "lumo-orders", "velvet-orders", "northpeak-orders"}
    viewers = {event.actor for event in told if event.kind == "enter"}
    assert sum(event.actor in viewers for event in orders) > len(orders) / 2


def test_what_nobody_tells_is_unknowable(unkind: Traffic) -> None:
    unknowable = unkind.truth.unknowable
    assert {"leave is not told", "enters sampled away", "messages of masked users", "ends that nobody says"} <= set(
        unknowable
    )
    assert all(number > 0 for number in unknowable.values())
    assert UNHEARD not in unknowable
    assert generate(KIND, ENDED_AT_MS).truth.unknowable == {}


def test_sampled_likes_have_the_whole_rooms_total_beside_them(unkind: Traffic) -> None:
    likes = [event for _, event in events(unkind) if event.kind == "like" and event.room_id == "room-201"]
    told = sum({event.event_id: event.value for event in likes}.values())
    assert max(event.total or 0 for event in likes) > 1.2 * told


def test_truth_of_likes_is_the_platforms_total(unkind: Traffic) -> None:
    """All but those before the first total and after the last: of a sample of seven in ten, nearly all are known."""

    def likes(traffic: Traffic, room: str) -> int:
        return sum(sums.get("likes", 0) for sums in traffic.truth.scopes["room"][room].minutes.values())

    kind = generate(KIND, ENDED_AT_MS)
    for room in OURS:
        happened, known = likes(kind, room), likes(unkind, room)
        assert 0.97 * happened <= known <= happened, room
    assert 0 < unkind.truth.unknowable[UNTOLD_LIKES] < 200


def test_bilibili_tells_likes_one_by_one_and_in_the_rooms_total(unkind: Traffic) -> None:
    likes = [event for _, event in events(unkind) if event.kind == "like" and event.room_id == "room-203"]
    assert {(event.value_mode, event.total is None) for event in likes} == {("aggregate", True), ("delta", False)}


def test_a_second_stream_begins_in_the_same_room(unkind: Traffic) -> None:
    said = [event for _, event in events(unkind) if event.room_id == "room-203"]
    starts = sorted({event.event_time_ms for event in said if event.kind == "session_start"})
    ends = {event.event_time_ms for event in said if event.kind == "session_end"}
    assert len(starts) == 2
    assert starts[0] < min(ends) < starts[1]


def test_a_stream_goes_on_the_next_day_under_a_session_of_its_own(unkind: Traffic) -> None:
    """The day before's never said its end, and no window of the last 24 hours holds it: its session does."""
    said = [event for _, event in events(unkind) if event.room_id == NEXT_DAY]
    first, second = sorted({event.event_time_ms for event in said if event.kind == "session_start"})
    assert DAY_MS < second - first < DAY_MS + HOUR_MS
    assert not [event for event in said if event.kind == "session_end"]
    sessions = {name: truth for name, truth in unkind.truth.sessions.items() if truth.room_id == NEXT_DAY}
    assert len(sessions) == 2
    yesterdays, todays = (sessions[f"{NEXT_DAY}-s{minute}"] for minute in (first // MINUTE_MS, second // MINUTE_MS))
    assert min(yesterdays.sums["comments"], yesterdays.people["viewers"], yesterdays.viewers_peak) > 20
    day = unkind.truth.sums("room", NEXT_DAY, "24h")
    assert day["comments"] == todays.sums["comments"]
    assert unkind.truth.scopes["room"][NEXT_DAY].people["24h"]["viewers"] == todays.people["viewers"]


def test_clock_that_is_off_is_off_by_the_same_all_the_time() -> None:
    ahead = only(platform_messages=frozenset(OURS), clocks_off_seconds={"room-208": 75})
    straight = only(platform_messages=frozenset(OURS))

    def comments(traffic: Traffic) -> dict[str, int]:
        said = (event for _, event in events(traffic) if event.room_id == "room-208" and event.kind == "comment")
        return {event.event_id: event.event_time_ms for event in said}

    off, right = comments(ahead), comments(straight)
    assert {off[name] - right[name] for name in off.keys() & right.keys()} == {75_000}


def test_room_whose_clock_is_ahead_is_to_be_told_of(unkind: Traffic) -> None:
    told = [(alert.kind, alert.brand_id) for alert in unkind.truth.alerts if alert.kind == "feed_time"]
    assert told == [("feed_time", "northpeak")], "room-208 is 75 seconds ahead; behind by less than ten minutes is late"


def test_stream_whose_end_nobody_said_is_silent_and_then_over(unkind: Traffic) -> None:
    (told,) = (alert for alert in unkind.truth.alerts if alert.kind == "feed_silent")
    assert (told.brand_id, told.room_id, told.must_resolve) == ("velvet", NEXT_DAY, True)
    closed_ms = ENDED_AT_MS - (UNKIND.minutes - YESTERDAY - 25) * MINUTE_MS
    assert told.onset_from_ms < closed_ms < told.onset_to_ms


def test_polled_feed_comes_in_batches_with_the_newest_first() -> None:
    polled = only(polled_minutes={"weibo-search": 5})
    texts = [(due, event) for due, event in events(polled) if event.source == "weibo-search" and event.kind == "post"]
    batches: dict[int, list[int]] = {}
    seen = set[str]()
    for due_ms, event in sorted(texts, key=lambda one: one[0]):
        if due_ms - event.event_time_ms <= 6 * MINUTE_MS and event.event_id not in seen:  # else it came twice
            seen.add(event.event_id)
            batches.setdefault(due_ms // (5 * MINUTE_MS), []).append(event.event_time_ms)
    assert len(batches) >= 7
    first = max(batches.values(), key=len)
    assert all(later <= earlier + 1_000 for earlier, later in pairwise(first))


def test_masked_users_hold_in_their_room(unkind: Traffic) -> None:
    actors = [event.actor for _, event in events(unkind) if event.room_id == "room-203" and event.kind == "comment"]
    masked = [actor for actor in actors if actor is not None and actor.masked]
    assert 0.25 < len(masked) / len(actors) < 0.75


def test_a_deleted_account_is_one_message_after_its_post(unkind: Traffic) -> None:
    told = [event for _, event in events(unkind)]
    deleted = {event.event_id: event for event in told if event.kind == "account_deletion"}
    assert 4 <= len(deleted) <= 6
    for deletion in deleted.values():
        written = [event for event in told if event.kind == "post" and event.actor == deletion.actor]
        assert min(event.event_time_ms for event in written) < deletion.event_time_ms


def test_nothing_arrives_after_the_end(unkind: Traffic) -> None:
    arrivals = [record.due_ms for record in unkind.records]
    assert arrivals == sorted(arrivals)
    assert arrivals[-1] <= ENDED_AT_MS


def test_a_kind_scenario_is_told_as_it_is() -> None:
    small: Scenario = replace(KIND, name="small", minutes=6, incidents=())
    kind = generate(small, ENDED_AT_MS)
    assert {event.kind for _, event in events(kind)} >= {"leave", "product_click", "session_start"}
    assert msgspec.json.encode(kind.truth.unknowable) == b"{}"
