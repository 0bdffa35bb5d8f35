"""The directory of shards: asked for at each call, and once within a reading."""

from collections.abc import Iterator

import pytest
from redis.asyncio import Redis as AsyncRedis

from deploy.local.redis import LocalRedis
from streams.ledger.reader import ShardDirectory, stored_by_stage
from streams.ledger.redis import RedisLedger
from streams.topology import DETECTION, ENGAGEMENT, LIVE, SCORED, SCORING, SOCIAL
from tests.fakes.counting_redis import CountingRedis


@pytest.fixture
def client(redis_server: LocalRedis) -> Iterator[CountingRedis]:
    with CountingRedis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture
async def held(redis_server: LocalRedis, namespace: str) -> None:
    async with AsyncRedis.from_url(redis_server.url) as connection:
        for partition in (0, 10, 2):
            await RedisLedger(connection, ENGAGEMENT, namespace).acquire(LIVE, partition)
        await RedisLedger(connection, ENGAGEMENT, namespace).acquire(SOCIAL, 1)
        await RedisLedger(connection, DETECTION, namespace).acquire(SCORED, 0)


@pytest.mark.usefixtures("held")
async def test_directory_has_the_partitions_of_every_stage(client: CountingRedis, namespace: str) -> None:
    directory = ShardDirectory(client, namespace)
    assert set(directory.partitions(ENGAGEMENT)) == {(LIVE, 0), (LIVE, 2), (LIVE, 10), (SOCIAL, 1)}
    assert (directory.partitions(SCORING), directory.partitions(DETECTION)) == ([], [(SCORED, 0)])
    assert directory.prefixes(DETECTION, SCORED) == [f"{namespace}:detection:{{{SCORED}:0}}:"]


@pytest.mark.usefixtures("held")
async def test_directory_asks_once_within_a_reading(client: CountingRedis, namespace: str) -> None:
    directory = ShardDirectory(client, namespace)
    with directory.at_once():
        for stage in (ENGAGEMENT, DETECTION):
            directory.partitions(stage)
        with directory.at_once():
            directory.partitions(ENGAGEMENT)
        directory.partitions(ENGAGEMENT)
    assert len(client.trips) == 1
    directory.partitions(ENGAGEMENT)
    directory.partitions(ENGAGEMENT)
    assert len(client.trips) == 3


@pytest.mark.usefixtures("held")
async def test_partition_that_comes_between_two_readings_is_seen_in_the_second(
    redis_server: LocalRedis, client: CountingRedis, namespace: str
) -> None:
    directory = ShardDirectory(client, namespace)
    with directory.at_once():
        before = directory.partitions(SCORING)
    async with AsyncRedis.from_url(redis_server.url) as connection:
        await RedisLedger(connection, SCORING, namespace).acquire(LIVE, 7)
    with directory.at_once():
        assert (before, directory.partitions(SCORING)) == ([], [(LIVE, 7)])


@pytest.mark.usefixtures("held")
async def test_offsets_of_all_stages_take_two_round_trips(client: CountingRedis, namespace: str) -> None:
    offsets = stored_by_stage(client, namespace)
    assert offsets[DETECTION] == {(SCORED, 0): 0}
    assert sorted(offsets[ENGAGEMENT]) == [(LIVE, 0), (LIVE, 2), (LIVE, 10), (SOCIAL, 1)]
    assert len(client.trips) == 2
