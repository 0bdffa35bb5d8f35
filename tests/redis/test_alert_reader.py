"""Reading back from a real Redis what the stage has stored there."""

from collections.abc import Sequence

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.retry import Retry

from deploy.local.process import free_port
from deploy.local.redis import LocalRedis
from streams.alerts.reader import AlertReader
from streams.detection.handler import DetectionHandler
from streams.detection.views.reader import BrandTexts, ViewReader
from streams.errors import Unavailable
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.ledger.redis import RedisLedger
from streams.topology import DETECTION, LIVE, SCORED
from tests.builders.records import CONFIG, at, room_batch, room_event, speech, steady, text, text_batch


class Discarded:
    """An alerts topic that nobody reads."""

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        pass


async def stored(server: LocalRedis, namespace: str) -> None:
    """A breach that is over, a room that collapsed, and some texts of two brands."""
    client = AsyncRedis.from_url(server.url)
    handler = DetectionHandler(RedisLedger(client, DETECTION, namespace), Discarded(), MemoryDeadLetterSink(), CONFIG)
    await handler.assigned(SCORED, 0)
    texts = [
        speech(0, 0, "absolute_claim"),
        *steady(2, range(70), first_offset=1),
        text(70, 900, mood="negative", flagged=["crisis"], platform="douyin"),
        text(70, 901, brand_id="other"),
    ]
    await handler.apply(handler.prepare(text_batch(texts)))
    await handler.assigned(LIVE, 3)
    full = [room_event(minute, kind, 100) for minute in range(15) for kind in ("viewers", "comment")]
    batch = room_batch([*full, *(room_event(minute, "viewers", 2) for minute in range(15, 19))])
    await handler.apply(handler.prepare(type(batch)(LIVE, 3, batch.offsets, batch.timestamps_ms, batch.values)))
    await client.aclose()


async def test_readers_see_alerts_and_texts_of_all_partitions(redis_server: LocalRedis, namespace: str) -> None:
    await stored(redis_server, namespace)
    with Redis.from_url(redis_server.url) as client:
        reader, views = AlertReader(client, namespace), ViewReader(client, namespace)
        assert [(alert.kind, alert.state) for alert in reader.active()] == [("room_collapse", "firing")]
        assert [(alert.kind, alert.state) for alert in reader.resolved()] == [("compliance", "resolved")]
        assert views.rooms(["r1", "unknown"])["r1"].fake_shares == {}, "a comment a minute is too little to tell"
        # The hour up to minute 70 begins with minute 11.
        assert views.texts(at(70)) == [
            BrandTexts("acme", "douyin", {"texts": 1, "negative": 1, "crisis": 1}),
            BrandTexts("acme", "weibo", {"texts": 118, "neutral": 118}),
            BrandTexts("other", "weibo", {"texts": 1, "neutral": 1}),
        ]


async def test_readers_of_an_empty_namespace_see_nothing(redis_server: LocalRedis, namespace: str) -> None:
    with Redis.from_url(redis_server.url) as client:
        reader, views = AlertReader(client, namespace), ViewReader(client, namespace)
        assert (reader.active(), reader.resolved(), reader.shadow()) == ([], [], [])
        assert (views.texts(at(0)), views.feeds(["acme"]), views.usual("acme")) == ([], [], None)
        assert views.rooms(["r1"]) == {}


def test_reader_without_a_server_says_so() -> None:
    client = Redis(port=free_port(), retry=Retry(NoBackoff(), 0))
    with pytest.raises(Unavailable):
        AlertReader(client, "none").active()
