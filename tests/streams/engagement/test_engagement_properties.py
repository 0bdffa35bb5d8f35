"""Any log, cut in any way, through any number of deaths, gives the naive recount's figures."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.engagement.dedup import BLOCK_BITS
from streams.events.schema import Actor, Event
from streams.ledger.memory import MemoryLedger
from tests.fakes.engagement_worker import LOG_MS, PARTITION, TOPIC, Counted, Log, Worker, log_of
from tests.oracle.recount import Recount, recount

KINDS = [
    "session_start", "exposure", "enter", "leave", "watch", "viewers", "like", "comment", "gift", "follow", "unfollow",
    "share", "product_shown", "product_click", "add_to_cart", "order", "payment", "refund", "speech", "notice", "post",
    "repost", "reply", "review", "collect", *["retraction"] * 6, *["gift"] * 3,
]  # fmt: skip
IDS = [f"e{number}" for number in range(20)]
START_MS = LOG_MS - 3 * 86_400_000


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind: Any = draw(st.sampled_from(KINDS))
    maybe = st.sampled_from
    person = draw(maybe([None, "p1", "p2", "p3", "人"]))
    at_ms = START_MS + draw(st.one_of(st.integers(0, 300_000), st.integers(0, 3 * 86_400_000)))
    return Event(
        event_id=draw(maybe(IDS)), source="feed", platform=draw(maybe(["douyin", "bilibili"])), kind=kind,
        brand_id=draw(maybe(["b1", "b2"])), event_time_ms=at_ms, ingest_time_ms=at_ms,
        actor=None if person is None else Actor(person), room_id=draw(maybe([None, "r1", "r2"])),
        session_id=draw(maybe([None, "s1", "s2:x"])), product_id=draw(maybe([None, "p1"])),
        subject_id=draw(maybe([None, "x", "y"])), value=draw(st.integers(0, 9)), amount=draw(maybe([0, 7, 990])),
        value_mode=draw(maybe(["delta", "delta", "delta", "aggregate", "snapshot"])), final=draw(st.booleans()),
        retracts=draw(maybe([None, *IDS])) if kind == "retraction" else None,
        is_mirror=draw(maybe([False] * 9 + [True])), sampled=draw(st.booleans()),
        total=draw(maybe([None, *range(20)])) if kind in ("like", "viewers") else None,
    )  # fmt: skip


# Logs that lie across a border of blocks, with gaps.
OFFSETS = st.sampled_from([0, (1 << BLOCK_BITS) - 20, (2 << BLOCK_BITS) - 10])


@st.composite
def likes(draw: st.DrawFn) -> Event:
    """A room's likes with the platform's total of them, by two collectors, and where its streams begin and end."""
    maybe, number = st.sampled_from, draw(st.integers(0, 10**9))
    kind: Any = draw(maybe(["like"] * 8 + ["session_start", "session_end"]))
    at_ms = START_MS + draw(
        st.one_of(st.integers(0, 40_000), st.integers(0, 3_600_000), st.integers(0, 3 * 86_400_000))
    )
    return Event(
        event_id=f"l{number}", source=draw(maybe(["feed", "feed", "feed-b"])), platform="douyin", kind=kind,
        brand_id="b1", event_time_ms=at_ms, ingest_time_ms=at_ms, room_id="r1",
        session_id=draw(maybe([None, None, None, "s1", "s2"])), value=draw(st.integers(0, 3)),
        total=draw(st.one_of(st.none(), st.integers(0, 12), st.integers(0, 2**53))),
        value_mode=draw(maybe(["delta", "delta", "aggregate"])), sampled=draw(st.booleans()),
    )  # fmt: skip


def like_logs() -> st.SearchStrategy[Log]:
    """In order of their times, or not."""
    some = st.lists(likes(), min_size=1, max_size=40)
    in_order = some.map(lambda events: sorted(events, key=lambda event: event.event_time_ms))
    return st.one_of(some, in_order).map(log_of)


@st.composite
def logs(draw: st.DrawFn) -> Log:
    events_once = st.lists(events(), min_size=1, max_size=len(IDS), unique_by=lambda event: event.event_id)
    made = draw(events_once.flatmap(lambda once: st.lists(st.sampled_from(once), min_size=1, max_size=60)))
    gaps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 40_000]), min_size=len(made), max_size=len(made)))
    offset, log = draw(OFFSETS), []
    for (_, value), gap in zip(log_of(made), gaps, strict=True):
        log.append((offset, value))
        offset += gap
    return log


ANY_LOG = st.one_of(logs(), like_logs())


def recounted(log: Log) -> Recount:
    return recount([[(offset, value, LOG_MS) for offset, value in log]])


def assert_counted(ledger: MemoryLedger, expected: Recount) -> None:
    counted = Counted(ledger.shards[TOPIC, PARTITION])
    sums = {scoped: {name: n for name, n in sums.items() if n} for scoped, sums in expected.sums.items()}
    assert {k: v for k, v in counted.sums().items() if v} == {k: v for k, v in sums.items() if v}
    people = {scoped: {name: len(ids) for name, ids in groups.items()} for scoped, groups in expected.people.items()}
    assert counted.people() == {scoped: groups for scoped, groups in people.items() if groups}
    assert counted.followers() == {name: members for name, members in expected.followers.items() if members}
    viewers = {
        scoped: (
            max(count for _, count in reports),
            [count for at_ms, count in reports if at_ms == max(reports)[0]][-1],
        )
        for scoped, reports in expected.viewers.items()
    }
    assert counted.viewers() == viewers


@settings(max_examples=150, deadline=None)
@given(ANY_LOG, st.lists(st.integers(1, 20), max_size=8))
def test_any_batches_count_what_the_recount_counts(log: Log, sizes: list[int]) -> None:
    worker = Worker(log)
    asyncio.run(worker.run(sizes))
    assert isinstance(worker.ledger, MemoryLedger)
    expected = recounted(log)
    assert_counted(worker.ledger, expected)
    assert len(worker.sink.letters) == expected.fates["dead_letter"]


@settings(max_examples=100, deadline=None)
@given(ANY_LOG, st.lists(st.tuples(st.lists(st.integers(1, 12), max_size=6), st.integers(0, 4)), max_size=6))
def test_any_deaths_count_what_the_recount_counts(log: Log, lives: list[tuple[list[int], int]]) -> None:
    worker = Worker(log)

    async def live_on() -> None:
        for sizes, applied in lives:
            await worker.run(sizes, applied=applied)
        await worker.run()

    asyncio.run(live_on())
    assert isinstance(worker.ledger, MemoryLedger)
    assert_counted(worker.ledger, recounted(log))
