"""A topic of ours on a real broker, and a broker that is not there."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local.kafka import LocalKafka
from streams.errors import Unavailable
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import TopicPublisher

RECORDS = [(f"brand-{number % 3}", b"text %d" % number) for number in range(500)]


async def read_all(bootstrap: str, topic: str, count: int) -> list[tuple[str, bytes]]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [((record := await consumer.getone()).key.decode(), record.value) for _ in range(count)]
    finally:
        await consumer.stop()


async def test_records_keep_the_order_of_their_key(kafka: LocalKafka, topic: Callable[..., str]) -> None:
    name = topic(partitions=2)
    texts = TopicPublisher(kafka.connection, name)
    try:
        await asyncio.gather(texts.publish(RECORDS[:300]), texts.publish([]))
        await texts.publish(RECORDS[300:])
    finally:
        await texts.close()
    async with asyncio.timeout(30):
        stored = await read_all(kafka.bootstrap, name, len(RECORDS))
    for brand in {key for key, _ in RECORDS}:
        assert [value for key, value in stored if key == brand] == [value for key, value in RECORDS if key == brand]


async def test_broker_that_is_not_there_is_unavailable() -> None:
    texts = TopicPublisher(KafkaConnection("127.0.0.1:1"), "scored.texts")
    with pytest.raises(Unavailable, match="does not take records for scored"):
        await texts.publish(RECORDS[:1])
    await texts.close()
