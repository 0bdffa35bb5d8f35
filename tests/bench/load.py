"""The benches' traffic: seeded live events in the shares of a busy evening, about 290 bytes of JSON each.

A load is a pure function of its seed: whoever recounts it needs no broker.
"""

import random
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import accumulate
from zlib import crc32

import msgspec

from streams.events.schema import Actor, Event, LiveKind
from streams.topology import MAX_RECORD_BYTES

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
    start_ms: int = 1_790_000_000_000
    seed: int = 3
    rooms: int = 400
    even: bool = False
    """Whether all rooms have as large an audience; else they are as unequal as in life."""
    people: int = 200_000
    events_per_second: int = 2_000


def generate(load: Load) -> Iterator[Event]:
    """The load's events in the order of their event times."""
    rng = random.Random(load.seed)
    crowds = audiences(load.rooms, even=load.even)
    kinds = rng.choices(list(SHARES), cum_weights=list(accumulate(SHARES.values())), k=load.events)
    rooms = rng.choices(range(load.rooms), cum_weights=crowds, k=load.events)
    for number, (kind, room) in enumerate(zip(kinds, rooms, strict=True)):
        at_ms = load.start_ms + number * 1000 // load.events_per_second
        yield _event(rng, number, kind, room, at_ms, load.people)


def audiences(keys: int, *, even: bool) -> list[float]:
    """How rooms or brands share an audience, as cumulative weights: evenly, or a few hold most of it."""
    return list(accumulate(1.0 if even else 1 / (rank + 4) for rank in range(keys)))


def _event(rng: random.Random, number: int, kind: LiveKind, room: int, at_ms: int, people: int) -> Event:
    random_int = rng.random
    person = int(random_int() * people)
    about_order = kind in ("order", "payment", "refund")
    about_product = about_order or kind in ("product_shown", "product_click", "add_to_cart")
    snapshot = kind == "viewers"
    return Event(
        event_id=f"{number:016x}",
        source="shop-orders" if about_order else "douyin-live",
        platform="douyin",
        kind=kind,
        brand_id=f"brand-{room % 40:02d}",
        event_time_ms=at_ms,
        ingest_time_ms=at_ms + 20 + int(random_int() * 780),
        actor=None if snapshot else Actor(id=f"{person * 0x9E3779B97F4A7C15 % 2**64:016x}", followers=person % 5000),
        room_id=f"room-{room:04d}",
        session_id=f"room-{room:04d}-evening",
        product_id=f"product-{room:04d}-{int(random_int() * PRODUCTS_PER_ROOM):02d}" if about_product else None,
        subject_id=f"order-{number:012d}" if about_order else None,
        text=SAYINGS[int(random_int() * len(SAYINGS))] if kind == "comment" else None,
        lang="zh" if kind == "comment" else None,
        value=1 + int(random_int() * (3000 if snapshot else 30)) if kind in ("viewers", "watch", "leave") else 1,
        value_mode="snapshot" if snapshot else "delta",
        amount=990 + int(random_int() * 58_910) if about_order or kind == "gift" else 0,
    )


@dataclass
class Written:
    """What stands in the topic: the recount that a peer's result is held against."""

    values_bytes: int = 0
    values: "defaultdict[int, array[int]]" = field(default_factory=lambda: defaultdict(lambda: array("q")))
    """By partition, each event's `value` in the order of the log."""

    @property
    def events(self) -> int:
        return sum(map(len, self.values.values()))

    def total(self, counts: Mapping[int, int]) -> int:
        """The sum of `value` over the first so many events of each partition."""
        return sum(sum(self.values[partition][:count]) for partition, count in counts.items())


def write(
    load: Load, kafka: str, topic: str, partitions: int, progress: Callable[[int], None] = lambda _: None
) -> Written:
    """Write the load to an existing topic, each room in one partition.

    With confluent-kafka where it is installed (its producer is several times as fast), with kafka-python elsewhere.
    """
    encode = msgspec.json.Encoder().encode
    send, flush = _confluent(kafka, topic) if find_spec("confluent_kafka") else _kafka_python(kafka, topic)
    written = Written()
    for number, event in enumerate(generate(load)):
        value, key = encode(event), (event.room_id or "").encode()
        partition = crc32(key) % partitions
        send(partition, key, value, event.event_time_ms)
        written.values_bytes += len(value)
        written.values[partition].append(event.value)
        if number % 100_000 == 0:
            progress(number)
    flush()
    return written


Send = Callable[[int, bytes, bytes, int], None]


def _confluent(kafka: str, topic: str) -> tuple[Send, Callable[[], None]]:
    from confluent_kafka import Producer

    producer = Producer({
        "bootstrap.servers": kafka, "linger.ms": 20, "batch.size": 262_144, "enable.idempotence": True,
        "queue.buffering.max.messages": 200_000, "message.max.bytes": MAX_RECORD_BYTES,
        "log_level": 3,
    })  # fmt: skip

    def send(partition: int, key: bytes, value: bytes, timestamp_ms: int) -> None:
        while True:
            try:
                producer.produce(topic, value, key=key, partition=partition, timestamp=timestamp_ms)
            except BufferError:
                producer.poll(0.1)
            else:
                return

    def flush() -> None:
        if left := producer.flush(60):
            raise TimeoutError(f"{left} records of the load were not written in a minute")

    return send, flush


def _kafka_python(kafka: str, topic: str) -> tuple[Send, Callable[[], None]]:
    from kafka import KafkaProducer

    producer = KafkaProducer(
        bootstrap_servers=kafka, linger_ms=20, batch_size=262_144, max_request_size=MAX_RECORD_BYTES, acks="all"
    )

    def send(partition: int, key: bytes, value: bytes, timestamp_ms: int) -> None:
        producer.send(topic, value, key=key, partition=partition, timestamp_ms=timestamp_ms)

    return send, producer.flush
