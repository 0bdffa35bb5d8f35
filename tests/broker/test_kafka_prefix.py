"""Two stacks with two prefixes on one broker do not meet; without a prefix names are bare."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    NewTopic,
    ResourcePattern,
    ResourceType,
)
from pydantic import SecretStr
from redis.asyncio import Redis

from deploy.local.kafka import LocalKafka
from deploy.local.process import LOOPBACK
from deploy.local.redis import LocalRedis
from streams.errors import Unavailable, UsageError
from streams.events.dead_letters import DeadLetter
from streams.events.schema import Coordinates
from streams.ingest.player import ReplayProducer, TimedRecord
from streams.kafka.admin import create_topics
from streams.kafka.bounds import LogBounds
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_sink import DeadLetterTopicSink
from streams.kafka.dead_letter_topic import list_dead_letters, redrive
from streams.kafka.producer import TopicPublisher
from streams.kafka.reading import newest_records, read_topic
from streams.kafka.topic_ids import topic_ids
from streams.ledger.tenancy import Tenancy
from streams.settings import Settings
from streams.topology import ALERTS, DEAD_LETTERS, LIVE, SCORED, SOCIAL, TOPICS
from streams.transport.worker import REFUSED, STOPPED, Worker
from tests.conftest import TopicFactory
from tests.fakes.transport import Recorder
from tests.servers.secured_kafka import PASSWORD, USER, SecuredKafka
from tests.servers.waiting import until_async
from tests.servers.workers import running_with

PARTITIONS = 2


@pytest.fixture
def stacks(kafka: LocalKafka) -> tuple[Settings, Settings]:
    """Two stacks' settings, their topics made."""
    unique = uuid4().hex[:8]
    one, two = (Settings(kafka=kafka.bootstrap, kafka_prefix=f"{name}-{unique}.") for name in ("one", "two"))
    for settings in (one, two):
        made = create_topics(KafkaConnection.of(settings), PARTITIONS, replication=1, retention_days=1)
        assert made == {settings.kafka_prefix + topic.name: "created" for topic in TOPICS}
    return one, two


async def publish(settings: Settings, topic: str, *values: str) -> None:
    publisher = TopicPublisher(KafkaConnection.of(settings), topic)
    await publisher.publish([("acme", value.encode()) for value in values])
    await publisher.close()


async def test_topics_and_groups_have_the_prefix_at_the_broker_alone(
    kafka: LocalKafka, stacks: tuple[Settings, Settings]
) -> None:
    one, two = stacks
    await publish(one, SOCIAL, "a", "b")
    await publish(two, SOCIAL, "c")
    heard = []
    for settings, count in ((one, 2), (two, 1)):
        handler = Recorder((SOCIAL, LIVE), stage="heard")
        async with running_with(handler, settings) as task:
            await until_async(lambda count=count, handler=handler: len(handler.values()) == count)  # type: ignore[misc]
        assert task.result() == STOPPED
        assert {topic for topic, _ in handler.applied} <= {SOCIAL, LIVE}
        heard.append(handler.values())
    assert heard == [[b"a", b"b"], [b"c"]]
    with closing(KafkaConnection.of(one).admin()) as admin:
        topics, groups = set(admin.list_topics()), {found["group_id"] for found in admin.list_groups()}
        group = f"{one.kafka_prefix}pulsewatch-heard"
        committed = admin.list_group_offsets(group)[group]
    assert {settings.kafka_prefix + topic.name for settings in stacks for topic in TOPICS} <= topics
    assert {f"{settings.kafka_prefix}pulsewatch-heard" for settings in stacks} <= groups
    assert "pulsewatch-heard" not in groups
    assert {where.topic for where in committed} <= {one.kafka_prefix + SOCIAL, one.kafka_prefix + LIVE}


async def test_readers_of_one_stack_see_nothing_of_the_other(stacks: tuple[Settings, Settings]) -> None:
    connections = [KafkaConnection.of(settings) for settings in stacks]
    for settings, values in zip(stacks, (("a", "b"), ("c",)), strict=True):
        await publish(settings, ALERTS, *values)
        await publish(settings, SOCIAL, *values)
    assert [[record.value for record in read_topic(kafka, ALERTS)] for kafka in connections] == [[b"a", b"b"], [b"c"]]
    ends = []
    for kafka in connections:
        with closing(kafka.consumer()) as consumer:
            assert [record.value for record in newest_records(kafka, consumer, ALERTS, 1)][-1] in (b"b", b"c")
        with closing(LogBounds(kafka)) as bounds:
            beginnings, found = bounds.read()
        assert {topic for topic, _ in found} == {topic for topic, _ in beginnings}
        ends.append(sum(end for (topic, _), end in found.items() if topic == SOCIAL))
    assert ends == [2, 1]
    ids = [await topic_ids(kafka, (SOCIAL, LIVE)) for kafka in connections]
    assert [set(found) for found in ids] == [{SOCIAL, LIVE}] * 2
    assert ids[0][SOCIAL] != ids[1][SOCIAL]


async def test_dead_letter_goes_back_to_the_topic_of_its_stack(stacks: tuple[Settings, Settings]) -> None:
    one, two = (KafkaConnection.of(settings) for settings in stacks)
    sink = DeadLetterTopicSink(one)
    await sink.send([DeadLetter(Coordinates(SOCIAL, 1, 7), "bad_json", "no JSON", "engagement", b"{")])
    await sink.close()
    assert [letter.origin for letter in list_dead_letters(one)] == [Coordinates(SOCIAL, 1, 7)]
    assert list(list_dead_letters(two)) == []
    assert redrive(one, lambda _: True) == {"redriven": 1, "skipped": 0}
    assert [(record.value, record.partition) for record in read_topic(one, SOCIAL)] == [(b"{", 1)]
    assert list(read_topic(two, SOCIAL)) == []
    assert list(list_dead_letters(one)) == []


def test_simulated_records_go_to_the_topics_of_their_stack(stacks: tuple[Settings, Settings]) -> None:
    one, two = (KafkaConnection.of(settings) for settings in stacks)
    with closing(ReplayProducer(two)) as sink:
        sink.send(TimedRecord(LIVE, b"room", b"{}", 1_000, 1_000))
        sink.flush()
    assert [len(list(read_topic(kafka, LIVE))) for kafka in (one, two)] == [0, 1]


async def test_namespace_of_one_prefix_is_refused_to_another(
    stacks: tuple[Settings, Settings], redis_server: LocalRedis, namespace: str
) -> None:
    one, two = stacks
    handler = Recorder((SOCIAL,), stage="held")
    async with Redis.from_url(redis_server.url) as client:
        first = Worker(handler, one, Tenancy(client, namespace))
        running = asyncio.create_task(first.run())
        await until_async(lambda: bool(handler.held))
        assert await Worker(Recorder((SOCIAL,)), two, Tenancy(client, namespace)).run() == REFUSED
        first.stop()
        assert await running == STOPPED


def test_missing_topic_is_named_as_the_broker_has_it(kafka: LocalKafka) -> None:
    nowhere = KafkaConnection(kafka.bootstrap, prefix="nowhere.")
    with pytest.raises(UsageError, match=r"has no topic nowhere\.dead\.letters"):
        list(read_topic(nowhere, DEAD_LETTERS))


@pytest.mark.parametrize("prefix", ["", "team-a."])
def test_names_go_to_the_broker_and_back(prefix: str) -> None:
    kafka = KafkaConnection("127.0.0.1:1", prefix=prefix)
    assert [kafka.at_broker(topic.name) for topic in TOPICS] == [prefix + topic.name for topic in TOPICS]
    assert [kafka.of_ours(kafka.at_broker(topic.name)) for topic in TOPICS] == [topic.name for topic in TOPICS]


class GuardedKafka(SecuredKafka):
    """It lets everybody do what they have a right to, and those on its inner listener all."""

    def listeners(self) -> Mapping[str, str]:
        rights = {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }
        return {**super().listeners(), **rights}

    @property
    def inner(self) -> KafkaConnection:
        return KafkaConnection(f"{LOOPBACK}:{self._inner_port}")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedKafka]:
    with GuardedKafka(tmp_path_factory.mktemp("guarded"), "SASL_PLAINTEXT") as server:
        yield server


RIGHTS = (ACLOperation.READ, ACLOperation.WRITE, ACLOperation.DESCRIBE, ACLOperation.CREATE)


def user_of(server: GuardedKafka, prefix: str) -> Settings:
    return Settings(
        kafka=server.bootstrap,
        kafka_security="SASL_PLAINTEXT",
        kafka_user=USER,
        kafka_password=SecretStr(PASSWORD),
        kafka_prefix=prefix,
    )


def allow(server: GuardedKafka, prefix: str, of_topics: Sequence[ACLOperation] = RIGHTS) -> None:
    """The rights of docs/guides/connect.md, or fewer."""
    begins = ACLResourcePatternType.PREFIXED
    wanted = [
        *((operation, ResourcePattern(ResourceType.TOPIC, prefix, begins)) for operation in of_topics),
        (ACLOperation.READ, ResourcePattern(ResourceType.GROUP, prefix, begins)),
    ]
    with closing(server.inner.admin()) as admin:
        admin.create_acls(
            [ACL(f"User:{USER}", "*", operation, ACLPermissionType.ALLOW, pattern) for operation, pattern in wanted]
        )


async def test_rights_on_the_prefix_are_all_that_a_stack_needs(guarded: GuardedKafka) -> None:
    allow(guarded, "team-a.")
    settings = user_of(guarded, "team-a.")
    kafka = KafkaConnection.of(settings)
    create_topics(kafka, PARTITIONS, replication=1, retention_days=1)
    await publish(settings, SOCIAL, "a")
    handler = Recorder((SOCIAL, LIVE), stage="heard")
    async with running_with(handler, settings) as task:
        await until_async(lambda: handler.values() == [b"a"])
    assert task.result() == STOPPED
    assert [record.value for record in read_topic(kafka, SOCIAL)] == [b"a"]
    with closing(LogBounds(kafka)) as bounds:
        assert sum(bounds.read()[1].values()) == 1
    sink = DeadLetterTopicSink(kafka)
    await sink.send([DeadLetter(Coordinates(SOCIAL, 0, 0), "bad_json", "", "engagement", b"{")])
    await sink.close()
    assert redrive(kafka, lambda _: True) == {"redriven": 1, "skipped": 0}
    others = KafkaConnection.of(settings.model_copy(update={"kafka_prefix": "team-b."}))
    with pytest.raises((Unavailable, UsageError)):
        create_topics(others, PARTITIONS, replication=1, retention_days=1)


class Scores(Recorder):
    """A stage that writes a record for each batch."""

    def __init__(self, publisher: TopicPublisher) -> None:
        super().__init__((LIVE,), stage="scores")
        self._publisher = publisher

    async def apply(self, prepared: Any) -> None:
        await self._publisher.publish([("acme", b"scored")])
        await super().apply(prepared)


@pytest.mark.parametrize("topic", [SCORED, ALERTS])
async def test_stage_that_may_not_write_what_it_finds_ends_with_one_line(
    guarded: GuardedKafka, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    prefix = f"readers-{topic}."
    allow(guarded, prefix, [ACLOperation.READ, ACLOperation.DESCRIBE])
    inner = replace(guarded.inner, prefix=prefix)
    create_topics(inner, 1, replication=1, retention_days=1)
    by_all = TopicPublisher(inner, LIVE)
    await by_all.publish([("acme", b"like")])
    await by_all.close()
    settings = user_of(guarded, prefix)
    publisher = TopicPublisher(KafkaConnection.of(settings), topic, is_ours=True)
    async with asyncio.timeout(60):
        assert await Worker(Scores(publisher), settings, writes=(topic,)).run() == REFUSED
    await publisher.close()
    assert [line for line in caplog.messages if f"it needs Write on {prefix}{topic}" in line]
    of_others = TopicPublisher(KafkaConnection.of(settings), topic)
    with pytest.raises(Unavailable, match="needs Write on"):
        await of_others.publish([("acme", b"posted")])
    await of_others.close()


async def test_stage_begins_when_the_topic_is_there_that_it_writes(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    read, written = topic(), f"written-{uuid4().hex}"
    handler = Recorder((read,), stage=read)
    worker = Worker(handler, Settings(kafka=kafka.bootstrap), writes=(written,))
    running = asyncio.create_task(worker.run())
    await until_async(lambda: any(f"no topic {written}" in line for line in caplog.messages))
    assert not handler.held
    with closing(kafka.connection.admin()) as admin:
        admin.create_topics([NewTopic(written, 1, 1)])
    await until_async(lambda: bool(handler.held))
    worker.stop()
    assert await running == STOPPED
