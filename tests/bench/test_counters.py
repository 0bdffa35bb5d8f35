"""The plain counters that peers write and the recount is made of."""

import pytest
from redis import Redis

from deploy.local.redis import LocalRedis
from streams.events.schema import Actor, Event
from tests.bench.arena import Mismatch
from tests.bench.engagement import Plain, Recount, compare_stored
from tests.bench.load import Load, generate
from tests.bench.peers.counters import Counters, buckets

AT_MS = 10 * 3_600_000 + 7 * 60_000


def payment(person: str, value: int = 2) -> Event:
    return Event(
        event_id="e", source="shop", platform="douyin", kind="payment", brand_id="b1", room_id="r1", session_id="s1",
        product_id="p1", event_time_ms=AT_MS, ingest_time_ms=AT_MS, actor=Actor(person), value=value, amount=500,
    )  # fmt: skip


def test_event_counts_in_minute_hour_and_session_of_each_scope() -> None:
    assert set(buckets((607, "douyin", "b1", "r1", "p1", "s1"))) == {
        ("minute:607", "b:b1"), ("hour:10", "b:b1"),
        ("minute:607", "f:douyin"), ("hour:10", "f:douyin"),
        ("minute:607", "r:r1"), ("hour:10", "r:r1"), ("session:s1", "r:r1"),
        ("minute:607", "p:p1"), ("hour:10", "p:p1"), ("session:s1", "p:p1"),
    }  # fmt: skip


def test_payments_count_orders_and_money_not_items() -> None:
    counters = Counters()
    counters.add(payment("a"))
    counters.add(payment("a"))
    counters.add(payment("b"))
    sums, people = counters.take()
    assert sums["session:s1", "r:r1"] == {"payments": 3, "paid_value": 1500}
    assert people[("session:s1", "r:r1"), "paid"] == {"a", "b"}
    assert counters.take() == ({}, {})


def test_flushed_counters_equal_their_recount_and_a_lost_one_does_not(redis_server: LocalRedis, namespace: str) -> None:
    load = Load(2_000, rooms=5, people=300)
    with Redis.from_url(redis_server.url) as redis:
        counters = Counters()
        for number, event in enumerate(generate(load)):
            counters.add(event)
            if number % 700 == 0:
                counters.flush(redis, namespace)
        counters.flush(redis, namespace)
        recount, stored = Recount(load), Plain(redis, namespace)
        compare_stored(recount, stored)
        redis.hincrby(f"{namespace}:session:room-0001-evening:r:room-0001", "likes", -1)
        with pytest.raises(Mismatch, match="room-0001"):
            compare_stored(recount, stored)
