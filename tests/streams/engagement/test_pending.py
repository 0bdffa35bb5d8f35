"""Hours and sessions are given what batches bring together, and read as if they were given it at once."""

import random
from collections.abc import Sequence
from copy import deepcopy
from itertools import count

import pytest

from streams.engagement import pending
from streams.engagement.pending import (
    FOLD_NUMBER_BYTES,
    PENDING_MINUTES,
    PendingRollUps,
    fold_number,
    pending_entries,
    pending_suffix,
)
from streams.engagement.scopes import PENDING_GROUPS, pending_group
from streams.events.schema import Event
from streams.ledger.memory import MemoryLedger, Shard
from tests.builders.events import TEN_MS, event
from tests.fakes.engagement_worker import PARTITION, TOPIC, Counted, Worker, log_of
from tests.fakes.engagement_worker import batches as batches_of

HOUR = TEN_MS // 3_600_000
ROOM = "r:r1"
NOTHING = [None] * PENDING_GROUPS


def shard_of(worker: Worker) -> Shard:
    assert isinstance(worker.ledger, MemoryLedger)
    return worker.ledger.shards[TOPIC, PARTITION]


def is_given(shard: Shard) -> bool:
    """Whether the room's hour and session have it themselves."""
    written = [ROOM in shard.values.get(f"hour:{HOUR}", {}), "s" in shard.values.get("session:s1", {})]
    assert written[0] == written[1]
    return written[0]


async def fed(*batches: Sequence[Event]) -> list[Shard]:
    """One worker's shard after each batch."""
    worker, shards, log = Worker([]), list[Shard](), log_of([one for batch in batches for one in batch])
    handler, until = worker.handler(), 0
    await handler.assigned(TOPIC, PARTITION)
    for batch in batches:
        [cut] = batches_of(log[until : until + len(batch)], ())
        until += len(batch)
        await handler.apply(handler.prepare(cut))
        shards.append(deepcopy(shard_of(worker)))
    return shards


def likes(shard: Shard) -> tuple[int, int]:
    """Of the hour and of the session."""
    sums = Counted(shard).sums()
    return sums[f"hour:{HOUR}", ROOM]["likes"], sums["session:s1", "s"]["likes"]


async def test_hours_and_sessions_wait_and_are_counted_meanwhile() -> None:
    """minute of the batch   0     1     PENDING_MINUTES
    written                 no    no    yes
    """
    like = [[event("like", minute, session_id="s1")] for minute in (0, 1, PENDING_MINUTES)]
    shards = await fed(*like[:2], [event("like", PENDING_MINUTES, room_id="r2")])
    assert [is_given(shard) for shard in shards] == [False, False, True]
    assert [likes(shard) for shard in shards] == [(1, 1), (2, 2), (2, 2)]


async def test_an_older_minute_is_given_at_once() -> None:
    now, before = event("like", PENDING_MINUTES, room_id="r2"), event("like", 0, session_id="s1")
    [*_, shard] = await fed([now], [before])
    assert is_given(shard)
    assert likes(shard) == (1, 1)


async def test_a_group_that_has_grown_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "FOLD_BYTES", 0)
    shards = await fed(*([event("like", minute, session_id="s1")] for minute in range(3)))
    assert [is_given(shard) for shard in shards] == [False, True, True]
    assert [likes(shard) for shard in shards] == [(1, 1), (2, 2), (3, 3)]
    numbers = [fold_number(shard.strings[pending_suffix(pending_group(ROOM))])[0] for shard in shards]
    assert numbers == [0, 1, 2]


async def test_of_two_numbers_of_viewers_at_one_moment_the_later_counts() -> None:
    first, second = event("viewers", 0, value=7, session_id="s1"), event("viewers", 0, value=5, session_id="s1")
    shards = await fed([first], [second], [event("like", PENDING_MINUTES, room_id="r2")])
    found = [Counted(shard).viewers() for shard in shards]
    assert [one[f"hour:{HOUR}", ROOM] for one in found] == [(7, 7), (7, 5), (7, 5)]
    assert [one["session:s1", "s"] for one in found] == [(7, 7), (7, 5), (7, 5)]


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_the_batches_and_restarts_the_counts_are_the_same(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    kinds = ("like", "enter", "comment", "gift", "payment", "viewers", "watch", "follow")
    events = [
        event(
            rng.choice(kinds), number // 4 + rng.choice((0, 0, 0, -70, 50)), f"u{rng.randrange(40)}",
            room_id=rng.choice(("r1", "r2", "r3", None)), session_id=rng.choice(("s1", "s2", None)),
            product_id=rng.choice(("p1", None)), value=1 + rng.randrange(5), amount=rng.randrange(99),
        )
        for number in range(400)
    ]  # fmt: skip
    log = log_of(events)
    monkeypatch.setattr(pending, "FOLD_BYTES", rng.choice((100, 1_000, 48_000)))
    once, cut = Worker(log), Worker([])
    await once.run()
    at = 0
    while at < len(log):  # a new worker each time, which dies with a batch in hand
        at += rng.randrange(1, 90)
        cut.log = log[:at]
        await cut.run([rng.randrange(1, 12) for _ in range(9)], applied=rng.choice((3, 8)))
        await cut.run([5, 5])
    expected, found = Counted(shard_of(once)), Counted(shard_of(cut))
    assert found.sums() == expected.sums()
    assert found.people() == expected.people()
    assert found.viewers() == expected.viewers()
    assert all(found.last_minutes(name) == expected.last_minutes(name) for name in (ROOM, "r:r2", "p:p1"))


def test_what_is_stored_is_taken_over() -> None:
    waiting = PendingRollUps(NOTHING)
    entry = ("b:b1", None, 600, {1: 5})
    waiting.add(7, entry)
    [(suffix, appended)] = waiting.pop_new().items()
    assert suffix == pending_suffix(7)
    assert list(pending_entries(appended)) == [entry]
    successor = PendingRollUps([appended if group == 7 else None for group in range(PENDING_GROUPS)])
    fold = successor.fold(600 + PENDING_MINUTES)
    assert [(roll_up.targets[0].bucket, roll_up.slots) for roll_up in fold.roll_ups] == [("hour:10", {1: 5})]
    assert fold.emptied == {suffix: (1).to_bytes(FOLD_NUMBER_BYTES, "little")}
    assert not successor.fold(10_000).emptied


async def test_a_products_part_of_a_session_may_be_given_before_the_sessions_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """batch       1        2              restart   3         4        5
    of p, s1    +1       p given                  s given   +1       p given: 2
    """
    product = next(name for name in map("p{}".format, count()) if pending_group(f"p:{name}") == 0)
    room = next(name for name in map("r{}".format, count()) if pending_group(f"r:{name}") == PENDING_GROUPS - 1)
    monkeypatch.setattr(pending, "FOLD_BYTES", 1_000)
    where = {"room_id": room, "session_id": "s1", "product_id": product}
    minutes = 0, 1, PENDING_MINUTES, PENDING_MINUTES, 2 * PENDING_MINUTES
    click = [event("product_click", minute, **where) for minute in minutes]
    other = [event("like", minute, room_id="other") for minute in minutes]
    log = log_of([click[0], other[1], other[2], click[3], other[4]])
    worker = Worker(log[:2])
    await worker.run([1])
    assert shard_of(worker).values["session:s1"].keys() == {f"p:{product}"}
    worker.log = log
    await worker.run([1] * len(log))
    assert shard_of(worker).values["session:s1"].keys() == {f"p:{product}", "s"}
    sums = Counted(shard_of(worker)).sums()
    assert sums["session:s1", f"p:{product}"] == sums["session:s1", "s"] == {"product_clicks": 2}
