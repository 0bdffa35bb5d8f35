"""The worker on a real broker: assignment, seek, transactions, rebalance, restart."""

import asyncio
import logging
from dataclasses import dataclass

import pytest
from kafka import TopicPartition
from kafka.admin import NewPartitions, NewTopic
from redis.asyncio import Redis

from deploy.local.kafka import LocalKafka
from deploy.local.redis import LocalRedis
from streams.kafka.admin import create_topics
from streams.kafka.dead_letter_topic import list_dead_letters
from streams.ledger import tenancy
from streams.ledger.tenancy import Tenancy
from streams.settings import Settings
from streams.transport.batch import Batch
from streams.transport.worker import FAILED, FENCED, REFUSED, STOPPED, STUCK, Worker
from tests.conftest import TopicFactory
from tests.fakes.transport import Recorder, fenced, moved
from tests.servers.waiting import until_async
from tests.servers.workers import produce, producing, running


def recorder(*topics: str) -> Recorder:
    """A handler whose consumer group no other test uses."""
    return Recorder(topics, stage=topics[0])


def numbered(prefix: str, count: int) -> list[bytes]:
    return [f"{prefix}{number}".encode() for number in range(count)]


async def test_worker_applies_every_record_once_in_order_across_partitions(
    kafka: LocalKafka, topic: TopicFactory
) -> None:
    first, second = topic(partitions=3), topic(partitions=1)
    for partition in range(3):
        await produce(kafka.bootstrap, first, numbered(f"{partition}-", 5000), partition, max_batch_size=1 << 14)
    await produce(kafka.bootstrap, second, [b"other"])
    handler = recorder(first, second)
    async with running(handler, kafka.bootstrap) as task:
        await until_async(lambda: len(handler.values()) >= 15_001)
    assert task.result() == STOPPED
    for partition in range(3):
        assert handler.applied[first, partition] == list(enumerate(numbered(f"{partition}-", 5000)))
    assert handler.applied[second, 0] == [(0, b"other")]
    assert not handler.held


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_worker_reads_compressed_batches(kafka: LocalKafka, topic: TopicFactory, codec: str) -> None:
    name = topic()
    await produce(kafka.bootstrap, name, numbered("v", 500), compression_type=codec)
    handler = recorder(name)
    async with running(handler, kafka.bootstrap):
        await until_async(lambda: len(handler.values()) >= 500)
    assert handler.values() == numbered("v", 500)


async def test_worker_starts_at_the_handlers_offset_not_at_kafkas(kafka: LocalKafka, topic: TopicFactory) -> None:
    name = topic()
    await produce(kafka.bootstrap, name, numbered("v", 10))
    handler = recorder(name)
    async with running(handler, kafka.bootstrap):
        await until_async(lambda: len(handler.values()) == 10)
    handler.applied.clear()
    handler.stored[name, 0] = 4
    async with running(handler, kafka.bootstrap):
        await until_async(lambda: len(handler.values()) >= 6)
    assert handler.applied[name, 0] == list(enumerate(numbered("v", 10)))[4:]


async def test_worker_rewinds_where_the_ledger_has_moved(kafka: LocalKafka, topic: TopicFactory) -> None:
    name = topic()
    handler = recorder(name)
    async with running(handler, kafka.bootstrap):
        await produce(kafka.bootstrap, name, numbered("v", 10))
        await until_async(lambda: len(handler.values()) == 10)
        handler.refusals.append(moved(3))
        handler.stored[name, 0] = 3
        handler.applied.clear()
        await produce(kafka.bootstrap, name, [b"last"])
        await until_async(lambda: b"last" in handler.values())
    assert handler.values() == [*numbered("v", 10)[3:], b"last"]


async def test_worker_skips_aborted_transactions_and_passes_their_markers(
    kafka: LocalKafka, topic: TopicFactory
) -> None:
    name = topic()
    async with producing(kafka.bootstrap, transactional_id=name) as producer:
        for number in range(6):
            await producer.begin_transaction()
            await producer.send_and_wait(name, b"%d" % number, partition=0)
            await (producer.abort_transaction() if number % 2 else producer.commit_transaction())
    handler = recorder(name)
    async with running(handler, kafka.bootstrap):
        await until_async(lambda: len(handler.values()) >= 3)
        # The log ends in control records: the next record comes after a stretch that held none.
        await produce(kafka.bootstrap, name, [b"plain"])
        await until_async(lambda: b"plain" in handler.values())
    assert handler.applied[name, 0] == [(0, b"0"), (4, b"2"), (8, b"4"), (12, b"plain")]


async def test_worker_reads_a_record_of_ten_megabytes(kafka: LocalKafka, topic: TopicFactory) -> None:
    name = topic(partitions=2, max_message_bytes="20000000")
    large = bytes(10_000_000)
    for partition in range(2):
        await produce(kafka.bootstrap, name, [b"before", large, b"after"], partition)
    handler = recorder(name)
    async with running(handler, kafka.bootstrap):
        await until_async(lambda: len(handler.values()) >= 6)
    assert handler.values() == [b"before", large, b"after"] * 2


async def test_workers_share_partitions_and_take_over(kafka: LocalKafka, topic: TopicFactory) -> None:
    name = topic(partitions=4)
    one, two = recorder(name), recorder(name)
    two.applied, two.stored = one.applied, one.stored  # one ledger for both
    async with running(one, kafka.bootstrap):
        await until_async(lambda: len(one.held) == 4)
        async with running(two, kafka.bootstrap):
            await until_async(lambda: len(one.held) == len(two.held) == 2)
            for partition in range(4):
                await produce(kafka.bootstrap, name, numbered("a", 200), partition)
            await until_async(lambda: len(one.values()) >= 800)
        await until_async(lambda: len(one.held) == 4)
        for partition in range(4):
            await produce(kafka.bootstrap, name, numbered("b", 200), partition)
        await until_async(lambda: len(one.values()) >= 1600)
    for partition in range(4):
        expected = numbered("a", 200) + numbered("b", 200)
        assert one.applied[name, partition] == list(enumerate(expected))


def _prepared(handler: Recorder) -> int:
    return sum(line.startswith("prepare") for line in handler.log)


async def test_worker_does_not_fetch_on_while_the_ledger_is_stuck(kafka: LocalKafka, topic: TopicFactory) -> None:
    name = topic()
    handler = recorder(name)
    handler.may_apply.clear()
    async with running(handler, kafka.bootstrap):
        await until_async(lambda: bool(handler.held))
        for number in range(8):
            await produce(kafka.bootstrap, name, [b"%d" % number])
            await asyncio.sleep(0.05)
        await until_async(lambda: _prepared(handler) >= 2)
        assert _prepared(handler) == 2
        handler.may_apply.set()
        await until_async(lambda: len(handler.values()) == 8)


async def test_worker_exits_3_when_it_is_fenced(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    name = topic()
    handler = recorder(name)
    handler.refusals.append(fenced())
    await produce(kafka.bootstrap, name, [b"v"])
    async with running(handler, kafka.bootstrap) as task:
        assert await task == FENCED
    assert [line for line in caplog.messages if "owned by epoch 2" in line]
    assert not handler.applied


async def test_worker_sets_a_record_aside_on_which_its_stage_fails(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    @dataclass
    class Picky(Recorder):
        async def apply(self, prepared: Batch) -> None:
            if b"bad" in prepared.values:
                raise ZeroDivisionError
            await super().apply(prepared)

    name = topic()
    create_topics(kafka.connection, partitions=1, replication=1, retention_days=1)
    handler = Picky((name,), stage=name)
    await produce(kafka.bootstrap, name, [*numbered("v", 500), b"bad", *numbered("w", 500)])
    async with running(handler, kafka.bootstrap) as task:
        await until_async(lambda: len(handler.values()) >= 1_000)
        assert not task.done()
    assert handler.values() == [*numbered("v", 500), *numbered("w", 500)]
    assert [line for line in caplog.messages if line.startswith(f"{name}:0:500: {name} fails on it: ZeroDivision")]
    letters = [one for one in list_dead_letters(kafka.connection) if one.origin.topic == name]
    assert [(one.origin.offset, one.reason, one.value) for one in letters] == [(500, "undigestible", b"bad")]


async def test_worker_exits_1_and_logs_the_offset_on_an_error_that_no_record_causes(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    name = topic()
    handler = recorder(name)
    handler.stored[name, 0] = 1
    handler.refusals += [ZeroDivisionError() for _ in range(10)]
    await produce(kafka.bootstrap, name, [b"v", b"w"])
    async with running(handler, kafka.bootstrap) as task:
        assert await task == FAILED
    assert [line for line in caplog.messages if line.startswith(f"the batch at {name}:0:2: unexpected ZeroDivision")]
    assert not handler.applied


async def test_worker_refuses_a_log_that_ends_before_the_ledger(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    name = topic()
    handler = recorder(name)
    handler.stored[name, 0] = 100
    await produce(kafka.bootstrap, name, [b"v"])
    async with running(handler, kafka.bootstrap) as task:
        assert await asyncio.wait_for(task, 20) == FAILED
    assert [line for line in caplog.messages if "ends before offset 100" in line]


@pytest.mark.parametrize("records", [0, 7])
async def test_worker_that_warms_up_refuses_a_log_that_ends_before_the_ledger(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture, records: int
) -> None:
    """It reads from below its offset, where a new log has records too: they are not those that it has stored."""

    @dataclass
    class WarmsUp(Recorder):
        async def assigned(self, topic: str, partition: int) -> int:
            await super().assigned(topic, partition)
            return 0

        def stored_offset(self, topic: str, partition: int) -> int:
            return self.stored[topic, partition]

    name = topic()
    await produce(kafka.bootstrap, name, numbered("v", records))
    handler = WarmsUp((name,), stage=name)
    handler.stored[name, 0] = 200
    async with running(handler, kafka.bootstrap) as task:
        assert await asyncio.wait_for(task, 20) == FAILED
    assert [line for line in caplog.messages if "ends before offset 200" in line]
    assert not handler.applied


async def test_worker_that_stands_still_ends_itself(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    name = topic()
    handler = recorder(name)
    worker = Worker(handler, Settings(kafka=kafka.bootstrap, stuck_seconds=2))
    task = asyncio.create_task(worker.run())
    await produce(kafka.bootstrap, name, [b"a"])
    await until_async(lambda: handler.values() == [b"a"])
    await asyncio.sleep(4)  # nothing to do is no standing still
    assert not task.done()
    handler.may_apply.clear()
    await produce(kafka.bootstrap, name, [b"b"])
    assert await asyncio.wait_for(task, 30) == STUCK
    assert [line for line in caplog.messages if line.startswith(f"{name}:0 has stood still for 2 seconds")]


async def test_worker_logs_the_records_that_retention_removed(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    name = topic()
    await produce(kafka.bootstrap, name, numbered("v", 10))
    with kafka.admin() as admin:
        admin.delete_records({TopicPartition(name, 0): 7})
    handler = recorder(name)
    handler.stored[name, 0] = 2
    async with running(handler, kafka.bootstrap):
        await until_async(lambda: len(handler.values()) >= 3)
    assert f"{name}:0: records from 2 to 7 are gone from Kafka, its retention was too short" in caplog.messages
    assert handler.applied[name, 0] == [(7, b"v7"), (8, b"v8"), (9, b"v9")]


async def test_worker_reads_partitions_that_are_added_and_says_so(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    name = topic(partitions=2)
    handler = recorder(name)
    async with running(handler, kafka.bootstrap):
        await until_async(lambda: len(handler.held) == 2)
        with kafka.admin() as admin:
            admin.create_partitions({name: NewPartitions(4)})
        await until_async(lambda: len(handler.held) == 4, "the new partitions are held", seconds=30)
        await produce(kafka.bootstrap, name, [b"new"], 3)
        await until_async(lambda: b"new" in handler.values())
    assert [line for line in caplog.messages if f"{name} has 4 partitions now, 2 before" in line]


async def test_worker_waits_for_missing_topics(kafka: LocalKafka, caplog: pytest.LogCaptureFixture) -> None:
    handler = recorder("not-there-yet")
    async with running(handler, kafka.bootstrap):
        await until_async(lambda: any("`pulsewatch topics create`" in line for line in caplog.messages))
        with kafka.admin() as admin:
            admin.create_topics([NewTopic("not-there-yet", 1, 1)])
        await until_async(lambda: bool(handler.held))


async def test_worker_waits_for_a_kafka_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker(recorder("t"), Settings(kafka="127.0.0.1:9"))
    task = asyncio.create_task(worker.run())
    await until_async(lambda: bool(caplog.messages))
    await asyncio.sleep(0.5)  # several more tries, none of which may warn again
    worker.stop()
    assert await task == STOPPED
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warnings == ["Kafka at 127.0.0.1:9 does not answer; waiting, nothing is lost"]


async def test_worker_of_another_kafka_is_refused_and_of_the_same_is_not(
    kafka: LocalKafka, topic: TopicFactory, redis_server: LocalRedis, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    handler = recorder(topic())
    async with Redis.from_url(redis_server.url) as client:
        await Tenancy(client, namespace).hold("another-cluster")
        settings = Settings(kafka=kafka.bootstrap)
        assert await Worker(handler, settings, Tenancy(client, namespace)).run() == REFUSED
        [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
        assert "another-cluster" in line
        assert "PULSEWATCH_NAMESPACE" in line
        assert not handler.held
        await client.delete(f"{namespace}:kafka")
        first, second = (Worker(handler, settings, Tenancy(client, namespace)) for _ in range(2))
        tasks = [asyncio.create_task(worker.run()) for worker in (first, second)]
        await until_async(lambda: bool(handler.held))
        assert await client.get(f"{namespace}:kafka") not in (None, b"another-cluster")
        for worker in (first, second):
            worker.stop()
        assert await asyncio.gather(*tasks) == [STOPPED, STOPPED]


async def test_worker_whose_name_another_one_uses_ends_with_one_line(
    kafka: LocalKafka,
    topic: TopicFactory,
    redis_server: LocalRedis,
    namespace: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tenancy, "RENEWED_SECONDS", 0.1)
    name = topic()
    first, second = recorder(name), recorder(name)
    settings = Settings(kafka=kafka.bootstrap, instance="shelf-1")
    async with Redis.from_url(redis_server.url) as client:
        workers = [Worker(one, settings, Tenancy(client, namespace, "scoring", "shelf-1")) for one in (first, second)]
        former = asyncio.create_task(workers[0].run())
        await until_async(lambda: bool(first.held))
        latter = asyncio.create_task(workers[1].run())
        assert await asyncio.wait_for(former, 60) == REFUSED
        [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
        assert "PULSEWATCH_INSTANCE='shelf-1'" in line
        await until_async(lambda: bool(second.held))
        workers[1].stop()
        assert await latter == STOPPED
