"""The broker is real, keeps its data over restarts and crashes, and takes a record of 10 MB."""

from collections.abc import Callable

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from deploy.local.kafka import LocalKafka

pytestmark = pytest.mark.kafka


def produce(kafka: LocalKafka, topic: str, value: bytes) -> int:
    with_limit = KafkaProducer(bootstrap_servers=kafka.bootstrap, max_request_size=20_000_000)
    try:
        return int(with_limit.send(topic, value).get(timeout=30).offset)
    finally:
        with_limit.close()


def values(kafka: LocalKafka, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=30_000
    )
    try:
        consumer.assign([TopicPartition(topic, 0)])
        return [next(consumer).value for _ in range(count)]
    finally:
        consumer.close()


def test_record_of_ten_megabytes_gets_in_and_out(kafka: LocalKafka, topic: Callable[..., str]) -> None:
    name = topic(max_message_bytes="20000000")
    produce(kafka, name, b"x" * 10_000_000)
    assert [len(value) for value in values(kafka, name, 1)] == [10_000_000]


def test_records_survive_a_crash_and_a_restart(kafka: LocalKafka, topic: Callable[..., str]) -> None:
    name = topic()
    produce(kafka, name, b"before")
    kafka.kill()
    assert kafka.pid is None
    kafka.start()
    assert produce(kafka, name, b"after") == 1
    assert values(kafka, name, 2) == [b"before", b"after"]


def test_topics_are_not_made_by_accident(kafka: LocalKafka, topic: Callable[..., str]) -> None:
    name = topic(partitions=3)
    with kafka.admin() as admin:
        listed = admin.list_topics()
        assert name in listed
        assert len(admin.describe_topics([name])[0]["partitions"]) == 3
        assert "never-made" not in listed
