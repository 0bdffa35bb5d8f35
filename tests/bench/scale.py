"""What a room and a brand cost: the same number of events spread over ten and over ten thousand rooms, and over ten and
five thousand brands, through the stages' own handlers on a Redis of their own.

Processor time is this process's and Redis's over the second half of the events, when the keys are known; Redis's memory
is what it holds more than before, and the worker's what the process holds more while its handler lives. The process
looks after its memory as a worker does. Every key has the same number of events a minute, so that a batch of many keys
touches more of them, each with less to add. How many events a key has in a batch decides what an event costs: a batch
is by default what a worker takes at once when it has no time to spare; `--batch` measures smaller ones.
"""

import asyncio
import gc
import os
import random
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from redis.asyncio import Redis

from deploy.local.redis import LocalRedis
from streams.clock import MINUTE_MS
from streams.detection.config import DetectionConfig
from streams.detection.handler import DetectionHandler
from streams.engagement.handler import EngagementHandler
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Actor, Coordinates, Event, Kind, ScoredText
from streams.ledger.redis import RedisLedger
from streams.topology import DETECTION, ENGAGEMENT, LIVE, SCORED, SOCIAL
from streams.transport.batch import Batch
from streams.transport.handler import BatchHandler
from streams.transport.memory import settle_memory
from tests.bench.arena import Say

FEW, MANY_ROOMS, MANY_BRANDS = 10, 10_000, 5_000
GOAL = 1.3
BATCH_EVENTS = 25_000
"""What streams.transport.fetched takes at once of events of 300 bytes."""
EVENTS_A_MINUTE = 12
"""Of each key: a house with a thousand times as many rooms has a thousand times as many events."""
BEGINS_MS = 1_790_000_000_000 // MINUTE_MS * MINUTE_MS
SEED = 11
MIX: dict[Kind, int] = {
    "comment": 6, "like": 5, "enter": 4, "viewers": 3, "gift": 1, "product_click": 1, "follow": 1, "payment": 1,
}  # fmt: skip
"""How often each kind comes."""
WORDS = tuple(f"{word}{number}" for word in ("zipper", "parcel", "好看", "质量") for number in range(5))


class Nowhere:
    """The alerts topic of a bench."""

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        """Alerts go nowhere."""


@dataclass(frozen=True)
class Cost:
    """What some keys cost over a run."""

    keys: int
    microseconds_an_event: float
    redis_microseconds_an_event: float
    redis_bytes_a_key: float
    worker_bytes_a_key: float

    @property
    def whole_microseconds(self) -> float:
        return self.microseconds_an_event + self.redis_microseconds_an_event


def run_scale(*, events: int = 200_000, batch_events: int = BATCH_EVENTS, say: Say = lambda _: None) -> dict[str, Any]:
    """Each stage's costs with few and with many keys."""
    rows = []
    for name, many in (
        ("engagement", MANY_ROOMS),
        ("detection of rooms", MANY_ROOMS),
        ("detection of brands", MANY_BRANDS),
    ):
        few_cost, many_cost = (_measured(name, keys, events, batch_events, say) for keys in (FEW, many))
        rows.append(
            {
                "stage": name,
                "few": msgspec.to_builtins(few_cost),
                "many": msgspec.to_builtins(many_cost),
                "ratio": round(many_cost.whole_microseconds / few_cost.whole_microseconds, 2),
            }
        )
    parts = "microseconds_an_event", "redis_microseconds_an_event"
    whole = [sum(row[size][part] for row in rows for part in parts) for size in ("few", "many")]
    return {
        "goal": GOAL,
        "events": events,
        "batch_events": batch_events,
        "rows": rows,
        "ratio": round(whole[1] / whole[0], 2),
    }


def shown(outcome: dict[str, Any]) -> Iterator[str]:
    """The outcome as lines."""
    yield f"{'stage':22} {'keys':>7} {'µs/event':>9} {'Redis µs':>9} {'Redis B/key':>12} {'worker B':>9} {'ratio':>6}"
    for row in outcome["rows"]:
        for size in ("few", "many"):
            cost = row[size]
            ratio = f"{row['ratio']:6.2f}" if size == "many" else ""
            yield (
                f"{row['stage']:22} {cost['keys']:7,} {cost['microseconds_an_event']:9.1f}"
                f" {cost['redis_microseconds_an_event']:9.1f} {cost['redis_bytes_a_key']:12,.0f}"
                f" {cost['worker_bytes_a_key']:9,.0f} {ratio}"
            )
    yield f"all stages: ×{outcome['ratio']} (goal ×{outcome['goal']})"


def _measured(name: str, keys: int, events: int, batch_events: int, say: Say) -> Cost:
    """In a process of its own, so that what one run leaves behind is not another's."""
    say(f"{name}: {keys:,} keys")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as answer:
            answer.write(msgspec.msgpack.encode(asyncio.run(_run(name, keys, events, batch_events))))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        found = answer.read()
    os.waitpid(child, 0)
    return msgspec.msgpack.decode(found, type=Cost)


async def _run(name: str, keys: int, events: int, batch_events: int) -> Cost:
    settle_memory()
    with TemporaryDirectory() as folder, LocalRedis(Path(folder)) as server:
        async with Redis.from_url(server.url) as client:
            handler, topic, values = _stage(name, client, keys)
            await handler.assigned(topic, 0)
            gc.collect()
            redis_before, worker_before = (await client.info("memory"))["used_memory"], _resident_bytes()
            seconds, counted, redis_seconds = 0.0, 0, 0.0
            for first in range(0, events, batch_events):
                part = values(first, min(first + batch_events, events))
                measured = first >= events // 2
                if measured and not counted:
                    redis_seconds = await _redis_seconds(client)
                began = time.process_time()
                await handler.apply(handler.prepare(part))
                if measured:
                    seconds += time.process_time() - began
                    counted += len(part)
            redis_seconds = await _redis_seconds(client) - redis_seconds
            gc.collect()
            redis_bytes = (await client.info("memory"))["used_memory"] - redis_before
            return Cost(
                keys,
                seconds / counted * 1e6,
                redis_seconds / counted * 1e6,
                redis_bytes / keys,
                max(0, _resident_bytes() - worker_before) / keys,
            )


def _stage(name: str, client: Any, keys: int) -> tuple[BatchHandler[Any], str, Any]:
    if name == "engagement":
        ledger = RedisLedger(client, ENGAGEMENT, "scale")
        counter = EngagementHandler(ledger, MemoryDeadLetterSink(), session_ttl_seconds=86_400)
        return counter, LIVE, lambda first, end: _live(keys, first, end)
    ledger = RedisLedger(client, DETECTION, "scale")
    detector = DetectionHandler(ledger, Nowhere(), MemoryDeadLetterSink(), DetectionConfig())
    if name == "detection of rooms":
        return detector, LIVE, lambda first, end: _live(keys, first, end)
    return detector, SCORED, lambda first, end: _scored(keys, first, end)


def _live(keys: int, first: int, end: int) -> Batch:
    """Events of rooms, each with viewers of its own."""
    rng, kinds, weights = random.Random(SEED + first), tuple(MIX), tuple(MIX.values())
    made = []
    for number in range(first, end):
        at_ms, room, kind = _at_ms(number, keys), rng.randrange(keys), rng.choices(kinds, weights)[0]
        of_nobody = kind == "viewers"
        made.append(
            Event(
                event_id=f"feed:{number}", source="feed", platform="douyin", kind=kind, brand_id=f"brand-{room % 50}",
                event_time_ms=at_ms, ingest_time_ms=at_ms, room_id=f"room-{room}", session_id=f"room-{room}-today",
                actor=None if of_nobody else Actor(f"p{room}-{rng.randrange(40)}"),
                product_id=f"product-{room}" if kind in ("product_click", "payment") else None,
                subject_id=f"o{number}" if kind in ("gift", "payment") else None,
                text=rng.choice(WORDS) if kind == "comment" else None,
                value=rng.randrange(80, 120) if of_nobody else 1, value_mode="snapshot" if of_nobody else "delta",
                amount=990 if kind in ("gift", "payment") else 0,
            )
        )  # fmt: skip
    return _batch(LIVE, first, made, [event.event_time_ms for event in made])


def _scored(keys: int, first: int, end: int) -> Batch:
    rng = random.Random(SEED + first)
    made = []
    for number in range(first, end):
        at_ms, brand = _at_ms(number, keys), rng.randrange(keys)
        made.append(
            ScoredText(
                event_id=f"feed:{number}", origin=Coordinates(SOCIAL, 0, number), log_time_ms=at_ms, platform="weibo",
                source="feed", kind="comment", brand_id=f"brand-{brand}", event_time_ms=at_ms,
                text=" ".join(rng.choices(WORDS, k=6)), scored=True, sentiment="neutral",
                sentiment_scores={"neutral": 0.9}, actor=Actor(f"p{brand}-{rng.randrange(40)}"),
            )
        )  # fmt: skip
    return _batch(SCORED, first, made, [text.log_time_ms for text in made])


def _batch(topic: str, first: int, made: Sequence[Any], times_ms: Sequence[int]) -> Batch:
    encode = msgspec.json.Encoder().encode
    return Batch(topic, 0, range(first, first + len(made)), times_ms, [encode(one) for one in made])


def _at_ms(number: int, keys: int) -> int:
    return BEGINS_MS + number * MINUTE_MS // (EVENTS_A_MINUTE * keys)


async def _redis_seconds(client: Any) -> float:
    used = await client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
