"""Ids of topics on a real broker, and a worker that is given another topic of the same name."""

import asyncio
from collections.abc import Callable

import pytest
from kafka.admin import NewTopic
from redis.asyncio import Redis

from deploy.local.kafka import LocalKafka
from deploy.local.redis import LocalRedis
from streams.kafka.topic_ids import topic_ids
from streams.ledger.redis import RedisLedger
from streams.ledger.topic_memory import TopicMemory
from streams.settings import Settings
from streams.transport.worker import FAILED, STOPPED, Worker
from tests.fakes.transport import Recorder
from tests.servers.waiting import until_async
from tests.servers.workers import produce


async def ids_of(kafka: LocalKafka, *topics: str) -> dict[str, str]:
    """As soon as the broker knows them all: it tells of a new topic a moment later."""
    async with asyncio.timeout(20):
        while len(found := await topic_ids(kafka.connection, topics)) < len(topics):
            pass
    return found


async def make_anew(kafka: LocalKafka, topic: str) -> None:
    with kafka.admin() as admin:
        admin.delete_topics([topic])
        async with asyncio.timeout(20):
            while topic in await topic_ids(kafka.connection, [topic]):
                pass
        admin.create_topics([NewTopic(topic, 1, 1)])


async def test_topic_made_anew_has_another_id(kafka: LocalKafka, topic: Callable[..., str]) -> None:
    kept, deleted = topic(), topic()
    before = await ids_of(kafka, kept, deleted)
    assert "no-such-topic" not in await topic_ids(kafka.connection, [kept, "no-such-topic"])
    assert all(len(one) == 32 for one in before.values())
    assert await topic_ids(kafka.connection, [kept]) == {kept: before[kept]}
    await make_anew(kafka, deleted)
    after = await ids_of(kafka, deleted)
    assert after[deleted] != before[deleted]


async def test_worker_refuses_a_topic_that_was_made_anew(
    kafka: LocalKafka,
    topic: Callable[..., str],
    redis_server: LocalRedis,
    namespace: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Though it is longer than the stored offset by now."""
    name, client = topic(), Redis.from_url(redis_server.url)
    memory = TopicMemory(RedisLedger(client, "recorder", namespace))
    await ids_of(kafka, name)
    await produce(kafka.bootstrap, name, [b"a"])
    handler = Recorder((name,), stage=name)
    worker = Worker(handler, Settings(kafka=kafka.bootstrap), known_topics=memory)
    task = asyncio.create_task(worker.run())
    await until_async(lambda: handler.values() == [b"a"])
    worker.stop()
    assert await task == STOPPED
    await make_anew(kafka, name)
    await produce(kafka.bootstrap, name, [b"x", b"y", b"z"])
    assert (
        await asyncio.wait_for(Worker(handler, Settings(kafka=kafka.bootstrap), known_topics=memory).run(), 20)
        == FAILED
    )
    assert [line for line in caplog.messages if f"{name} was made anew in Kafka" in line]
    assert handler.values() == [b"a"]
    await client.aclose()
