"""What each kind of event counts for, by worked examples; minutes are counted from 10:00."""

from typing import Any

import msgspec
import numpy as np
import pytest

from streams.engagement.buckets import SHORT_BYTES
from streams.engagement.dedup import BLOCK_BITS
from streams.engagement.dictionary import CONTRIBUTIONS, GROUPS, SLOTS, SUMS
from streams.engagement.handler import EngagementHandler
from streams.engagement.hyperloglog import entries, hashes
from streams.engagement.pending import PENDING_MINUTES
from streams.engagement.scopes import HOURS_KEPT_SECONDS, MINUTES_KEPT_SECONDS
from streams.errors import Fenced, OffsetMoved, Unavailable
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Event
from streams.ledger.memory import MemoryLedger, Shard
from streams.topology import LIVE, SOCIAL
from streams.transport.batch import Batch
from tests.builders.events import TEN_MS, event
from tests.fakes.engagement_worker import LOG_MS, PARTITION, TOPIC, Counted, Worker, batches, log_of

TEN = TEN_MS // 60_000
HOUR = TEN // 60
ROOM, BRAND, PLATFORM = "r:r1", "b:b1", "f:douyin"
COLLECTORS = "douyin-live-a", "douyin-live-b"


async def counted(*events: Event, sizes: tuple[int, ...] = ()) -> Counted:
    worker = Worker(log_of(events))
    await worker.run(sizes)
    return Counted(shard_of(worker))


def shard_of(worker: Worker) -> Shard:
    assert isinstance(worker.ledger, MemoryLedger)
    return worker.ledger.shards[TOPIC, PARTITION]


async def room_sums(*events: Event, sizes: tuple[int, ...] = ()) -> dict[str, int]:
    """The room's sums over its hour."""
    return (await counted(*events, sizes=sizes)).sums().get((f"hour:{HOUR}", ROOM), {})


async def room_people(*events: Event) -> dict[str, int]:
    return (await counted(*events)).people().get((f"hour:{HOUR}", ROOM), {})


@pytest.mark.parametrize(
    ("kind", "sums"),
    [
        ("exposure", {"exposures": 3}), ("enter", {"views": 3}), ("watch", {"watch_seconds": 3}),
        ("leave", {"leaves": 1, "watch_seconds": 3}), ("like", {"likes": 3}), ("comment", {"comments": 3}),
        ("reply", {"comments": 3}), ("gift", {"gifts": 3, "gift_value": 21}), ("follow", {"follows": 3}),
        ("unfollow", {"unfollows": 3}), ("share", {"shares": 3}), ("collect", {"collects": 3}), ("post", {"posts": 3}),
        ("repost", {"posts": 3}), ("review", {"reviews": 3}), ("speech", {"speeches": 1}), ("notice", {"notices": 3}),
        ("product_shown", {"product_shown": 3}), ("product_click", {"product_clicks": 3}),
        ("add_to_cart", {"carts": 3}),
        ("order", {"orders": 1, "order_value": 7}), ("payment", {"payments": 1, "paid_value": 7}),
        ("refund", {"refunds": 1, "refund_value": 7}), ("session_start", {}), ("session_end", {}), ("viewers", {}),
    ],
)  # fmt: skip
async def test_kind_adds_what_the_vocabulary_says(kind: str, sums: dict[str, int]) -> None:
    assert await room_sums(event(kind, value=3, amount=7)) == sums
    assert await room_sums(event(kind, value=3, amount=7, value_mode="aggregate")) == sums


def test_every_kind_has_a_meaning_and_every_sum_a_source() -> None:
    summed = {name for meaning in CONTRIBUTIONS.values() for name, _ in meaning.adds} | {"mirrors", "late"}
    assert summed == set(SUMS)


@pytest.mark.parametrize("hours_ahead", [0.1, 8, 26])
async def test_event_far_ahead_counts_when_it_arrived(hours_ahead: float, caplog: pytest.LogCaptureFixture) -> None:
    ahead_ms = round(hours_ahead * 3_600_000)
    now = event("like", event_time_ms=LOG_MS)
    arrived = [event("comment", event_time_ms=LOG_MS + ahead_ms, source="fast\n") for _ in range(3)]
    viewers = event("viewers", value=50, event_time_ms=LOG_MS + ahead_ms, source="fast\n")
    found = await counted(*arrived, viewers, now, event("like", event_time_ms=LOG_MS - 86_400_000))
    assert found.sums()[f"minute:{LOG_MS // 60_000}", ROOM] == {"comments": 3, "likes": 1}
    assert found.viewers()[f"minute:{LOG_MS // 60_000}", ROOM] == (50, 50)
    [told] = caplog.messages
    assert told.startswith(f"fast\ufffd: an event was {ahead_ms / 60_000:.1f} minutes ahead of its arrival")


async def test_event_counts_in_every_scope_and_window() -> None:
    found = (await counted(event("payment", 1, product_id="p1", session_id="s1", amount=990))).sums()
    paid = {"payments": 1, "paid_value": 990}
    fields = {ROOM, BRAND, PLATFORM, "p:p1"}
    expected = {(bucket, name) for bucket in (f"minute:{TEN + 1}", f"hour:{HOUR}") for name in fields}
    assert found == dict.fromkeys(expected | {("session:s1", "s"), ("session:s1", "p:p1")}, paid)


async def test_event_outside_of_a_room_counts_for_brand_and_platform() -> None:
    found = await counted(event("like", person="a", room_id=None))
    assert {name for _, name in found.sums()} == {BRAND, PLATFORM}
    assert found.people()[f"hour:{HOUR}", BRAND] == {"interacting": 1}


# Growing counts.


async def test_streak_counts_its_growth_and_need_not_end() -> None:
    """1, 5, 5 again, 3 out of order, 8 and never final: 8 gifts of 10."""
    streak: dict[str, Any] = {"subject_id": "g1", "amount": 10, "final": False}
    reports = [event("gift", value=value, **streak) for value in (1, 5, 5, 3, 8)]
    for sizes in ((), (1, 1, 1, 1), (2, 2)):
        assert await room_sums(*reports, sizes=sizes) == {"gifts": 8, "gift_value": 80}


async def test_streak_that_ends_counts_no_more_at_its_end() -> None:
    reports = [event("gift", value=5, final=final, subject_id="g1", amount=2) for final in (False, True)]
    assert await room_sums(*reports) == {"gifts": 5, "gift_value": 10}


async def test_streaks_of_different_rooms_and_subjects_are_apart() -> None:
    gifts = [event("gift", value=2, subject_id=subject) for subject in ("g1", "g2")]
    elsewhere = event("gift", value=2, subject_id="g1", room_id="r2")
    found = (await counted(*gifts, elsewhere)).sums()
    assert [found[f"hour:{HOUR}", name]["gifts"] for name in (ROOM, "r:r2", BRAND)] == [4, 2, 6]


async def test_streak_growth_lands_in_the_minute_of_its_report() -> None:
    found = (await counted(event("gift", 0, value=2, subject_id="g"), event("gift", 1, value=5, subject_id="g"))).sums()
    assert [found[f"minute:{TEN + minute}", ROOM]["gifts"] for minute in (0, 1)] == [2, 3]


async def test_snapshot_counts_growth_over_the_highest_and_nothing_for_the_first() -> None:
    """100 baseline, 130, 130 again, 110 replayed, 150: 50 likes."""
    likes = [event("like", value=value, value_mode="snapshot") for value in (100, 130, 130, 110, 150)]
    for sizes in ((), (1, 1, 1, 1), (3,)):
        assert await room_sums(*likes, sizes=sizes) == {"likes": 50}


async def test_snapshots_of_posts_are_apart() -> None:
    totals = [("x", 5), ("y", 50), ("x", 7), ("y", 51)]
    likes = [event("like", value=value, value_mode="snapshot", subject_id=post) for post, value in totals]
    assert await room_sums(*likes) == {"likes": 3}


async def test_snapshot_after_two_silent_days_is_a_new_baseline_whoever_remembers() -> None:
    days = (0, 1, 3)
    likes = [event("like", day * 1440, value=100 + day, value_mode="snapshot") for day in days]
    for sizes in ((), (1, 1)):
        worker = Worker(log_of(likes))
        for _ in range(3):
            await worker.run(sizes, applied=1)
        await worker.run()
        counts = Counted(shard_of(worker)).sums()
        assert [counts.get((f"hour:{HOUR + 24 * day}", BRAND), {}).get("likes", 0) for day in days] == [0, 1, 0]


async def test_viewers_are_a_gauge_with_its_peak() -> None:
    """30, 80, 50 at 10:00, 25 and then 20 for the same moment of 10:01, and 10 that comes late for 10:00."""
    reported = [(0, 30), (0.5, 80), (0.9, 50), (1, 25), (1, 20), (0.2, 10)]
    gauges = [event("viewers", at, value=count, value_mode="snapshot", session_id="s1") for at, count in reported]
    found = (await counted(*gauges, sizes=(2, 1, 1))).viewers()
    assert found[f"minute:{TEN}", ROOM] == (80, 50)
    assert found[f"minute:{TEN + 1}", ROOM] == (25, 20)
    assert found[f"hour:{HOUR}", ROOM] == found["session:s1", "s"] == (80, 20)
    assert {name for _, name in found} == {ROOM, "s"}


# People.


async def test_fifty_comments_by_one_person_are_one_interacting_viewer() -> None:
    comments = [event("comment", person="a") for _ in range(50)]
    assert await room_people(*comments, event("enter", person="b")) == {"viewers": 2, "interacting": 1}


async def test_funnel_is_monotone_though_steps_are_missing() -> None:
    found = await room_people(
        event("payment", person="a"), event("product_click", person="b"), event("enter", person="c")
    )
    assert found == {"viewers": 3, "shown": 2, "clickers": 2, "carters": 1, "orderers": 1, "payers": 1}


async def test_person_is_one_over_minutes_and_rooms_of_a_brand() -> None:
    found = await counted(
        event("enter", 0, "a"), event("enter", 1, "a"), event("enter", 1, "a", room_id="r2"), event("enter", 1, "b")
    )
    people = found.people()
    assert people[f"minute:{TEN + 1}", ROOM] == {"viewers": 2}
    assert people[f"hour:{HOUR}", BRAND] == {"viewers": 2}


@pytest.mark.parametrize("kind", ["exposure", "speech", "notice", "session_start", "retraction"])
async def test_kind_that_shows_nobody_meets_nobody(kind: str) -> None:
    assert await room_people(event(kind, person="host", retracts="x")) == {}


async def test_follow_unfollow_follow_is_one_new_follower() -> None:
    changes = [event("follow", 0, "a"), event("unfollow", 1, "a"), event("follow", 2, "a"), event("follow", 3, "a")]
    found = await counted(*changes, event("follow", 0, "b"), event("unfollow", 1, "b"), sizes=(1, 2))
    assert found.followers()[ROOM] == {"a": TEN_MS + 2 * 60_000}
    assert found.followers().keys() == {ROOM, BRAND, PLATFORM}


async def test_followers_of_a_session_are_its_own() -> None:
    found = await counted(event("follow", 0, "a", session_id="s1"), event("follow", 1, "b", session_id="s2"))
    assert found.followers()["session:s1"].keys() == {"a"}


# Fates.


async def test_mirror_counts_as_nothing_else() -> None:
    found = await counted(event("comment", person="a", is_mirror=True))
    assert found.sums()[f"hour:{HOUR}", ROOM] == {"mirrors": 1}
    assert found.people() == {}


async def test_unfinished_caption_is_counted_when_it_is_final() -> None:
    captions = [event("speech", subject_id="c1", final=final) for final in (False, False, True)]
    assert await room_sums(*captions) == {"speeches": 1}


async def test_duplicate_counts_nowhere() -> None:
    once = event("payment", person="a", amount=5)
    for sizes in ((), (1,)):
        assert await room_sums(once, once, once, sizes=sizes) == {"payments": 1, "paid_value": 5}


@pytest.mark.parametrize(("gap", "payments"), [(2, 1), ((1 << BLOCK_BITS) - 1, 1), (2 << BLOCK_BITS, 2)])
async def test_duplicate_is_known_in_its_block_and_the_next(gap: int, payments: int) -> None:
    """Also to a worker that begins just before it, whose ledger stands in the block of the repeat."""
    [(first, value), (_, between)] = log_of([event("payment", event_id="same"), event("like")], first_offset=100)
    log = [(first, value), (first + gap - 1, between), (first + gap, value)]
    for deaths_after in ([], [1], [2], [1, 1]):
        worker = Worker(log)
        for applied in deaths_after:
            await worker.run((1, 1), applied=applied)
        await worker.run((1,))
        assert Counted(shard_of(worker)).sums()[f"hour:{HOUR}", ROOM] == {"payments": payments, "likes": 1}


async def test_feeds_that_number_alike_lose_nothing() -> None:
    comments = [event("comment", event_id=str(at), source=source) for source in ("feed-a", "feed-b") for at in range(5)]
    assert await room_sums(*comments) == {"comments": 10}
    assert await room_sums(*comments, *comments, sizes=(7, 3)) == {"comments": 10}


async def test_two_collectors_of_a_room_count_once() -> None:
    comments = [
        event("comment", event_id=f"{one}:{at}", source=one) for one in COLLECTORS for at in range(70010, 70015)
    ]
    assert await room_sums(*comments) == {"comments": 5}
    taken_back = event("retraction", source=COLLECTORS[1], retracts=f"{COLLECTORS[1]}:70010")
    assert await room_sums(*comments, taken_back) == {"comments": 4, "retracted": 1}


async def test_retraction_by_another_source_takes_back_none_of_this_ones() -> None:
    comment = event("comment", event_id="1", source="feed-a")
    assert await room_sums(comment, event("retraction", source="feed-b", retracts="1")) == {"comments": 1}


async def test_room_and_product_belong_to_their_platform() -> None:
    sold = [
        event("payment", platform=platform, product_id="p1", session_id="s1", amount=amount)
        for platform, amount in (("douyin", 100), ("tiktok", 900), ("douyin", 20))
    ]
    found = (await counted(*sold)).sums()
    hour = f"hour:{HOUR}"
    assert [found[hour, name]["paid_value"] for name in ("r:r1", "r:r1@tiktok")] == [120, 900]
    assert [found[hour, name]["paid_value"] for name in ("p:p1", "p:p1@tiktok")] == [120, 900]
    assert found["session:s1", "s"]["paid_value"] == 120
    assert found["session:s1\x1fr:r1@tiktok", "s"]["paid_value"] == 900


async def test_name_stays_with_its_platform_through_a_death() -> None:
    events = [event("like", platform=platform) for platform in ("douyin", "tiktok", "tiktok", "douyin")]
    worker = Worker(log_of(events))
    await worker.run((1,), applied=1)
    await worker.run()
    found = Counted(shard_of(worker)).sums()
    assert [found[f"hour:{HOUR}", name]["likes"] for name in ("r:r1", "r:r1@tiktok")] == [2, 2]


async def test_id_that_looks_like_another_platforms_is_no_other_room() -> None:
    events = [
        event("like", room_id="r1"),
        event("like", room_id="r1", platform="tiktok", value=10),
        event("like", room_id="r1@tiktok", value=100),
    ]
    found = (await counted(*events)).sums()
    assert found[f"hour:{HOUR}", "r:r1@tiktok"]["likes"] == 10
    assert found[f"hour:{HOUR}", "r:r1@tiktok@douyin"]["likes"] == 100


async def test_sessions_of_two_rooms_with_one_id_are_apart() -> None:
    paid = [
        event("payment", room_id=room, session_id="2026-09-21", amount=amount, subject_id=f"o-{room}")
        for room, amount in (("hostA", 10_000), ("hostB", 90_000))
    ]
    found = (await counted(*paid)).sums()
    assert sorted(sums["paid_value"] for (bucket, name), sums in found.items() if name == "s") == [10_000, 90_000]


ORDER: dict[str, Any] = {"subject_id": "o1", "product_id": "p1"}


@pytest.mark.parametrize(
    ("events", "sums"),
    [
        ([("payment", 10_000), ("refund", 3_000), ("refund", 2_000)], {"payments": 1, "refunds": 1}),
        ([("payment", 5_000), ("payment", 45_000), ("refund", 50_000)], {"payments": 1, "refunds": 1}),
        ([("order", 500), ("order", 500), ("payment", 500), ("payment", 500)], {"orders": 1, "payments": 1}),
    ],
)  # fmt: skip
async def test_order_counts_once_in_how_many_parts_it_is_paid_or_refunded(
    events: list[tuple[str, int]], sums: dict[str, int]
) -> None:
    found = await room_sums(*(event(kind, at, amount=amount, **ORDER) for at, (kind, amount) in enumerate(events)))
    assert {name: found[name] for name in sums} == sums
    values = {"order": "order_value", "payment": "paid_value", "refund": "refund_value"}
    for kind in {kind for kind, _ in events}:
        assert found[values[kind]] == sum(amount for one, amount in events if one == kind)


async def test_order_of_several_products_counts_once_for_each_and_once_for_the_room() -> None:
    paid = [event("payment", at, subject_id="o1", product_id=f"p{at % 2}", amount=7) for at in range(4)]
    found = (await counted(*paid, event("payment", 4, subject_id="o2", product_id="p1", amount=7))).sums()
    hour = f"hour:{HOUR}"
    assert [found[hour, name]["payments"] for name in ("p:p0", "p:p1", ROOM, BRAND, PLATFORM)] == [1, 2, 2, 2, 2]
    assert [found[hour, name]["paid_value"] for name in ("p:p0", "p:p1", ROOM)] == [14, 21, 35]


async def test_orders_of_two_platforms_with_one_id_are_two() -> None:
    paid = [event("payment", platform=platform, amount=7, **ORDER) for platform in ("douyin", "taobao")]
    found = (await counted(*paid)).sums()
    assert found[f"hour:{HOUR}", BRAND] == {"payments": 2, "paid_value": 14}


async def test_order_without_an_id_is_an_order_by_itself() -> None:
    assert (await room_sums(*(event("payment", amount=7) for _ in range(2))))["payments"] == 2


async def test_retraction_of_a_part_leaves_the_order_and_of_all_parts_takes_it_back() -> None:
    parts = [event("payment", event_id=f"e-{at}", amount=50, **ORDER) for at in (1, 2)]
    taken_back = [event("retraction", retracts=f"e-{at}") for at in (1, 2)]
    assert await room_sums(*parts, taken_back[0]) == {"payments": 1, "paid_value": 50, "retracted": 1}
    assert await room_sums(*parts, *taken_back) == {"retracted": 2}
    assert (await room_sums(*parts, *taken_back, event("payment", amount=9, **ORDER)))["payments"] == 1


async def test_order_is_remembered_for_days_and_through_a_death() -> None:
    """A deposit, and its balance eight days later."""
    days = 8 * 24 * 60
    worker = Worker(log_of([event("payment", 0, amount=50, **ORDER), event("payment", days, amount=450, **ORDER)]))
    await worker.run((1,), applied=1)
    await worker.run()
    found = Counted(shard_of(worker)).sums()
    assert found[f"hour:{HOUR}", ROOM] == {"payments": 1, "paid_value": 50}
    assert found[f"hour:{HOUR + 8 * 24}", ROOM] == {"paid_value": 450}


async def test_retraction_takes_back_sums_where_they_were_counted() -> None:
    """A comment at 10:00 is retracted at 10:05: its minute loses it, the retraction counts at 10:05."""
    said = event("comment", 0, "a", session_id="s1", product_id="p1", value=3)
    found = (await counted(said, event("retraction", 5, retracts=said.event_id), sizes=(1,))).sums()
    zero: dict[str, int] = {}
    assert [found[bucket, ROOM] for bucket in (f"minute:{TEN}", f"minute:{TEN + 5}")] == [zero, {"retracted": 1}]
    assert [found[bucket, name] for bucket, name in (("session:s1", "s"), ("session:s1", "p:p1"))] == [zero, zero]


async def test_retraction_takes_back_once() -> None:
    said = event("comment", 0, "a")
    back = [event("retraction", 1, retracts=said.event_id) for _ in range(3)]
    for sizes in ((), (1, 1, 1)):
        assert await room_sums(said, event("comment"), *back, sizes=sizes) == {"comments": 1, "retracted": 1}


async def test_retraction_of_nothing_takes_nothing() -> None:
    assert await room_sums(event("comment"), event("retraction", retracts="never")) == {"comments": 1}


@pytest.mark.parametrize(
    "retracted",
    [
        event("comment", 0, "a", session_id="s1", product_id="p1", value=3), event("comment", 0, "a", is_mirror=True),
        event("order", 0, "a", amount=990), event("gift", 0, "a", value=2, amount=10),
        event("gift", 0, "a", value=2, amount=10, subject_id="g"), event("like", value=40, value_mode="snapshot"),
        event("refund", -1500, amount=990, session_id="s1"), event("gift", final=False),
    ],
)  # fmt: skip
async def test_retraction_takes_back_the_same_before_its_event_as_after(retracted: Event) -> None:
    """The retraction at 10:05 overtakes the event of 10:00; whatever the batches, and whatever comes between."""
    watermark, between = event("enter", 1, "b"), event("gift", 2, "c", value=1, subject_id="g")
    back = event("retraction", 5, retracts=retracted.event_id)
    after = await counted(watermark, between, retracted, back)
    for sizes in ((), (1,), (2,), (3,), (1, 1, 1)):
        before = await counted(watermark, back, between, retracted, sizes=sizes)
        assert {k: v for k, v in before.sums().items() if v} == {k: v for k, v in after.sums().items() if v}
        assert before.people() == after.people()
    assert before.sums()[f"minute:{TEN + 5}", ROOM] == {"retracted": 1}


async def test_retraction_of_a_report_before_it_leaves_the_reports_after_it() -> None:
    """Of a streak 3, 7, 9 the second report, of 4, is retracted before it comes."""
    streak = [event("gift", value=value, amount=1, subject_id="g") for value in (3, 7, 9)]
    back = event("retraction", retracts=streak[1].event_id)
    for sizes in ((), (1,), (2,), (1, 1, 1)):
        assert await room_sums(back, *streak, sizes=sizes) == {"gifts": 5, "gift_value": 5, "retracted": 1}


async def test_retraction_of_a_report_of_days_ago_is_the_same_after_a_death() -> None:
    """A streak of 3, 5, 8 over three days, whose first report is retracted on the third; then it grows to 9."""
    streak = [event("gift", at * 1440, value=value, subject_id="g") for at, value in ((0, 3), (1, 5), (2, 8), (2, 9))]
    back = event("retraction", 2 * 1440, retracts=streak[0].event_id)
    log = log_of([*streak[:3], back, streak[3]])
    undisturbed, killed = Worker(log), Worker(log)
    await undisturbed.run()
    await killed.run((3,), applied=1)
    await killed.run((4,))
    days = [f"hour:{HOUR + 24 * day}" for day in range(3)]
    for worker in (undisturbed, killed):
        found = Counted(shard_of(worker)).sums()
        assert [found[day, ROOM].get("gifts") for day in days] == [None, 2, 4]


async def test_second_retraction_before_its_event_takes_nothing() -> None:
    said = event("comment")
    back = [event("retraction", at, retracts=said.event_id) for at in (1, 2, 3)]
    for sizes in ((), (1, 1, 1), (2, 1)):
        found = (await counted(*back[:2], said, back[2], said, sizes=sizes)).sums()
        assert found[f"hour:{HOUR}", ROOM] == {"retracted": 1}
        assert found[f"minute:{TEN + 1}", ROOM] == {"retracted": 1}


async def test_retraction_is_remembered_through_a_death() -> None:
    said = event("comment")
    worker = Worker(log_of([event("retraction", retracts=said.event_id), event("like"), said]))
    for _ in range(2):
        await worker.run((1,), applied=1)
    await worker.run()
    assert Counted(shard_of(worker)).sums()[f"hour:{HOUR}", ROOM] == {"likes": 1, "retracted": 1}


@pytest.mark.parametrize(("blocks", "found"), [(1, {"retracted": 1}), (2, {"comments": 1})])
async def test_retraction_is_remembered_as_far_as_an_event(blocks: int, found: dict[str, int]) -> None:
    said = event("comment")
    back = log_of([event("retraction", retracts=said.event_id)])
    for sizes in ((), (1,)):
        worker = Worker([*back, *log_of([said], blocks << BLOCK_BITS)])
        await worker.run(sizes)
        assert Counted(shard_of(worker)).sums()[f"hour:{HOUR}", ROOM] == found


async def test_retraction_of_a_late_refund_leaves_its_session_as_it_was() -> None:
    late = event("refund", -1500, amount=990, session_id="s1")
    found = await counted(event("enter"), late, event("retraction", retracts=late.event_id))
    assert found.sums()["session:s1", "s"] == {"late": 1}


async def test_retraction_takes_back_a_gift_and_the_growth_of_a_streaks_report() -> None:
    gift = event("gift", value=2, amount=10)
    streak = [event("gift", value=value, amount=1, subject_id="g") for value in (3, 7, 9)]
    back = [event("retraction", retracts=one.event_id) for one in (gift, streak[1])]
    for sizes in ((), (2, 1, 1)):
        found = await room_sums(gift, *streak, *back, sizes=sizes)
        assert found == {"gifts": 5, "gift_value": 5, "retracted": 2}


async def test_late_event_counts_in_its_session_as_late_only() -> None:
    late = event("like", -1441, "a", session_id="s1")
    found = await counted(event("enter", 0, "a"), late, sizes=(1,))
    assert found.sums()["session:s1", "s"] == {"late": 1}
    assert f"minute:{TEN - 1441}" not in {bucket for bucket, _ in found.sums()}
    in_time = await counted(event("enter", 0), event("like", -1440))
    assert in_time.sums()[f"minute:{TEN - 1440}", ROOM] == {"likes": 1}


async def test_late_refund_amends_its_session() -> None:
    late = event("refund", -1500, amount=990, session_id="s1")
    found = await counted(event("enter"), late)
    assert found.sums()["session:s1", "s"] == {"late": 1, "refunds": 1, "refund_value": 990}


@pytest.mark.parametrize(
    ("impossible", "reason"),
    [
        (event("gift", final=False), "missing_field"),
        (event("gift", value_mode="snapshot"), "missing_field"),
        (event("viewers", room_id=None, value_mode="snapshot"), "missing_field"),
        (event("retraction"), "missing_field"),
        (event("account_deletion"), "missing_field"),
        (event("account_deletion", value_mode="snapshot"), "missing_field"),
        (event("order", value_mode="snapshot"), "contradiction"),
        (event("speech", value_mode="snapshot"), "contradiction"),
    ],
)
async def test_fields_that_cannot_go_together_are_dead_letters(impossible: Event, reason: str) -> None:
    worker = Worker(log_of([event("like", person="a"), impossible, event("like", person="b")]))
    await worker.run()
    [letter] = worker.sink.letters.values()
    assert (letter.origin.offset, letter.reason, letter.value) == (1, reason, msgspec.json.encode(impossible))
    found = Counted(shard_of(worker))
    assert found.sums()[f"hour:{HOUR}", ROOM] == {"likes": 2}
    assert found.people()[f"hour:{HOUR}", ROOM] == {"viewers": 2, "interacting": 2}


async def test_unreadable_records_are_dead_letters_once_and_harm_no_other() -> None:
    log = [(0, b"{"), *log_of([event("like")], 1), (2, b"\xff"), *log_of([event("like")], 3)]
    worker = Worker(log)
    await worker.run((1, 1), applied=1)
    await worker.run((2,), applied=1)
    await worker.run()
    letters = {letter.origin.offset: letter.reason for letter in worker.sink.letters.values()}
    assert letters == {0: "bad_json", 2: "bad_utf8"}
    assert Counted(shard_of(worker)).sums()[f"hour:{HOUR}", ROOM] == {"likes": 2}


async def test_numbers_beyond_64_bits_stay_at_the_limit() -> None:
    gifts = [event("gift", value=2**53, amount=2**53) for _ in range(3)]
    likes = [event("like", value=2**53) for _ in range(2000)]
    found = await room_sums(*gifts, *likes, sizes=(1,))
    assert found == {"gifts": 3 * 2**53, "gift_value": 2**63 - 1, "likes": 2**63 - 1}


# Around the ledger.


class Reluctant(MemoryDeadLetterSink):
    """Unavailable twice, then willing."""

    def __init__(self, ledger: MemoryLedger) -> None:
        super().__init__()
        self.failures = 2
        self.ledger = ledger
        self.offset_at_send: list[int] = []

    async def send(self, letters: Any) -> None:
        self.offset_at_send.append(self.ledger.shards[TOPIC, PARTITION].next_offset)
        if self.failures and letters:
            self.failures -= 1
            raise Unavailable("Kafka does not take dead letters")
        await super().send(letters)


async def test_offset_does_not_move_before_the_dead_letter_is_stored() -> None:
    ledger = MemoryLedger()
    sink = Reluctant(ledger)
    worker = Worker([(0, b"{")], ledger, sink)
    await worker.run()
    assert sink.offset_at_send == [0, 0, 0]
    assert [letter.reason for letter in sink.letters.values()] == ["bad_json"]
    assert ledger.shards[TOPIC, PARTITION].next_offset == 1


async def test_handler_of_a_lost_partition_is_fenced() -> None:
    worker = Worker(log_of([event("like")]))
    former = worker.handler()
    await former.assigned(TOPIC, PARTITION)
    prepared = former.prepare(batches(worker.log, ())[0])
    await worker.run()
    with pytest.raises(Fenced):
        await former.apply(prepared)
    assert Counted(shard_of(worker)).sums()[f"hour:{HOUR}", ROOM] == {"likes": 1}


async def test_rewound_ledger_is_read_again_to_the_same_counters() -> None:
    """Redis comes back from a backup: what it has forgotten is counted again, what it has is not."""
    log = log_of([event("like", at, f"p{at}", session_id="s1") for at in range(20)])
    worker = Worker(log)
    ledger = worker.ledger
    assert isinstance(ledger, MemoryLedger)
    handler = worker.handler()
    await handler.assigned(TOPIC, PARTITION)
    cut = batches(log, (5, 5, 5))
    await handler.apply(handler.prepare(cut[0]))
    backup = ledger.snapshot()
    await handler.apply(handler.prepare(cut[1]))
    ledger.restore(backup)
    with pytest.raises(OffsetMoved) as moved:
        await handler.apply(handler.prepare(cut[2]))
    assert moved.value.stored_offset == 5
    start = await handler.assigned(TOPIC, PARTITION)
    for batch in batches([entry for entry in log if entry[0] >= start], (3, 9)):
        await handler.apply(handler.prepare(batch))
    undisturbed = Worker(log)
    await undisturbed.run()
    assert Counted(shard_of(worker)).sums() == Counted(shard_of(undisturbed)).sums()
    assert Counted(shard_of(worker)).people() == Counted(shard_of(undisturbed)).people()


async def test_partitions_are_counted_apart_and_forgotten_when_revoked() -> None:
    ledger = MemoryLedger()
    handler = EngagementHandler(ledger, MemoryDeadLetterSink(), session_ttl_seconds=60)
    [(_, value)] = log_of([event("like")])
    for topic, partition in ((LIVE, 0), (SOCIAL, 0)):
        await handler.assigned(topic, partition)
        await handler.apply(handler.prepare(Batch(topic, partition, [7], [LOG_MS], [value])))
    await handler.revoked(LIVE, 0)
    await handler.apply(handler.prepare(Batch(SOCIAL, 0, [9], [LOG_MS], [value])))
    with pytest.raises(KeyError):
        handler.prepare(Batch(LIVE, 0, [9], [LOG_MS], [value]))
    assert {shard.next_offset for shard in ledger.shards.values()} == {8, 10}


class Closing(MemoryDeadLetterSink):
    """Counts how often it was closed."""

    closed = 0

    async def close(self) -> None:
        self.closed += 1


async def test_sink_is_closed_with_the_last_partition() -> None:
    sink, closed = Closing(), []
    handler = EngagementHandler(MemoryLedger(), sink, session_ttl_seconds=60)
    for partition in (0, 1):
        await handler.assigned(LIVE, partition)
    for partition in (0, 1):
        await handler.revoked(LIVE, partition)
        closed.append(sink.closed)
    assert closed == [0, 1]


async def test_a_late_event_takes_no_sessions_last_minute_back_after_a_restart() -> None:
    told = [("s1", 5), ("s2", 9), ("s1", 3), ("s1", 4), ("s1", 7), ("s2", 8), ("s2", 11)]
    log = log_of([event("like", minute, session_id=session) for session, minute in told])
    worker, last_minutes = Worker([]), []
    for until in (2, 4, 5, 6, 7):
        worker.log = log[:until]
        await worker.run()
        found = Counted(shard_of(worker)).last_minutes(ROOM)
        last_minutes.append({session: minute - TEN for session, minute in found.items()})
    assert last_minutes == [
        {"s1": 5, "s2": 9}, {"s1": 5, "s2": 9}, {"s1": 7, "s2": 9}, {"s1": 7, "s2": 9}, {"s1": 7, "s2": 11}
    ]  # fmt: skip


async def test_everything_counted_expires() -> None:
    events = [
        event("follow", 0, "a", session_id="s1"),
        event("gift", 0, "a", subject_id="g", product_id="p", session_id="s1"),
        *(event("enter", 0, f"u{number}", session_id="s1") for number in range(SHORT_BYTES)),
        event("like", PENDING_MINUTES),
    ]
    worker = Worker(log_of(events))
    await worker.run([len(events) - 1])
    shard = shard_of(worker)
    stored = {*shard.values, *shard.numbers, *shard.strings, *shard.memberships}
    assert stored - shard.ttl_seconds.keys() == {"clock"}
    assert shard.ttl_seconds[f"people:minute:{TEN}:{ROOM}"] == MINUTES_KEPT_SECONDS
    assert shard.ttl_seconds[f"hour:{HOUR}"] == HOURS_KEPT_SECONDS
    assert shard.ttl_seconds["session:s1"] == shard.ttl_seconds[f"sessions:{ROOM}"] == 86_400


async def test_few_people_lie_within_their_buckets_totals_and_many_beyond_them() -> None:
    """No room costs a write for its people alone, until they are many."""
    few = [event("enter", 0, f"u{number}", room_id="small") for number in range(20)]
    many = [event("enter", 0, f"u{number}", room_id="large") for number in range(SHORT_BYTES)]
    worker = Worker(log_of([*few, *many, event("enter", 0, "new", room_id="large")]))
    await worker.run((len(few), 100, 100))
    assert [suffix for suffix in shard_of(worker).strings if ":r:" in suffix] == [
        f"people:{bucket}:r:large" for bucket in (f"minute:{TEN}", f"hour:{HOUR}")
    ]
    people = Counted(shard_of(worker)).people()
    for bucket in (f"minute:{TEN}", f"hour:{HOUR}"):
        assert people[bucket, "r:small"] == {"viewers": 20}
        assert people[bucket, "r:large"]["viewers"] == pytest.approx(SHORT_BYTES + 1, rel=0.03)


async def test_people_who_come_again_stay_within_the_totals() -> None:
    again = [event("enter", 0, f"u{number % 30}") for number in range(4 * SHORT_BYTES)]
    worker = Worker(log_of(again))
    await worker.run([50] * (len(again) // 50))
    assert not [suffix for suffix in shard_of(worker).strings if ":r:" in suffix]
    assert Counted(shard_of(worker)).people()[f"hour:{HOUR}", ROOM] == {"viewers": 30}


async def test_people_stored_before_they_lay_within_totals_stay_counted() -> None:
    """What 41f6ba0 stored of a session: totals without people, and a log of its own, however short."""
    worker, log = Worker(log_of([event("enter", 0, "new", session_id="s1")])), log_with(["a", "b"])
    shard = shard_of(worker)
    shard.values["session:s1"] = {"s": msgspec.msgpack.encode({SLOTS["views"]: 2})}
    shard.strings["people:session:s1:s"] = log
    await worker.run()
    found = Counted(shard)
    assert found.sums()["session:s1", "s"] == {"views": 3}
    assert found.people()["session:s1", "s"] == {"viewers": 3}
    assert shard.strings["people:session:s1:s"] == log


def log_with(people: list[str]) -> bytes:
    """Their entries as viewers of a room."""
    group = np.full(len(people), GROUPS.index("present"))
    return entries(hashes(people), group).astype("<u4").tobytes()


async def test_time_to_live_is_set_again_while_a_key_is_in_use() -> None:
    worker = Worker(log_of([event("like", 0) for _ in range(3)]))
    handler = worker.handler()
    await handler.assigned(TOPIC, PARTITION)
    shard, ttl_set = shard_of(worker), []
    for batch in batches(worker.log, (1, 1)):
        shard.ttl_seconds.clear()
        await handler.apply(handler.prepare(batch))
        ttl_set.append(f"minute:{TEN}" in shard.ttl_seconds)
        worker.clock_ms += 10 * 60_000
    assert ttl_set == [True, False, True]
