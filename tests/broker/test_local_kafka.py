"""The broker is real, keeps its data over a crash, and takes a record of 10 MB."""

from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local.kafka import LocalKafka
from tests.servers.waiting import until


async def produce(kafka: LocalKafka, topic: str, value: bytes) -> int:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, max_request_size=20_000_000) as producer:
        return int((await producer.send_and_wait(topic, value)).offset)


async def values(kafka: LocalKafka, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic, 0)])
    async with consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_record_of_ten_megabytes_gets_in_and_out(kafka: LocalKafka, topic: Callable[..., str]) -> None:
    name = topic(max_message_bytes="20000000")
    await produce(kafka, name, b"x" * 10_000_000)
    assert [len(value) for value in await values(kafka, name, 1)] == [10_000_000]


async def test_records_survive_a_crash(kafka: LocalKafka, topic: Callable[..., str]) -> None:
    name = topic()
    await produce(kafka, name, b"before")
    kafka.kill()
    assert kafka.pid is None
    kafka.start()
    assert await produce(kafka, name, b"after") == 1
    assert await values(kafka, name, 2) == [b"before", b"after"]


def test_topics_are_not_made_by_accident(kafka: LocalKafka, topic: Callable[..., str]) -> None:
    name = topic(partitions=3)
    with kafka.admin() as admin:
        until(lambda: name in admin.list_topics(), "the topic is listed")
        assert len(admin.describe_topics([name])[0]["partitions"]) == 3
        assert "never-made" not in admin.list_topics()
