"""What the stages store, written by the stages' own handlers on a real Redis."""

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis

from streams.detection.handler import DetectionHandler
from streams.detection.room_event import RoomEvent
from streams.engagement.handler import EngagementHandler
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Event, ScoredText
from streams.ledger.redis import RedisLedger, key_prefix
from streams.settings import Settings
from streams.topology import LIVE
from streams.transport.batch import Batch
from tests.builders.records import CONFIG, room_batch, text_batch
from tests.fakes.detection_worker import MemoryAlerts
from tests.fakes.engagement_worker import log_of


def count(settings: Settings, *events: Event, log_ms: int) -> None:
    """Events of rooms, as the engagement stage counts them."""
    asyncio.run(_count(settings, events, log_ms))


def detect(settings: Settings, *texts: ScoredText) -> None:
    """Scored texts, as the detection stage takes them."""
    asyncio.run(_detect(settings, texts))


def detect_in_rooms(settings: Settings, *events: RoomEvent) -> None:
    """Events of rooms, as the detection stage takes them."""
    asyncio.run(_detect_in_rooms(settings, events))


async def _count(settings: Settings, events: Sequence[Event], log_ms: int) -> None:
    async with Redis.from_url(settings.redis) as client:
        handler = EngagementHandler(
            RedisLedger(client, "engagement", settings.namespace), MemoryDeadLetterSink(), session_ttl_seconds=3600
        )  # fmt: skip
        await handler.assigned(LIVE, 0)
        # A handler begins to read below the stored offset, where all is counted already.
        stored = await client.hget(key_prefix(settings.namespace, "engagement", LIVE, 0) + "ledger", "next")
        offsets, values = zip(*log_of(events, int(stored or 0)), strict=True)
        await handler.apply(handler.prepare(Batch(LIVE, 0, offsets, [log_ms] * len(values), values)))


async def _detect(settings: Settings, texts: Sequence[ScoredText]) -> None:
    async with Redis.from_url(settings.redis) as client:
        ledger = RedisLedger(client, "detection", settings.namespace)
        handler = DetectionHandler(ledger, MemoryAlerts(), MemoryDeadLetterSink(), CONFIG)
        first = await handler.assigned("scored.texts", 0)
        await handler.apply(handler.prepare(text_batch(texts, first)))


async def _detect_in_rooms(settings: Settings, events: Sequence[RoomEvent]) -> None:
    async with Redis.from_url(settings.redis) as client:
        ledger = RedisLedger(client, "detection", settings.namespace)
        handler = DetectionHandler(ledger, MemoryAlerts(), MemoryDeadLetterSink(), CONFIG)
        first = await handler.assigned(LIVE, 0)
        await handler.apply(handler.prepare(room_batch(events, first)))
