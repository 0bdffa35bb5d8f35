"""The overview of all rooms says what the reader says of each."""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from deploy.local.process import free_port
from deploy.local.redis import LocalRedis
from streams.clock import MINUTE_MS
from streams.engagement.overview import Overview
from streams.engagement.reader import EngagementReader
from streams.errors import Unavailable
from streams.events.schema import Event, Kind
from streams.ledger.redis import RedisLedger
from tests.fakes.engagement_worker import LOG_MS, TOPIC, Worker, log_of

NOW_MS = LOG_MS - LOG_MS % MINUTE_MS


def event(number: int, kind: Kind, minutes_ago: int, room: str, value: int = 1) -> Event:
    at_ms = NOW_MS - minutes_ago * MINUTE_MS
    return Event(
        event_id=f"e{number}", source="feed", platform="douyin", kind=kind, brand_id="b-1", room_id=room,
        event_time_ms=at_ms, ingest_time_ms=at_ms, value=value, value_mode="snapshot" if kind == "viewers" else "delta",
    )  # fmt: skip


EVENTS = [
    event(1, "comment", 9, "too-old"),
    event(2, "comment", 4, "r-1"),
    event(3, "viewers", 2, "r-1", value=30),
    event(4, "like", 1, "r-2", value=7),
    event(5, "viewers", 1, "r-1", value=20),
    event(6, "comment", 0, "r-1"),
]


@pytest.fixture
def client(redis_server: LocalRedis) -> Iterator[Redis]:
    with Redis.from_url(redis_server.url) as client:
        yield client


@pytest.mark.redis
async def test_lines_are_what_the_reader_says_of_each_room(
    redis_server: LocalRedis, client: Redis, namespace: str
) -> None:
    async with AsyncRedis.from_url(redis_server.url) as connection:
        await Worker(log_of(EVENTS), RedisLedger(connection, "engagement", namespace)).run()
    overview, reader = Overview(client, namespace), EngagementReader(client, namespace)
    lines = overview.lines("room", 5, NOW_MS)
    assert set(lines) == {"r-1", "r-2"}
    for room, line in lines.items():
        assert line.sums == reader.sums("room", room, "5m", NOW_MS)
        assert line.viewers_now == reader.gauges("room", room, "5m", NOW_MS).get("viewers_now")
    assert (lines["r-1"].sums["comments"], lines["r-1"].viewers_now) == (2, 20)
    assert (lines["r-2"].sums["likes"], lines["r-2"].viewers_now) == (7, None)
    assert overview.newest_event_ms() == {TOPIC: NOW_MS}


@pytest.mark.redis
def test_nothing_counted_is_nothing_shown(client: Redis, namespace: str) -> None:
    overview = Overview(client, namespace)
    assert overview.newest_event_ms() == {}
    assert overview.lines("room", 5, NOW_MS) == {}


def test_redis_that_is_away_is_unavailable() -> None:
    with Redis(port=free_port()) as client, pytest.raises(Unavailable, match="Redis does not answer"):
        Overview(client, "pw").newest_event_ms()
