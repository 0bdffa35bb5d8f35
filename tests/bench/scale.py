"""What a room and a brand cost: one feed over ten and over ten thousand rooms, and over ten and five thousand brands,
through the stages' own handlers on a Redis of their own.

Whatever it is spread over, the feed has the same events a minute, in the same shares of kinds, of as many people: the
spreads differ in nothing but whose room or brand it is. Ten thousand rooms are as unequal as in life
(tests.bench.load), which the goal is about, or all alike, which costs most: a batch touches nearly all of them, each
with little to add. A batch is what a worker with four partitions takes at once when it has no time to spare; `--batch`
measures smaller ones.

Processor time is this process's and Redis's over the second half of the events, when the keys are known; of several
rounds, in turns, the lowest counts. Redis's memory is what it holds more than before, and the worker's what the process
holds more while its handler lives. The process looks after its memory as a worker does.
"""

import asyncio
import gc
import os
import random
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis

from deploy.local.redis import LocalRedis
from streams.detection.config import DetectionConfig
from streams.detection.handler import DetectionHandler
from streams.engagement.handler import EngagementHandler
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Actor, Coordinates, Event, ScoredText
from streams.ledger.redis import RedisLedger
from streams.topology import DETECTION, ENGAGEMENT, LIVE, SCORED, SOCIAL
from streams.transport.batch import Batch
from streams.transport.handler import BatchHandler, batch_bytes_of
from streams.transport.memory import settle_memory
from tests.bench.arena import Say
from tests.bench.load import Load, audiences, generate

FEW = 10
STAGES = {"engagement": 10_000, "detection of rooms": 10_000, "detection of brands": 5_000}
"""How many rooms or brands are many."""
PARTITIONS = 4
GOAL = 1.3
BEGINS_MS = 1_790_000_000_000
TEXTS_A_SECOND = 1_000
TEXTS_SHARE = 4
"""A text is so much dearer than an event that a quarter of them is enough."""
PEOPLE = 200_000
PATIENCE_SECONDS = 600.0
"""A machine with other work is slow, which harms no figure here."""
SEED = 11
WORDS = tuple(f"{word}{number}" for word in ("zipper", "parcel", "好看", "质量") for number in range(5))


class Spread(NamedTuple):
    """Over how many rooms or brands the feed goes, and whether each has as much of it."""

    keys: int
    even: bool


class Nowhere:
    """The alerts topic of a bench."""

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        """Alerts go nowhere."""


@dataclass(frozen=True)
class Cost:
    """What some keys cost over a run."""

    keys: int
    batch_events: int
    microseconds_an_event: float
    redis_microseconds_an_event: float
    redis_bytes_a_key: float
    worker_bytes_a_key: float

    @property
    def whole(self) -> float:
        """The worker's and Redis's microseconds an event."""
        return self.microseconds_an_event + self.redis_microseconds_an_event


def run_scale(
    *,
    stages: Sequence[str] = tuple(STAGES),
    events: int = 340_000,
    batch_events: int | None = None,
    repeats: int = 1,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Each stage's costs with few keys, and with many, as unequal as in life and all alike."""
    rows = []
    for name in stages:
        many = STAGES[name]
        spreads = {"few": Spread(FEW, even=True), "unequal": Spread(many, even=False), "even": Spread(many, even=True)}
        rounds = [
            {which: _measured(name, spread, events, batch_events, say) for which, spread in spreads.items()}
            for _ in range(repeats)
        ]
        costs = {which: min((each[which] for each in rounds), key=lambda cost: cost.whole) for which in spreads}
        rows.append(
            {
                "stage": name,
                **{which: msgspec.to_builtins(cost) for which, cost in costs.items()},
                "ratio": round(costs["unequal"].whole / costs["few"].whole, 2),
                "even_ratio": round(costs["even"].whole / costs["few"].whole, 2),
            }
        )
    parts = "microseconds_an_event", "redis_microseconds_an_event"
    whole = {which: sum(row[which][part] for row in rows for part in parts) for which in ("few", "unequal", "even")}
    return {
        "goal": GOAL,
        "events": events,
        "repeats": repeats,
        "rows": rows,
        "ratio": round(whole["unequal"] / whole["few"], 2),
        "even_ratio": round(whole["even"] / whole["few"], 2),
    }


def shown(outcome: dict[str, Any]) -> Iterator[str]:
    """The outcome as lines."""
    yield (
        f"{'stage':20} {'keys':>14} {'batch':>7} {'µs/event':>9} {'Redis µs':>9} {'Redis B/key':>12} {'worker B':>9}"
        f" {'ratio':>6}"
    )
    for row in outcome["rows"]:
        for which, ratio in (("few", ""), ("unequal", f"{row['ratio']:6.2f}"), ("even", f"{row['even_ratio']:6.2f}")):
            cost = row[which]
            keys = f"{cost['keys']:,}" + ("" if which == "few" else f" {which}")
            yield (
                f"{row['stage']:20} {keys:>14} {cost['batch_events']:7,} {cost['microseconds_an_event']:9.1f}"
                f" {cost['redis_microseconds_an_event']:9.1f} {cost['redis_bytes_a_key']:12,.0f}"
                f" {cost['worker_bytes_a_key']:9,.0f} {ratio}"
            )
    yield f"together: ×{outcome['ratio']} unequal (goal ×{outcome['goal']}), ×{outcome['even_ratio']} even"


def _measured(name: str, spread: Spread, events: int, batch_events: int | None, say: Say) -> Cost:
    """In a process of its own, so that what one run leaves behind is not another's."""
    say(f"{name}: {spread.keys:,} keys, {'alike' if spread.even else 'unequal'}")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as answer:
            answer.write(msgspec.msgpack.encode(asyncio.run(_run(name, spread, events, batch_events))))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        found = answer.read()
    os.waitpid(child, 0)
    return msgspec.msgpack.decode(found, type=Cost)


async def _run(name: str, spread: Spread, events: int, batch_events: int | None) -> Cost:
    settle_memory()
    with TemporaryDirectory() as folder, LocalRedis(Path(folder)) as server:
        async with Redis.from_url(server.url, socket_timeout=PATIENCE_SECONDS) as client:
            handler, topic = _stage(name, client)
            count = events if topic == LIVE else events // TEXTS_SHARE
            batch_events = batch_events or _events_at_once(batch_bytes_of(handler, PARTITIONS), topic, spread)
            await handler.assigned(topic, 0)
            gc.collect()
            redis_before, worker_before = (await client.info("memory"))["used_memory"], _resident_bytes()
            seconds, counted, redis_seconds = 0.0, 0, 0.0
            for batch in _batches(topic, spread, count, batch_events):
                measured = batch.next_offset > count // 2
                if measured and not counted:
                    redis_seconds = await _redis_seconds(client)
                began = time.process_time()
                await handler.apply(handler.prepare(batch))
                if measured:
                    seconds += time.process_time() - began
                    counted += len(batch)
            redis_seconds = await _redis_seconds(client) - redis_seconds
            gc.collect()
            redis_bytes = (await client.info("memory"))["used_memory"] - redis_before
            return Cost(
                spread.keys,
                batch_events,
                seconds / counted * 1e6,
                redis_seconds / counted * 1e6,
                redis_bytes / spread.keys,
                max(0, _resident_bytes() - worker_before) / spread.keys,
            )


def _stage(name: str, client: Any) -> tuple[BatchHandler[Any], str]:
    if name == "engagement":
        ledger = RedisLedger(client, ENGAGEMENT, "scale")
        return EngagementHandler(ledger, MemoryDeadLetterSink(), session_ttl_seconds=86_400), LIVE
    ledger = RedisLedger(client, DETECTION, "scale")
    detector = DetectionHandler(ledger, Nowhere(), MemoryDeadLetterSink(), DetectionConfig())
    return detector, LIVE if name == "detection of rooms" else SCORED


def _events_at_once(batch_bytes: int, topic: str, spread: Spread) -> int:
    """How many events a worker takes at once."""
    [sample] = _batches(topic, spread, 1_000, 1_000)
    return batch_bytes * len(sample) // sum(len(value or b"") for value in sample.values)


def _batches(topic: str, spread: Spread, events: int, batch_events: int) -> Iterator[Batch]:
    made: Iterator[Event | ScoredText] = _live(spread, events) if topic == LIVE else _scored(spread, events)
    encode, first = msgspec.json.Encoder().encode, 0
    while part := list(islice(made, batch_events)):
        times_ms = [one.log_time_ms if isinstance(one, ScoredText) else one.event_time_ms for one in part]
        yield Batch(topic, 0, range(first, first + len(part)), times_ms, [encode(one) for one in part])
        first += len(part)


def _live(spread: Spread, events: int) -> Iterator[Event]:
    return generate(Load(events, start_ms=BEGINS_MS, seed=SEED, rooms=spread.keys, even=spread.even, people=PEOPLE))


def _scored(spread: Spread, events: int) -> Iterator[ScoredText]:
    rng, weights = random.Random(SEED), audiences(spread.keys, even=spread.even)
    for number in range(events):
        at_ms = BEGINS_MS + number * 1_000 // TEXTS_A_SECOND
        [brand] = rng.choices(range(spread.keys), cum_weights=weights)
        yield ScoredText(
            event_id=f"feed:{number}", origin=Coordinates(SOCIAL, 0, number), log_time_ms=at_ms, platform="weibo",
            source="feed", kind="comment", brand_id=f"brand-{brand}", event_time_ms=at_ms,
            text=" ".join(rng.choices(WORDS, k=6)), scored=True, sentiment="neutral",
            sentiment_scores={"neutral": 0.9}, actor=Actor(f"p{rng.randrange(PEOPLE)}"),
        )  # fmt: skip


async def _redis_seconds(client: Any) -> float:
    used = await client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
