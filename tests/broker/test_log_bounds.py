"""Where each partition's log begins and ends, by a real broker."""

from collections.abc import Iterator

import pytest
from kafka import KafkaProducer

from deploy.local.kafka import LocalKafka
from streams.errors import Unavailable
from streams.kafka.admin import create_topics
from streams.kafka.bounds import LogBounds
from streams.topology import LIVE
from tests.servers.waiting import until

AT = (LIVE, 0)


@pytest.fixture
def ends(kafka: LocalKafka) -> Iterator[LogBounds]:
    create_topics(kafka.connection, 2, 1, 1)
    reader = LogBounds(kafka.connection)
    yield reader
    reader.close()


def test_ends_grow_with_the_topic(kafka: LocalKafka, ends: LogBounds) -> None:
    before = ends.read()[1][AT]
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for _ in range(3):
        producer.send(LIVE, b"x", partition=0)
    producer.close()
    beginnings, after = ends.read()
    assert after[AT] == before + 3
    assert beginnings[AT] == 0
    assert {topic for topic, _ in after} == {"social.interactions", "live.events", "scored.texts"}


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")  # kafka-python's
def test_kafka_that_hangs_is_unavailable_soon_and_heard_again(kafka: LocalKafka, ends: LogBounds) -> None:
    ends.read()
    kafka.pause()
    try:
        with pytest.raises(Unavailable, match="does not answer"):
            ends.read()
    finally:
        kafka.resume()
    until(lambda: answers(ends), "Kafka answers again", 60)


def answers(ends: LogBounds) -> bool:
    try:
        ends.read()
    except Unavailable:
        return False
    return True
