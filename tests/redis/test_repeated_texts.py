"""A feed's repeats over a real Redis: the next worker knows what the one before it counted, by eight bytes a text."""

from typing import Any

import msgspec
from redis.asyncio import Redis

from deploy.local.redis import LocalRedis
from streams.detection.brand.brand import CODEC
from streams.detection.dedup import DIGEST_BYTES
from streams.detection.handler import DetectionHandler
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Coordinates
from streams.ledger.redis import RedisLedger, key_prefix
from streams.topology import DETECTION, SCORED, SOCIAL
from tests.builders.records import CONFIG, at, text, text_batch
from tests.fakes.detection_worker import MemoryAlerts


async def test_texts_that_are_told_again_after_a_restart_count_once(redis_server: LocalRedis, namespace: str) -> None:
    texts = [text(31, number) for number in range(300)]
    repeats = [
        msgspec.structs.replace(one, origin=Coordinates(SOCIAL, 0, 1_000 + number)) for number, one in enumerate(texts)
    ]
    prefix = key_prefix(namespace, DETECTION, SCORED, 0)
    async with Redis.from_url(redis_server.url) as client:
        for told in (texts, [*repeats, text(31, 2_000)]):
            ledger = RedisLedger(client, DETECTION, namespace)
            handler = DetectionHandler(ledger, MemoryAlerts(), MemoryDeadLetterSink(), CONFIG)
            first = await handler.assigned(SCORED, 0)
            await handler.apply(handler.prepare(text_batch(told, first)))
        state: Any = await client.hget(prefix + "brands", "acme")
        brand = CODEC.decode(state)
        assert brand.conversation.windows.minutes[at(31) // 60_000].texts == 301
        assert await client.strlen(prefix + "told:0") == 301 * DIGEST_BYTES
