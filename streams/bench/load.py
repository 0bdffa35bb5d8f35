"""The benches' traffic: seeded live events in the shares of a busy evening, about 330 bytes of JSON each.

A load is a pure function of its seed: whoever recounts it needs no broker.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import accumulate

import msgspec

from streams.events.schema import Actor, Event, LiveKind
from streams.topics import MAX_RECORD_BYTES

SHARES: dict[LiveKind, int] = {
    "like": 300, "watch": 200, "comment": 180, "enter": 120, "gift": 50, "leave": 40, "product_shown": 30, "follow": 20,
    "product_click": 20, "share": 12, "viewers": 10, "add_to_cart": 8, "order": 4, "payment": 4, "unfollow": 1,
    "refund": 1,
}  # fmt: skip
"""Events of a kind in a thousand."""

SAYINGS = (
    "主播今天这件外套有 M 码吗,我身高一米六五", "Just ordered two, when will it ship?", "哈哈哈哈哈笑死我了", "666666",
    "这个价格比上次直播还便宜", "Can you show the back side again please", "已经下单了,期待收货", "声音有点小,听不清",
)  # fmt: skip
PRODUCTS_PER_ROOM = 12


@dataclass(frozen=True)
class Load:
    """What to generate. Event times run from `start_ms` on at `events_per_second` of event time."""

    events: int
    start_ms: int
    seed: int = 3
    rooms: int = 400
    people: int = 200_000
    events_per_second: int = 2_000


def generate(load: Load) -> Iterator[Event]:
    """The load's events in the order of their event times."""
    rng = random.Random(load.seed)
    kinds = list(SHARES)
    weights = list(accumulate(SHARES.values()))
    # Rooms are as unequal as in life: a few hold most of the audience.
    rooms = list(accumulate(1 / (rank + 4) for rank in range(load.rooms)))
    for number in range(load.events):
        kind = rng.choices(kinds, cum_weights=weights)[0]
        room = rng.choices(range(load.rooms), cum_weights=rooms)[0]
        at_ms = load.start_ms + number * 1000 // load.events_per_second
        yield _event(rng, number, kind, room, at_ms, load.people)


def _event(rng: random.Random, number: int, kind: LiveKind, room: int, at_ms: int, people: int) -> Event:
    person = rng.randrange(people)
    about_product = kind in ("product_shown", "product_click", "add_to_cart", "order", "payment", "refund")
    about_order = kind in ("order", "payment", "refund")
    snapshot = kind == "viewers"
    return Event(
        event_id=f"{number:016x}",
        source="shop-orders" if about_order else "douyin-live",
        platform="douyin",
        kind=kind,
        brand_id=f"brand-{room % 40:02d}",
        event_time_ms=at_ms,
        ingest_time_ms=at_ms + rng.randrange(20, 800),
        actor=None if snapshot else Actor(id=f"{person * 0x9E3779B97F4A7C15 % 2**64:016x}", followers=person % 5000),
        room_id=f"room-{room:04d}",
        session_id=f"room-{room:04d}-evening",
        product_id=f"product-{room:04d}-{rng.randrange(PRODUCTS_PER_ROOM):02d}" if about_product else None,
        subject_id=f"order-{number:012d}" if about_order else None,
        text=rng.choice(SAYINGS) if kind == "comment" else None,
        lang="zh" if kind == "comment" else None,
        value=rng.randrange(1, 3000) if snapshot else rng.randrange(1, 30) if kind in ("watch", "leave") else 1,
        value_mode="snapshot" if snapshot else "delta",
        amount=rng.randrange(990, 59_900) if about_order or kind == "gift" else 0,
    )


def write(load: Load, kafka: str, topic: str, progress: Callable[[int], None] = lambda _: None) -> float:
    """Write the load to an existing topic, keyed by room. Returns the mean bytes of a value.

    With confluent-kafka where it is installed (its producer is ten times as fast), with kafka-python elsewhere.
    """
    encode = msgspec.json.Encoder().encode
    send, flush = _confluent(kafka, topic) if find_spec("confluent_kafka") else _kafka_python(kafka, topic)
    written_bytes = 0
    for number, event in enumerate(generate(load)):
        value = encode(event)
        written_bytes += len(value)
        send((event.room_id or "").encode(), value, event.event_time_ms)
        if number % 100_000 == 0:
            progress(number)
    flush()
    progress(load.events)
    return written_bytes / max(load.events, 1)


Send = Callable[[bytes, bytes, int], None]


def _confluent(kafka: str, topic: str) -> tuple[Send, Callable[[], None]]:
    from confluent_kafka import Producer

    producer = Producer({
        "bootstrap.servers": kafka, "linger.ms": 20, "batch.size": 262_144, "partitioner": "murmur2",
        "queue.buffering.max.messages": 200_000, "message.max.bytes": MAX_RECORD_BYTES, "enable.idempotence": True,
    })  # fmt: skip

    def send(key: bytes, value: bytes, timestamp_ms: int) -> None:
        while True:
            try:
                producer.produce(topic, value, key=key, timestamp=timestamp_ms)
            except BufferError:
                producer.poll(0.1)
            else:
                producer.poll(0)
                return

    return send, lambda: _flushed(producer.flush(60))


def _kafka_python(kafka: str, topic: str) -> tuple[Send, Callable[[], None]]:
    from kafka import KafkaProducer

    producer = KafkaProducer(
        bootstrap_servers=kafka, linger_ms=20, batch_size=262_144, max_request_size=MAX_RECORD_BYTES, acks="all"
    )

    def send(key: bytes, value: bytes, timestamp_ms: int) -> None:
        producer.send(topic, value, key=key, timestamp_ms=timestamp_ms)

    return send, producer.flush


def _flushed(left: int) -> None:
    if left:
        raise TimeoutError(f"{left} records of the load were not written in a minute")


def evening(now_ms: int | None = None) -> int:
    """A start for loads that end about now: 20 minutes ago."""
    return (time.time_ns() // 1_000_000 if now_ms is None else now_ms) - 20 * 60_000
