"""Lag is measured against the ledger."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaProducer
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from dashboards.lag import Lag, lags
from deploy.local.kafka import LocalKafka
from deploy.local.process import free_port
from deploy.local.redis import LocalRedis
from streams.errors import Unavailable
from streams.kafka.admin import create_topics
from streams.kafka.bounds import LogBounds
from streams.kafka.connection import KafkaConnection
from streams.ledger.connect import reader_client
from streams.ledger.protocol import Effects, Update
from streams.ledger.reader import stored_offsets
from streams.ledger.redis import RedisLedger
from streams.settings import Settings
from streams.topology import LIVE
from tests.servers.waiting import until

AT = (LIVE, 0)


def test_lag_is_what_lies_between_the_ledger_and_the_end() -> None:
    assert lags({"engagement": {AT: 70}}, {AT: 0}, {AT: 100}) == [Lag("engagement", LIVE, 0, 30)]


def test_partition_never_held_is_behind_by_what_kafka_still_has() -> None:
    assert lags({"scoring": {}}, {AT: 40}, {AT: 100}) == [Lag("scoring", LIVE, 0, 60)]


def test_topic_that_a_stage_does_not_read_is_not_told() -> None:
    assert lags({"engagement": {}}, {("scored.texts", 0): 0}, {("scored.texts", 0): 5}) == []


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_lag_is_never_negative(stored: int, beginning: int, end: int) -> None:
    [lag] = lags({"engagement": {AT: stored}}, {AT: beginning}, {AT: end})
    assert lag.records >= 0


@pytest.fixture
def ends(kafka: LocalKafka) -> Iterator[LogBounds]:
    create_topics(kafka.connection, 2, 1, 1)
    reader = LogBounds(kafka.connection)
    yield reader
    reader.close()


@pytest.mark.kafka
def test_ends_grow_with_the_topic(kafka: LocalKafka, ends: LogBounds) -> None:
    before = ends.read()[1][AT]
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for _ in range(3):
        producer.send(LIVE, b"x", partition=0)
    producer.close()
    beginnings, after = ends.read()
    assert after[AT] == before + 3
    assert beginnings[AT] == 0
    assert {topic for topic, _ in after} == {"social.interactions", "live.events", "scored.texts"}


@pytest.mark.kafka
def test_kafka_that_hangs_is_unavailable_soon_and_heard_again(kafka: LocalKafka, ends: LogBounds) -> None:
    ends.read()
    kafka.pause()
    started = time.monotonic()
    try:
        with pytest.raises(Unavailable, match="does not answer"):
            ends.read()
        assert time.monotonic() - started < 4
    finally:
        kafka.resume()
    until(lambda: answers(ends), "Kafka answers again", 60)


def answers(ends: LogBounds) -> bool:
    try:
        ends.read()
    except Unavailable:
        return False
    return True


def test_kafka_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        LogBounds(KafkaConnection(f"127.0.0.1:{free_port()}")).read()


@pytest.mark.redis
async def test_stored_offset_is_what_the_ledger_applied(redis_server: LocalRedis, namespace: str) -> None:
    async with AsyncRedis.from_url(redis_server.url) as client:
        ledger = RedisLedger(client, "engagement", namespace)
        claim = await ledger.acquire(LIVE, 3)
        await ledger.apply(Update(claim, claim.next_offset, 42, Effects()))
        await ledger.acquire("social.interactions", 0)
    with Redis.from_url(redis_server.url) as client:
        assert stored_offsets(client, namespace, "engagement") == {(LIVE, 3): 42, ("social.interactions", 0): 0}
        assert stored_offsets(client, namespace, "scoring") == {}


@pytest.mark.parametrize("hangs", [False, True], ids=["absent", "hanging"])
@pytest.mark.redis
def test_redis_that_does_not_answer_is_unavailable_soon(hangs: bool, tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server, reader_client(Settings(redis=server.url)) as client:
        if hangs:
            server.pause()
        else:
            server.kill()
        started = time.monotonic()
        with pytest.raises(Unavailable, match="Redis does not answer"):
            stored_offsets(client, "pw", "engagement")
        assert time.monotonic() - started < 4
