"""A room's likes where the platform sends a sample of them, and its own total beside them; minutes from 10:00."""

from typing import Any

import pytest

from streams.engagement.like_totals import BEHIND_MS, MAX_COLLECTORS
from streams.events.schema import Event
from streams.ledger.memory import MemoryLedger
from tests.builders.events import TEN_MS, event
from tests.fakes.engagement_worker import PARTITION, TOPIC, Counted, Worker, log_of

TEN = TEN_MS // 60_000
ROOM, BRAND = "r:r1", "b:b1"
SECOND = 1 / 60
CUTS: tuple[tuple[int, ...], ...] = ((), (1,) * 20, (2, 3))
"""One batch, many, and some."""


def like(total: int | None, at_minutes: float, likes: int = 0, **fields: Any) -> Event:
    return event("like", at_minutes, value=likes, total=total, sampled=True, **fields)


def telling(*totals: int, since: float = 0, source: str = "feed") -> list[Event]:
    """Totals as one collector tells them, ten seconds apart."""
    return [like(total, since + at * 10 * SECOND, source=source) for at, total in enumerate(totals)]


async def counted(*events: Event, sizes: tuple[int, ...] = ()) -> Counted:
    worker = Worker(log_of(events))
    await worker.run(sizes)
    assert isinstance(worker.ledger, MemoryLedger)
    return Counted(worker.ledger.shards[TOPIC, PARTITION])


async def likes_of(*events: Event, sizes: tuple[int, ...] = ()) -> int:
    """All likes of the room, whatever the batches."""
    found = await counted(*events, sizes=sizes)
    return sum(
        sums.get("likes", 0) for (bucket, name), sums in found.sums().items() if (bucket[:4], name) == ("hour", ROOM)
    )


@pytest.mark.parametrize("sizes", CUTS)
async def test_likes_are_what_the_total_grew_by(sizes: tuple[int, ...]) -> None:
    """Three likes of each message are told, and the platform counted 1000, 1010, 1025."""
    told = [like(1_000, 0, 3), like(1_010, 1, 3), like(1_025, 2, 3)]
    found = await counted(*told, sizes=sizes)
    minutes = [found.sums()[f"minute:{TEN + at}", name]["likes"] for name in (ROOM, BRAND) for at in range(3)]
    assert minutes == [3, 10, 15] * 2
    assert [found.like_totals()[f"minute:{TEN + at}", ROOM] for at in range(3)] == [1_000, 1_010, 1_025]
    assert not found.sampled_likes()


async def test_first_total_is_no_growth_and_is_the_streams_total_so_far() -> None:
    found = await counted(like(1_000_000, 0, 2, session_id="s1"))
    assert found.sums()[f"minute:{TEN}", ROOM] == {"likes": 2}
    shown = {"r:r1", "s"}
    assert {name for (_, name), total in found.like_totals().items() if total == 1_000_000} == shown


async def test_first_total_without_likes_of_its_own_is_seen_in_its_session() -> None:
    found = await counted(like(98_000, 0, session_id="s1"))
    assert found.like_totals()["session:s1", "s"] == 98_000
    assert found.last_minutes(ROOM) == {"s1": TEN}


@pytest.mark.parametrize("sizes", CUTS)
async def test_messages_that_come_out_of_order_count_once(sizes: tuple[int, ...]) -> None:
    """Sent a second apart: the last one of six comes second, as a busy room's do."""
    sent = [like(100 + 10 * at, at * SECOND) for at in range(6)]
    assert await likes_of(sent[0], sent[5], *sent[1:5], sizes=sizes) == 50


@pytest.mark.parametrize("sizes", CUTS)
async def test_total_that_falls_twice_is_noise(sizes: tuple[int, ...]) -> None:
    assert await likes_of(*telling(100, 120, 7, 8, 130, 9, 10, 140), sizes=sizes) == 40


@pytest.mark.parametrize("sizes", CUTS)
async def test_total_that_stays_lower_three_times_running_counts_from_there(sizes: tuple[int, ...]) -> None:
    assert await likes_of(*telling(1_000, 1_020, 5, 8, 11, 14), sizes=sizes) == 20 + 9


@pytest.mark.parametrize("kind", ["session_start", "session_end"])
async def test_total_is_another_streams_after_one_began_or_ended(kind: str) -> None:
    first, second = telling(1_000, 1_020), telling(5, 8, since=1.5)
    assert await likes_of(*first, event(kind, 1), *second) == 23
    assert await likes_of(*first, event(kind, 1), *telling(5_000, 5_008, since=1.5)) == 28


async def test_late_word_of_the_stream_before_counts_for_it() -> None:
    turn = event("session_start", 1)
    assert await likes_of(*telling(1_000, 1_020), turn, like(1_024, 0.9), *telling(5, 8, since=1.5)) == 27


async def test_start_that_is_told_amid_a_stream_costs_one_step_at_most() -> None:
    assert await likes_of(*telling(1_000, 1_010), event("session_start", 0.5), *telling(1_012, 1_020, since=1)) == 18


async def test_session_with_an_id_of_its_own_begins_anew() -> None:
    def told(total: int, at: float, session: str) -> Event:
        return like(total, at, session_id=session)

    events = [told(1_000, 0, "s1"), told(1_020, 1, "s1"), told(5, 2, "s2"), told(9, 3, "s2"), told(1_021, 1.5, "s1")]
    found = await counted(*events)
    assert found.sums()["session:s1", "s"]["likes"] == 21
    assert found.sums()["session:s2", "s"]["likes"] == 4
    assert found.like_totals()["session:s2", "s"] == 9


@pytest.mark.parametrize("sizes", CUTS)
@pytest.mark.parametrize("behind", [0, 2, 40])
async def test_two_collectors_of_a_room_do_not_add_up(behind: int, sizes: tuple[int, ...]) -> None:
    """The second tells the same totals, or is so many seconds behind; either may go on alone."""
    totals = range(1_000, 1_200, 10)
    first = [like(total, at * SECOND, source="feed-a") for at, total in enumerate(totals)]
    second = [(at + behind, like(total, at * SECOND, source="feed-b")) for at, total in enumerate(totals)]
    both = [one for _, one in sorted([*enumerate(first), *second], key=lambda item: item[0])]
    assert await likes_of(*both, sizes=sizes) == 190
    alone = [like(total, 1, source="feed-b") for total in (1_200, 1_230)]
    assert await likes_of(*both, *alone, sizes=sizes) == 230


async def test_collector_that_comes_while_another_is_away_counts_from_its_first_total() -> None:
    assert await likes_of(*telling(100, 110, source="a"), *telling(90_000, 90_007, since=30, source="b")) == 17


async def test_both_collectors_of_a_stream_that_begins_unsaid_count_it_once() -> None:
    before = [one for at in (0, 1) for one in (like(900 + at, at, source="a"), like(900 + at, at, source="b"))]
    after = [one for at in range(6) for one in (like(at, 5 + at, source="a"), like(at, 5 + at, source="b"))]
    assert await likes_of(*before, *after) == 1 + 5


@pytest.mark.parametrize("sizes", CUTS)
async def test_likes_told_one_by_one_are_in_the_next_total(sizes: tuple[int, ...]) -> None:
    """Bilibili's socket tells a click a viewer, and then the room's total: 100, two clicks, 110, a click, 111."""
    clicks = [like(None, at, 1, person=f"p{at}") for at in (1, 2, 4)]
    totals = [like(100, 0), like(110, 3), like(111, 5)]
    told = sorted([*clicks, *totals], key=lambda one: one.event_time_ms)
    assert await likes_of(*told, sizes=sizes) == 11


async def test_likes_summed_by_the_platform_are_in_the_next_total() -> None:
    summed = event("like", 1, value=6, value_mode="aggregate", source="open")
    assert await likes_of(like(100, 0), summed, like(110, 2)) == 10


async def test_sampled_likes_without_a_total_are_counted_and_marked() -> None:
    found = await counted(like(None, 0, 4), like(None, 1, 3), event("like", 1, value=5))
    assert found.sums()[f"hour:{TEN // 60}", ROOM]["likes"] == 12
    assert found.sampled_likes()[f"hour:{TEN // 60}", ROOM] == 7
    assert found.sampled_likes()[f"hour:{TEN // 60}", BRAND] == 7
    assert not found.like_totals()


async def test_start_of_a_room_without_a_total_is_no_like() -> None:
    found = await counted(event("session_start", sampled=True), event("session_end", 1, sampled=True, total=5))
    assert not any(found.sums().values())
    assert not found.sampled_likes()


async def test_rooms_and_platforms_are_apart() -> None:
    events = [
        like(total, at, room_id=room, platform=platform)
        for at, total in enumerate((100, 104))
        for room, platform in (("r1", "tiktok"), ("r1", "douyin"), ("r2", "douyin"))
    ]
    found = await counted(*events)
    assert [found.sums()[f"minute:{TEN + 1}", name]["likes"] for name in (ROOM, "r:r1@douyin", "r:r2", BRAND)] == [
        4,
        4,
        4,
        12,
    ]


async def test_total_outside_of_a_room_is_no_rooms() -> None:
    found = await counted(
        event("like", value=2, total=500, room_id=None), event("like", value=3, total=900, room_id=None)
    )
    assert found.sums()[f"minute:{TEN}", BRAND]["likes"] == 5


async def test_retraction_leaves_what_the_total_says_and_takes_back_a_single_like() -> None:
    totals, single = telling(100, 110), like(None, 1, 4)
    back = [event("retraction", 2, retracts=one.event_id) for one in (totals[1], single)]
    assert await likes_of(*totals, single, *back) == 10
    assert await likes_of(*back, *totals, single) == 10


@pytest.mark.parametrize("died_after", [1, 3, 5])
async def test_totals_are_remembered_through_deaths(died_after: int) -> None:
    events = [*telling(100, 110, 3, 4), *telling(105, 125, since=0.2, source="b"), *telling(6, 9, since=2)]
    worker = Worker(log_of(events))
    await worker.run((1,) * died_after, applied=died_after)
    await worker.run((2, 1))
    assert isinstance(worker.ledger, MemoryLedger)
    found = Counted(worker.ledger.shards[TOPIC, PARTITION])
    assert found.sums() == (await counted(*events)).sums()
    assert found.like_totals() == (await counted(*events)).like_totals()


async def test_total_of_days_ago_is_forgotten() -> None:
    assert await likes_of(like(100, 0), like(160, 23 * 60), like(400, 4 * 24 * 60)) == 60


async def test_absurd_totals_end_at_the_schemas_bound_and_harm_no_later_likes() -> None:
    ends = [like(total, at) for at, total in enumerate((2**53, 1, 2, 3) * 40)]
    found = await counted(*ends)
    assert found.like_totals()[f"minute:{TEN + len(ends) - 1}", ROOM] == 3
    worker = Worker(log_of([like(2**53 + 1, 0)]))
    await worker.run()
    assert [letter.reason for letter in worker.sink.letters.values()] == ["out_of_range"]


async def test_many_collectors_of_a_room_are_no_growth() -> None:
    """Made up by a hostile feed: the room remembers some of them, and each begins with a baseline."""
    events = [like(1_000 * at, at * BEHIND_MS / 60_000 / 5, source=f"s{at}") for at in range(5 * MAX_COLLECTORS)]
    assert await likes_of(*events) == 0
