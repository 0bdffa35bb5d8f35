"""A confluent-kafka `consume()` loop: librdkafka reads in C threads, a Message is made of each record."""

from collections import Counter

import msgspec
from confluent_kafka import Consumer

from streams.events.schema import Event
from tests.bench.peers.task import Tally, Task, task

CONSUME_MESSAGES = 10_000


def configuration(given: Task) -> dict[str, str | int | bool]:
    """The consumer's; librdkafka leaves checksums unchecked by default, Pulsewatch checks them."""
    return {
        "bootstrap.servers": given.kafka, "group.id": given.group, "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "max.partition.fetch.bytes": 2_000_000,
    }  # fmt: skip


def run(given: Task) -> None:
    tally = Tally(given)
    decode = msgspec.json.Decoder(Event).decode
    consumer = Consumer(configuration(given))
    consumer.subscribe([given.topic], on_assign=lambda *_: tally.start())
    done = False
    while not done:
        total, counts = 0, Counter[int]()
        for message in consumer.consume(CONSUME_MESSAGES, timeout=1.0):
            if message.error() is None:
                total += decode(message.value() or b"").value
                counts[message.partition() or 0] += 1
        for partition, count in counts.items():
            done = tally.add(partition, count, total) or done
            total = 0  # it is the whole poll's, told once
    consumer.close()


if __name__ == "__main__":
    run(task())
