"""What detection stored on a real Redis, as screens read it."""

from collections.abc import AsyncIterator

import msgspec
import pytest
import redis as sync_redis
from redis.asyncio import Redis

from deploy.local.redis import LocalRedis
from streams.clock import MINUTE_MS
from streams.detection.handler import DetectionHandler
from streams.detection.views.questions import Question
from streams.detection.views.reader import RoomSummary, TopAccount, ViewReader, VolumeBaseline
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Actor, Coordinates, ScoredText
from streams.ledger.redis import RedisLedger, key_prefix
from streams.topology import DETECTION, LIVE, SCORED, SOCIAL
from streams.transport.batch import Batch
from tests.builders.records import (
    CONFIG,
    START_MS,
    at,
    room_batch,
    room_event,
    speech,
    steady,
    text,
    text_batch,
)
from tests.fakes.detection_worker import MemoryAlerts

START = START_MS // MINUTE_MS


class Stored:
    """A detection worker on a real Redis, and the reader of what it stores."""

    def __init__(self, handler: DetectionHandler, reader: ViewReader) -> None:
        self.handler = handler
        self.reader = reader

    async def process(self, *texts: ScoredText) -> None:
        await self.apply(text_batch(sorted(texts, key=lambda one: one.event_time_ms)))

    async def apply(self, batch: Batch) -> None:
        await self.handler.assigned(batch.topic, 0)
        await self.handler.apply(self.handler.prepare(batch))


@pytest.fixture
async def stored(redis_server: LocalRedis, namespace: str) -> AsyncIterator[Stored]:
    client = Redis.from_url(redis_server.url)
    handler = DetectionHandler(
        RedisLedger(client, "detection", namespace), MemoryAlerts(), MemoryDeadLetterSink(), CONFIG
    )
    with sync_redis.Redis.from_url(redis_server.url) as reading:
        yield Stored(handler, ViewReader(reading, namespace))
    await client.aclose()


async def test_sentiments_of_a_room_leave_the_host_out(stored: Stored) -> None:
    await stored.process(
        text(0, 1, room_id="r1", mood="negative", flagged=["complaint"]),
        text(2, 2, room_id="r1", mood="positive"),
        text(2, 3, room_id="r2", mood="positive"),
        speech(2, 4, "absolute_claim", room_id="r1"),
    )
    sentiments = stored.reader.sentiments("r1", START, START + 5)
    assert {minute - START: dict(counts) for minute, counts in sentiments.items()} == {
        0: {"texts": 1, "negative": 1, "complaint": 1},
        2: {"texts": 1, "positive": 1},
    }


async def test_text_that_is_scored_later_changes_its_sentiment_and_not_its_count(stored: Stored) -> None:
    await stored.process(text(1, 1, room_id="r1", mood="unscored"))
    await stored.process(text(1, 1, room_id="r1", mood="negative"))
    [counts] = stored.reader.sentiments("r1", START, START + 5).values()
    assert {label: count for label, count in counts.items() if count} == {"texts": 1, "negative": 1}


async def test_questions_of_two_times_ten_minutes_are_grouped_and_compared(stored: Stored) -> None:
    asked = ["多少钱", "这款多少钱呀", "有运费险吗", "主播多少钱"]
    earlier = [text(2, 0, room_id="r1", text="多少钱啊")]
    await stored.process(
        *earlier, *(text(25, number, room_id="r1", text=words) for number, words in enumerate(asked, 1))
    )
    assert stored.reader.questions("r1", at(31)) == [Question("主播多少钱", 3, 1, 1), Question("有运费险吗", 1, 0, 1)]
    assert stored.reader.questions("r2", at(31)) == []


async def test_topic_of_the_last_minutes_rises_over_the_hour(stored: Stored) -> None:
    calm = [text(minute, minute, text="充电宝好用") for minute in range(0, 40, 2)]
    fire = [text(45 + number / 10, 100 + number, text="充电宝起火") for number in range(20)]
    await stored.process(*calm, *fire)
    assert [(topic.term, topic.example) for topic in stored.reader.topics("acme", at(49))] == [
        ("充电宝起火", "充电宝起火")
    ]


async def test_accounts_carry_reach_and_share(stored: Stored) -> None:
    loud = [text(number, number, actor=Actor(id="loud", followers=10 * number)) for number in range(3)]
    await stored.process(*loud, text(3, 9, actor=Actor(id="other")), text(3, 10, actor=None))
    top, accounts = stored.reader.accounts("acme", at(5))
    assert (top, accounts) == ([TopAccount("loud", 3, 0.75, 20), TopAccount("other", 1, 0.25, 0)], 2)


async def test_minutes_of_a_brand_are_by_platform(stored: Stored) -> None:
    await stored.process(text(58, 1, mood="negative"), text(61, 2, platform="douyin"), text(200, 3))
    minutes = stored.reader.minutes("acme", START + 50, START + 109)
    assert {(minute - START, platform): dict(counts) for (minute, platform), counts in minutes.items()} == {
        (58, "weibo"): {"texts": 1, "negative": 1},
        (61, "douyin"): {"texts": 1, "neutral": 1},
    }


async def test_usual_volume_is_what_the_detector_learned(stored: Stored) -> None:
    assert stored.reader.usual("acme") is None
    await stored.process(*steady(4, range(30)))
    usual = stored.reader.usual("acme")
    assert isinstance(usual, VolumeBaseline)
    assert (round(usual.texts_per_minute), usual.windows) == (4, 5)


async def test_feeds_and_rooms_are_those_with_records(stored: Stored) -> None:
    await stored.process(text(0, 1), text(1, 2, source="douyin-search"))
    await stored.apply(room_batch([room_event(0, "viewers", 5), room_event(1, "session_end")]))
    feeds = stored.reader.feeds(["acme", "nobody"])
    assert [(feed.source, feed.last_ms, feed.texts, feed.silent) for feed in feeds] == [
        ("douyin-search", at(1), 1, False), ("weibo-search", at(0), 1, False),
    ]  # fmt: skip
    assert stored.reader.rooms(["r1", "room-1", "nowhere"]) == {
        "r1": RoomSummary("r1", "acme", "douyin-live", ended=True, fake_shares={})
    }


async def test_inauthentic_shares_are_those_of_the_last_minutes(stored: Stored) -> None:
    tapping = [room_event(minute, "like", 2_000, actor=Actor(id="bot")) for minute in (0, 1)]
    await stored.apply(room_batch([room_event(0, "viewers", 100), *tapping, room_event(2, "viewers", 100)]))
    assert {name: room.fake_shares for name, room in stored.reader.rooms(["r1", "r2"]).items() if room.fake_shares} == {
        "r1": {"likes": 1.0}
    }


async def test_views_are_read_without_the_states_and_no_state_stands_in_for_a_view(
    stored: Stored, redis_server: LocalRedis, namespace: str
) -> None:
    await stored.process(*steady(4, range(30)))
    await stored.apply(room_batch([room_event(0, "viewers", 5)]))
    scored, live = key_prefix(namespace, DETECTION, SCORED, 0), key_prefix(namespace, DETECTION, LIVE, 0)
    with sync_redis.Redis.from_url(redis_server.url) as client:
        client.rename(scored + "brands", scored + "kept")
        client.delete(live + "rooms")
        assert stored.reader.usual("acme") is not None
        assert [feed.source for feed in stored.reader.feeds(["acme"])] == ["weibo-search"]
        assert list(stored.reader.rooms(["r1"])) == ["r1"]
        # A namespace from before there were views.
        client.rename(scored + "kept", scored + "brands")
        client.delete(scored + "brand_views", live + "room_views")
    assert (stored.reader.usual("acme"), stored.reader.feeds(["acme"]), stored.reader.rooms(["r1"])) == (None, [], {})
    await stored.apply(text_batch([text(31, 120)], first_offset=120))
    assert stored.reader.usual("acme") is not None


async def test_feeds_times_are_told_by_brand_and_by_source(stored: Stored) -> None:
    late = [text(minute - 27 * (minute % 2), minute, log_time_ms=at(minute)) for minute in range(60, 160)]
    fast = [text(minute + 4, 500 + minute, source="fast", log_time_ms=at(minute)) for minute in range(60, 160)]
    await stored.apply(text_batch(_in_order([*late, *fast])))
    one, other = stored.reader.feeds(["acme"])
    assert (one.source, one.offset_ms, one.lateness_ms) == ("fast", -240_000, 0)
    assert (other.source, other.offset_ms, other.lateness_ms) == ("weibo-search", 0, 30 * 60_000)
    assert other.late > 0
    times = stored.reader.feed_times(at(100))
    assert [(time.source, time.offset_ms, time.lateness_ms) for time in times] == [
        ("fast", -240_000, 0), ("weibo-search", 0, 30 * 60_000),
    ]  # fmt: skip
    assert stored.reader.feed_times(at(500)) == []


def _in_order(texts: list[ScoredText]) -> list[ScoredText]:
    """By arrival, each with the offset of its place."""
    ordered = sorted(texts, key=lambda one: one.log_time_ms)
    return [msgspec.structs.replace(one, origin=Coordinates(SOCIAL, 0, offset)) for offset, one in enumerate(ordered)]


async def test_counts_of_ten_minutes_expire(stored: Stored, redis_server: LocalRedis, namespace: str) -> None:
    await stored.process(text(0, 1, room_id="r1", text="充电宝多少钱"))
    with sync_redis.Redis.from_url(redis_server.url) as client:
        keys = [key for key in client.keys(f"{namespace}:detection:*") if client.ttl(key) >= 0]
    suffixes = {key.decode().split("}:")[1].partition(":")[0] for key in keys}
    counts = {"texts", "moods", "voices", "reach", "terms", "samples", "asked", "worded", "counted"}
    assert suffixes == counts | {"brands", "brand_views", "seen", "told"}
