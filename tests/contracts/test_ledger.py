"""What every ledger promises: the same tests in memory and on a real Redis."""

from collections.abc import AsyncIterator

import pytest
import redis as sync_redis
from redis.asyncio import Redis

from streams.errors import Fenced, OffsetMoved
from streams.ledger.memory import MemoryLedger
from streams.ledger.protocol import Claim, Effects, Ledger, Update
from streams.ledger.redis import RedisLedger
from tests.contracts.ledgers import MemoryStored, RedisStored, UnderTest

STAGE = "contract"


@pytest.fixture(params=["memory", "redis"])
async def under_test(request: pytest.FixtureRequest, namespace: str) -> AsyncIterator[UnderTest]:
    if request.param == "memory":
        memory = MemoryLedger()
        yield UnderTest(memory, MemoryStored(memory))
        return
    url = request.getfixturevalue("redis_server").url
    client = Redis.from_url(url, socket_timeout=10)
    with sync_redis.Redis.from_url(url) as looking:
        # Small parts, so that every test of many effects crosses the border between script arguments.
        yield UnderTest(RedisLedger(client, STAGE, namespace, part_bytes=2_000), RedisStored(looking, namespace, STAGE))
    await client.aclose()


@pytest.fixture
def ledger(under_test: UnderTest) -> Ledger:
    return under_test.ledger


async def applied(ledger: Ledger, claim: Claim, effects: Effects, at: int = 0, until: int = 10) -> None:
    await ledger.apply(Update(claim, at, until, effects))


async def test_a_maximum_raises_what_was_set_and_is_set_anew(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    tops = {f"n{number}": 5 for number in range(3_500)}
    await applied(ledger, claim, Effects(maxima={"h": tops}, values={"h": {"n0": b"7", "n1": b"3"}}))
    raised = Effects(maxima={"h": {"n0": 6, "n1": 4, "n2": 9, "n3499": 1}})
    await applied(ledger, claim, raised, at=10, until=20)
    assert await ledger.load_fields(claim, {"h": ["n0", "n1", "n2", "n3499"]}) == {
        "h": {"n0": b"7", "n1": b"4", "n2": b"9", "n3499": b"5"}
    }


async def test_apply_sets_one_field_of_each_of_many_hashes(ledger: Ledger) -> None:
    claim, names = await ledger.acquire("t", 0), [f"h{number}" for number in range(7_000)]
    await applied(ledger, claim, Effects(values={name: {"s": name.encode() * 20} for name in names}))
    await applied(ledger, claim, Effects(values={"h0": {"s": None}, "h1": {"s": b"new"}}), at=10, until=20)
    found = await ledger.load_fields(claim, {name: ["s"] for name in ("h0", "h1", "h2", "h6999")})
    assert {name: fields for name, fields in found.items() if fields} == {
        "h1": {"s": b"new"}, "h2": {"s": b"h2" * 20}, "h6999": {"s": b"h6999" * 20},
    }  # fmt: skip


async def test_acquire_of_a_new_partition_starts_at_zero(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    assert (claim.topic, claim.partition, claim.next_offset) == ("t", 0, 0)
    assert claim.epoch > 0


async def test_acquire_gives_a_higher_epoch_and_the_stored_offset(ledger: Ledger) -> None:
    first = await ledger.acquire("t", 0)
    await applied(ledger, first, Effects(sums={"s": {"a": 1}}), until=7)
    second = await ledger.acquire("t", 0)
    assert second.epoch > first.epoch
    assert second.next_offset == 7


async def test_apply_adds_sums_raises_maxima_and_sets_values(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    effects = Effects(
        sums={"sums": {"a": 2, "b": -3}}, maxima={"tops": {"a": 5}}, values={"state": {"x": b"\x00\xff", "y": b"1"}}
    )
    await applied(ledger, claim, effects)
    again = Effects(sums={"sums": {"a": 1}}, maxima={"tops": {"a": 4, "b": 1}}, values={"state": {"y": None}})
    await applied(ledger, claim, again, at=10, until=20)
    assert await ledger.load_hash(claim, "sums") == {"a": b"3", "b": b"-3"}
    assert await ledger.load_hash(claim, "tops") == {"a": b"5", "b": b"1"}
    assert await ledger.load_hash(claim, "state") == {"x": b"\x00\xff"}
    assert await ledger.load_fields(claim, {"state": ["y", "x"]}) == {"state": {"x": b"\x00\xff"}}


async def test_sum_of_64_bits_is_exact_and_stays_at_the_limit(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    await applied(ledger, claim, Effects(sums={"s": {"a": 2**62 + 1, "b": -(2**62), "c": 1}}))
    await applied(ledger, claim, Effects(sums={"s": {"a": 1}}), at=10, until=20)
    assert (await ledger.load_hash(claim, "s"))["a"] == b"%d" % (2**62 + 2)
    await applied(ledger, claim, Effects(sums={"s": {"a": 2**62, "b": -(2**62) - 1, "c": 1}}), at=20, until=30)
    assert await ledger.load_hash(claim, "s") == {"a": b"%d" % (2**63 - 1), "b": b"%d" % -(2**63), "c": b"2"}


async def test_load_fields_reads_several_hashes_and_leaves_absent_ones_out(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    await applied(ledger, claim, Effects(values={"one": {"a": b"1", "b": b"2"}, "two": {"c": b"3"}}))
    wanted = {"one": ["b", "nope"], "two": ["c"], "three": ["d"], "four": []}
    found = await ledger.load_fields(claim, wanted)
    assert {suffix: fields for suffix, fields in found.items() if fields} == {"one": {"b": b"2"}, "two": {"c": b"3"}}


async def test_load_fields_reads_thousands_of_hashes_and_of_fields(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    stored: dict[str, dict[str, bytes | None]] = {
        f"h{number}": {"a": b"\xff\x00%d" % number, "b" * 300: b"\xc1" * (number * 40 % 70_001)}
        for number in range(2_100)
    }
    stored["wide"] = {f"n{number}": b"%d" % number for number in range(7_000)}
    await applied(ledger, claim, Effects(values=stored))
    wanted = {suffix: [*fields, "nope"] for suffix, fields in stored.items()} | {"absent": ["a"], "nothing": []}
    found = await ledger.load_fields(claim, wanted)
    assert {suffix: fields for suffix, fields in found.items() if fields} == stored


async def test_strings_are_set_whole_and_then_appended_to(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    await applied(ledger, claim, Effects(append_strings={"log": b"\x00a", "other": b"\xff"}))
    await applied(ledger, claim, Effects(append_strings={"log": b"b"}, set_strings={"other": b"new"}), at=10, until=20)
    await applied(ledger, claim, Effects(append_strings={"other": b"er"}), at=20, until=30)
    assert await ledger.load_strings(claim, ["log", "none", "other"]) == [b"\x00ab", None, b"newer"]
    assert await ledger.load_strings(claim, []) == []


async def test_string_set_anew_keeps_its_ttl(under_test: UnderTest) -> None:
    claim = await under_test.ledger.acquire("t", 0)
    await applied(under_test.ledger, claim, Effects(append_strings={"log": b"a"}, ttl_seconds={"log": 600}))
    await applied(under_test.ledger, claim, Effects(set_strings={"log": b"b"}), at=10, until=20)
    assert (under_test.stored.ttl_seconds(claim, "log") or 0) > 590


async def test_member_keeps_its_first_time_until_it_leaves(under_test: UnderTest) -> None:
    """follow 10, follow 20 · follow 10, leave, follow 30 · follow 40, leave"""
    claim = await under_test.ledger.acquire("t", 0)
    changes = [("stays", 10, 0), ("back", 10, 0), ("gone", 40, 0), ("stays", 20, 0), ("back", None, 0), ("back", 30, 0)]
    await applied(under_test.ledger, claim, Effects(memberships={"f": [*changes, ("gone", None, 0)]}))
    assert under_test.stored.memberships(claim, "f") == {"stays": 10, "back": 30}


@pytest.mark.parametrize("borders", [[4], [1, 3], [1, 1, 1, 1], [2, 2]])
async def test_members_before_the_horizon_are_forgotten_alike_for_any_borders(
    under_test: UnderTest, borders: list[int]
) -> None:
    changes = [("a", 10, 0), ("a", 60, 5), ("b", 70, 15), ("a", 80, 15)]
    claim, offset = await under_test.ledger.acquire("t", 0), 0
    for size in borders:
        part = changes[offset : offset + size]
        await applied(under_test.ledger, claim, Effects(memberships={"f": part}), at=offset, until=offset + size)
        offset += size
    assert under_test.stored.memberships(claim, "f") == {"b": 70, "a": 80}


async def test_ttl_is_set_for_named_suffixes_only(under_test: UnderTest) -> None:
    claim = await under_test.ledger.acquire("t", 0)
    effects = Effects(sums={"short": {"a": 1}, "forever": {"a": 1}}, ttl_seconds={"short": 600})
    await applied(under_test.ledger, claim, effects)
    assert 590 <= (under_test.stored.ttl_seconds(claim, "short") or 0) <= 600
    assert under_test.stored.ttl_seconds(claim, "forever") is None


async def test_outbox_keeps_its_order_until_taken(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    await applied(ledger, claim, Effects(outbox=[("k1", b"one"), ("k2", b"\xff\x00")]))
    await applied(ledger, claim, Effects(outbox=[("k1", b"three")]), at=10, until=20)
    assert await ledger.peek_outbox(claim, limit=2) == [("k1", b"one"), ("k2", b"\xff\x00")]
    await ledger.trim_outbox(claim, 1)
    assert await ledger.peek_outbox(claim) == [("k2", b"\xff\x00"), ("k1", b"three")]


async def test_taken_by_a_former_owner_is_fenced(ledger: Ledger) -> None:
    former = await ledger.acquire("t", 0)
    await applied(ledger, former, Effects(outbox=[("k", b"v")]))
    owner = await ledger.acquire("t", 0)
    with pytest.raises(Fenced):
        await ledger.trim_outbox(former, 1)
    assert await ledger.peek_outbox(owner) == [("k", b"v")]


async def test_apply_by_a_former_owner_is_fenced_and_writes_nothing(ledger: Ledger) -> None:
    former = await ledger.acquire("t", 0)
    owner = await ledger.acquire("t", 0)
    with pytest.raises(Fenced) as fenced:
        await applied(ledger, former, Effects(sums={"s": {"a": 1}}))
    assert (fenced.value.epoch, fenced.value.owner_epoch) == (former.epoch, owner.epoch)
    assert await ledger.load_hash(owner, "s") == {}
    assert (await ledger.acquire("t", 0)).next_offset == 0


async def test_apply_at_another_offset_writes_nothing_and_reports_the_stored_one(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    await applied(ledger, claim, Effects(sums={"s": {"a": 1}}), at=0, until=10)
    for expected, until in ((5, 15), (12, 20)):
        with pytest.raises(OffsetMoved) as moved:
            await applied(ledger, claim, Effects(sums={"s": {"a": 1}}), at=expected, until=until)
        assert (moved.value.expected_offset, moved.value.stored_offset) == (expected, 10)
    assert await ledger.load_hash(claim, "s") == {"a": b"1"}


async def test_apply_repeated_after_a_lost_reply_succeeds_and_counts_once(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    for _ in range(3):
        await applied(ledger, claim, Effects(sums={"s": {"a": 1}}, outbox=[("k", b"v")]))
    assert await ledger.load_hash(claim, "s") == {"a": b"1"}
    assert len(await ledger.peek_outbox(claim)) == 1


async def test_repeat_of_an_update_that_a_former_owner_stored_is_fenced(ledger: Ledger) -> None:
    former = await ledger.acquire("t", 0)
    await applied(ledger, former, Effects(sums={"s": {"a": 1}}))
    await ledger.acquire("t", 0)
    with pytest.raises(Fenced):
        await applied(ledger, former, Effects(sums={"s": {"a": 1}}))


async def test_wiped_ledger_shows_as_moved_and_a_new_epoch_is_unlike_any_before(under_test: UnderTest) -> None:
    claim = await under_test.ledger.acquire("t", 0)
    await applied(under_test.ledger, claim, Effects(sums={"s": {"a": 1}}))
    under_test.stored.wipe()
    with pytest.raises(OffsetMoved) as moved:
        await applied(under_test.ledger, claim, Effects(sums={"s": {"a": 1}}), at=10, until=20)
    assert moved.value.stored_offset == 0
    again = await under_test.ledger.acquire("t", 0)
    assert again.next_offset == 0
    assert again.epoch > claim.epoch


async def test_partitions_do_not_touch_each_other(ledger: Ledger) -> None:
    one, two = await ledger.acquire("t", 0), await ledger.acquire("t", 1)
    await applied(ledger, one, Effects(sums={"s": {"a": 1}}))
    assert await ledger.load_hash(two, "s") == {}
    await applied(ledger, two, Effects(sums={"s": {"a": 5}}))
    assert await ledger.load_hash(one, "s") == {"a": b"1"}


async def test_effects_beyond_every_limit_of_a_script_are_stored_whole(under_test: UnderTest) -> None:
    ledger, stored, many = under_test.ledger, under_test.stored, 20_001
    claim = await ledger.acquire("t", 0)
    ids = [f"p{number}" for number in range(many)]
    effects = Effects(
        sums={"s": dict.fromkeys(ids, 1)},
        maxima={"m": dict.fromkeys(ids, 2)},
        values={"v": dict.fromkeys(ids, b"x")},
        set_strings=dict.fromkeys(ids, b"x"),
        append_strings=dict.fromkeys(ids, b"y"),
        memberships={"f": [(one, 5, 0) for one in ids]},
        outbox=[(one, b"v") for one in ids],
        ttl_seconds={"s": 600} | {f"absent-{one}": 600 for one in ids},
    )
    await applied(ledger, claim, effects)
    assert set((await ledger.load_hash(claim, "s")).values()) == {b"1"}
    assert [len(await ledger.load_hash(claim, suffix)) for suffix in "smv"] == [many] * 3
    assert len(stored.memberships(claim, "f")) == many
    assert set(await ledger.load_strings(claim, ids)) == {b"xy"}
    assert [key for key, _ in await ledger.peek_outbox(claim, limit=many)] == ids
    await applied(ledger, claim, Effects(values={"v": dict.fromkeys(ids)}), at=10, until=20)
    assert await ledger.load_hash(claim, "v") == {}


async def test_value_larger_than_a_script_argument_is_stored_whole(ledger: Ledger) -> None:
    claim, blob = await ledger.acquire("t", 0), bytes(range(256)) * 4096
    await applied(ledger, claim, Effects(values={"v": {"big": blob, "small": b"1"}}))
    assert await ledger.load_hash(claim, "v") == {"big": blob, "small": b"1"}


async def test_verify_finds_a_ledger_as_it_was_left(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    await ledger.verify(claim, 0)
    await applied(ledger, claim, Effects(sums={"s": {"a": 1}}), until=7)
    await ledger.verify(claim, 7)


async def test_verify_notices_that_everything_is_gone(under_test: UnderTest) -> None:
    ledger = under_test.ledger
    claim = await ledger.acquire("t", 0)
    await applied(ledger, claim, Effects(), until=7)
    under_test.stored.wipe()
    with pytest.raises(OffsetMoved, match="emptied or restored"):
        await ledger.verify(claim, 7)


async def test_verify_notices_another_owner(ledger: Ledger) -> None:
    claim = await ledger.acquire("t", 0)
    await ledger.acquire("t", 0)
    with pytest.raises(Fenced):
        await ledger.verify(claim, 0)
