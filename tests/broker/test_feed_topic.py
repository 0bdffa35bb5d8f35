"""A stranger's topic as a feed, on real brokers: cut at every point, grown, expired, compacted, made anew, locked."""

import asyncio
import gc
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import NewPartitions, NewTopic

from deploy.local.kafka import LocalKafka
from streams.clock import system_clock
from streams.ingest.protocols.kafka_topic import KafkaFeed, KafkaTopic, Start
from streams.ingest.protocols.received import Connected, FeedRefused, FeedUnavailable, Gap, Received
from streams.ingest.secret import Secret, Secrets
from streams.kafka.connection import KafkaConnection
from streams.kafka.reading import read_topic
from streams.kafka.security import KafkaSecurity
from streams.kafka.topic_reader import TopicReader
from tests.servers.secured_kafka import PASSWORD, USER, SecuredKafka
from tests.servers.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""aiokafka leaves the sockets of refused connections to the garbage collector, which says so."""

Topic = Callable[..., str]
FIRST_MS = system_clock() - 3_600_000
"""Time of the first record: the broker keeps none of long ago."""


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()


def produce(kafka: LocalKafka, topic: str, first: int, end: int, partitions: int = 1) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for number in range(first, end):
        value = json.dumps({"id": number}).encode()
        sent = producer.send(
            topic, value, key=b"k%d" % number, partition=number % partitions, timestamp_ms=FIRST_MS + number
        )
    sent.get(timeout=30)
    producer.close()


def way_in(kafka: LocalKafka, topic: str, start: Start = "earliest") -> KafkaTopic:
    return KafkaTopic(lambda: TopicReader(kafka.connection, topic), topic, start, look_seconds=0.5)


async def read(topic: KafkaTopic, count: int, cursor: str | None = None) -> list[Any]:
    """The next so many messages and gaps."""
    found: list[Any] = []
    async with asyncio.timeout(60), aclosing(cast(Any, topic.messages(cursor))) as items:
        while len(found) < count:
            item = await anext(items)
            found += [item] if isinstance(item, Received | Gap) else []
    return found


def ids(items: list[Any]) -> list[int]:
    return [json.loads(item.message)["id"] for item in items if isinstance(item, Received)]


async def test_topic_cut_anywhere_goes_on_at_the_cursor(kafka: LocalKafka, topic: Topic) -> None:
    name = topic(partitions=3)
    produce(kafka, name, 0, 30, partitions=3)
    for cut in (1, 7, 13, 29):
        before = await read(way_in(kafka, name), cut)
        after = await read(way_in(kafka, name), 30 - cut, before[-1].cursor)
        assert sorted(ids(before) + ids(after)) == list(range(30)), cut


async def test_it_begins_where_it_is_told_to(kafka: LocalKafka, topic: Topic) -> None:
    name = topic(message_timestamp_type="CreateTime")
    produce(kafka, name, 0, 5)
    assert ids(await read(way_in(kafka, name, FIRST_MS + 3), 2)) == [3, 4]
    async with asyncio.timeout(60), aclosing(cast(Any, way_in(kafka, name, "latest").messages(None))) as items:
        assert isinstance(await anext(items), Connected)
        produce(kafka, name, 5, 6)
        assert ids([await anext(items)]) == [5]


async def test_added_partition_is_read_from_its_beginning(kafka: LocalKafka, topic: Topic) -> None:
    name = topic()
    produce(kafka, name, 0, 2)
    async with asyncio.timeout(90), aclosing(cast(Any, way_in(kafka, name).messages(None))) as items:
        await anext(items)
        assert ids([await anext(items), await anext(items)]) == [0, 1]
        with kafka.admin() as admin:
            admin.create_partitions({name: NewPartitions(2)})
        produce(kafka, name, 11, 12, partitions=2)
        assert ids([await anext(items)]) == [11]


async def test_expired_records_are_a_gap_of_so_many(kafka: LocalKafka, topic: Topic) -> None:
    name = topic()
    produce(kafka, name, 0, 10)
    before = await read(way_in(kafka, name), 2)
    with kafka.admin() as admin:
        admin.delete_records({TopicPartition(name, 0): 7})
    gap, *after = await read(way_in(kafka, name), 4, before[-1].cursor)
    assert (gap.missed, gap.reason) == (5, "cursor_too_old")
    assert ids(after) == [7, 8, 9]


async def test_topic_made_anew_is_read_from_its_beginning(kafka: LocalKafka, topic: Topic) -> None:
    name = topic()
    produce(kafka, name, 0, 5)
    before = await read(way_in(kafka, name), 5)
    with kafka.admin() as admin:
        admin.delete_topics([name])
        until(lambda: name not in admin.list_topics(), "the topic is deleted", 30)
        admin.create_topics([NewTopic(name, 1, 1)])
    produce(kafka, name, 20, 29)
    gap, *after = await read(way_in(kafka, name), 10, before[-1].cursor)
    assert (gap.reason, ids(after)) == ("lost", list(range(20, 29)))


async def test_marks_of_a_transaction_are_no_gap_and_what_was_taken_back_is_no_record(
    kafka: LocalKafka, topic: Topic
) -> None:
    name = topic()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=f"tx-{name}")
    producer.init_transactions()
    for number, commits in ((0, True), (1, False), (2, True)):
        producer.begin_transaction()
        producer.send(name, json.dumps({"id": number}).encode()).get(timeout=30)
        producer.commit_transaction() if commits else producer.abort_transaction()
    producer.close()
    found = await read(way_in(kafka, name), 2)
    assert (ids(found), len(found)) == ([0, 2], 2)


@pytest.mark.slow
async def test_compacted_records_are_a_gap(kafka: LocalKafka, topic: Topic) -> None:
    name = topic(
        cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.01", min_compaction_lag_ms="0",
        max_compaction_lag_ms="100",
    )  # fmt: skip
    produce(kafka, name, 0, 1)
    before = await read(way_in(kafka, name), 1)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)

    def grown() -> bool:
        for number in range(1, 5):
            producer.send(name, json.dumps({"id": number}).encode(), key=b"same").get(timeout=30)
        return len(_offsets(kafka, name)) < _end(kafka, name)

    until(grown, "the topic is compacted", 120)
    producer.close()
    found = await read(way_in(kafka, name), 2, before[-1].cursor)
    assert [gap.reason for gap in found if isinstance(gap, Gap)] == ["lost"]


def _offsets(kafka: LocalKafka, topic: str) -> list[int]:
    return [record.offset for record in read_topic(kafka.connection, topic)]


def _end(kafka: LocalKafka, topic: str) -> int:
    consumer = kafka.connection.consumer()
    where = TopicPartition(topic, 0)
    end: int = consumer.end_offsets([where])[where]
    consumer.close()
    return end


async def test_topic_that_is_not_there_is_refused(kafka: LocalKafka) -> None:
    with pytest.raises(FeedRefused, match="has no topic no-such-topic"):
        await read(way_in(kafka, "no-such-topic"), 1)


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with SecuredKafka(tmp_path_factory.mktemp("sasl"), "SASL_PLAINTEXT") as server:
        yield server


def entry(server: SecuredKafka, **changed: Any) -> KafkaFeed:
    fields: Mapping[str, Any] = {
        "name": "orders", "brand": "acme", "topic": "orders", "servers": server.bootstrap, "start": "earliest",
        "security": "SASL_PLAINTEXT", "user": USER, "password": Secret(env="PW"), **changed,
    }  # fmt: skip
    return KafkaFeed(**fields)


async def test_kafka_that_asks_who_calls_is_entered_by_the_entrys_credentials(locked: SecuredKafka) -> None:
    secrets = Secrets(Path(), {"PW": PASSWORD})
    theirs = KafkaConnection(locked.bootstrap, KafkaSecurity("SASL_PLAINTEXT", user=USER, password=PASSWORD))
    admin = theirs.admin()
    admin.create_topics([NewTopic("orders", 1, 1)])
    admin.close()
    producer = theirs.producer()
    producer.send("orders", b'{"id": 1}').get(timeout=60)
    producer.close()
    assert ids(await read(entry(locked).way_in(secrets), 1)) == [1]


async def test_wrong_credentials_are_told_by_the_entrys_fields(locked: SecuredKafka) -> None:
    with pytest.raises(FeedRefused, match=r"refuses these credentials .*look at `user` and `password`"):
        await read(entry(locked).way_in(Secrets(Path(), {"PW": "wrong"})), 1)


async def test_kafka_that_is_away_is_unavailable(locked: SecuredKafka) -> None:
    with pytest.raises(FeedUnavailable):
        await read(
            entry(locked, servers="127.0.0.1:1", security="PLAINTEXT", user=None, password=None).way_in(Secrets()), 1
        )
