"""Reading a topic outside of a stage: from its beginning to its present end, or only its newest records."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from streams.errors import Unavailable, UsageError
from streams.kafka.connection import KafkaConnection

POLL_MS = 200
BOOTSTRAP_MS = 5_000
NEWEST_SECONDS = 2.0
"""Time limit for the newest records of a topic: a screen waits for them."""


def read_topic(kafka: KafkaConnection, topic: str) -> Iterator[Any]:
    """Every record (kafka-python's ConsumerRecord) from the beginning to what is the end now, each partition in order.

    Raises Unavailable where Kafka does not answer, UsageError where it has no such topic.
    """
    try:
        with closing(kafka.consumer(bootstrap_timeout_ms=BOOTSTRAP_MS)) as consumer:
            partitions = partitions_of(kafka, consumer, topic)
            if not partitions:
                raise UsageError(
                    f"Kafka at {kafka} has no topic {kafka.at_broker(topic)}: `pulsewatch topics create` makes it"
                )
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            yield from _until(consumer, consumer.end_offsets(partitions))
    except KafkaTimeoutError as error:
        raise kafka.unavailable() from error
    except KafkaError as error:
        raise Unavailable(f"Kafka at {kafka}: {error}") from error


def newest_records(kafka: KafkaConnection, consumer: Any, topic: str, count: int) -> Iterator[Any]:
    """The last `count` records of each partition, in two seconds at most. Raises what kafka-python raises."""
    partitions = partitions_of(kafka, consumer, topic)
    if not partitions:
        return
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    beginnings = consumer.beginning_offsets(partitions)
    for partition in partitions:
        consumer.seek(partition, max(beginnings[partition], ends[partition] - count))
    yield from _until(consumer, ends, time.monotonic() + NEWEST_SECONDS)


def partitions_of(kafka: KafkaConnection, consumer: Any, topic: str) -> list[TopicPartition]:
    """The topic's partitions by number, as the consumer calls them; none where there is no such topic."""
    name = kafka.at_broker(topic)
    return [TopicPartition(name, number) for number in sorted(consumer.partitions_for_topic(name) or ())]


def _until(consumer: Any, ends: dict[TopicPartition, int], deadline: float = float("inf")) -> Iterator[Any]:
    while any(consumer.position(one) < end for one, end in ends.items()) and time.monotonic() < deadline:
        for partition, records in consumer.poll(POLL_MS).items():
            yield from (record for record in records if record.offset < ends[partition])
