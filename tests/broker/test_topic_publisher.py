"""A topic of ours on a real broker, and a broker that is not there."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local.kafka import LocalKafka
from streams.errors import Unavailable, UsageError
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import MAX_PUBLISHED_BYTES, Refusal, TopicPublisher

RECORDS = [(f"brand-{number % 3}", b"text %d" % number) for number in range(500)]


def publisher(kafka: KafkaConnection, topic: str, refusals: list[Refusal] | None = None) -> TopicPublisher:
    """Its records' essentials are their first ten bytes."""
    refused = [] if refusals is None else refusals
    return TopicPublisher(kafka, topic, essentials=lambda value: value[:10], on_refused=refused.append)


async def read_all(bootstrap: str, topic: str, count: int = 0, until: bytes | None = None) -> list[tuple[str, bytes]]:
    """The first records: so many, or up to the one with a value."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        read = list[tuple[str, bytes]]()
        while (len(read) < count) if until is None else (not read or read[-1][1] != until):
            record = await consumer.getone()
            read.append((record.key.decode(), record.value))
        return read
    finally:
        await consumer.stop()


async def test_records_keep_the_order_of_their_key(kafka: LocalKafka, topic: Callable[..., str]) -> None:
    name = topic(partitions=2)
    texts = publisher(kafka.connection, name)
    try:
        await asyncio.gather(texts.publish(RECORDS[:300]), texts.publish([]))
        await texts.publish(RECORDS[300:])
    finally:
        await texts.close()
    async with asyncio.timeout(30):
        stored = await read_all(kafka.bootstrap, name, len(RECORDS))
    for brand in {key for key, _ in RECORDS}:
        assert [value for key, value in stored if key == brand] == [value for key, value in RECORDS if key == brand]


@pytest.mark.parametrize(("size", "limit"), [(MAX_PUBLISHED_BYTES + 1, "20000000"), (6_000, "3000")])
async def test_record_that_kafka_refuses_for_its_size_is_cut_and_the_others_keep_their_order(
    kafka: LocalKafka, topic: Callable[..., str], size: int, limit: str
) -> None:
    """Refused by the client at once in one case, by the broker behind the others in the other."""
    name, refusals = topic(max_message_bytes=limit), list[Refusal]()
    records = [("a", b"a1"), ("a", b"a2"), ("b", b"large" * (size // 5 + 1)), ("b", b"b2"), ("a", b"a3")]
    alerts = publisher(kafka.connection, name, refusals)
    try:
        async with asyncio.timeout(20):
            await alerts.publish(records)
            await alerts.publish([("a", b"a4")])
    finally:
        await alerts.close()
    async with asyncio.timeout(30):
        stored = await read_all(kafka.bootstrap, name, until=b"a4")
    assert refusals == ["cut"]
    # Those behind the large one, and those in its batch, may stand there twice; the last of each key is the newest.
    assert list(dict.fromkeys(value for key, value in stored if key == "a")) == [b"a1", b"a2", b"a3", b"a4"]
    assert list(dict.fromkeys(value for key, value in stored if key == "b")) == [b"largelarge", b"b2"]
    assert [value for key, value in stored if key == "b"][-1] == b"b2"


async def test_record_whose_essentials_are_too_large_is_dropped_with_a_count(
    kafka: LocalKafka, topic: Callable[..., str]
) -> None:
    name, refusals = topic(max_message_bytes="200"), list[Refusal]()
    alerts = TopicPublisher(kafka.connection, name, essentials=lambda value: value[:400], on_refused=refusals.append)
    try:
        async with asyncio.timeout(20):
            await alerts.publish([("a", b"x" * 500), ("a", b"next")])
    finally:
        await alerts.close()
    assert refusals == ["dropped"]
    async with asyncio.timeout(30):
        assert await read_all(kafka.bootstrap, name, 1) == [("a", b"next")]


async def test_record_that_kafka_refuses_and_nobody_can_cut_is_the_callers_mistake(
    kafka: LocalKafka, topic: Callable[..., str]
) -> None:
    feed = TopicPublisher(kafka.connection, topic())
    try:
        with pytest.raises(UsageError, match="does not take a record of 1000001 bytes"):
            await feed.publish([("a", b"x" * (MAX_PUBLISHED_BYTES + 1))])
    finally:
        await feed.close()


async def test_broker_that_is_not_there_is_unavailable() -> None:
    texts = publisher(KafkaConnection("127.0.0.1:1"), "scored.texts")
    with pytest.raises(Unavailable, match="does not take records for scored"):
        await texts.publish(RECORDS[:1])
    await texts.close()
