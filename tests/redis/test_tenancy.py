"""One namespace, one Kafka: who holds it, and who is refused."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from deploy.local.process import free_port
from deploy.local.redis import LocalRedis
from streams.errors import Unavailable, UsageError
from streams.ledger.tenancy import HELD_SECONDS, Tenancy, instance_key


@pytest.fixture
async def client(redis_server: LocalRedis) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_server.url)
    yield client
    await client.aclose()


async def test_workers_of_one_kafka_share_the_namespace(client: Redis, namespace: str) -> None:
    for _ in range(3):
        await Tenancy(client, namespace).hold("cluster-a")
    assert 0 < await client.ttl(f"{namespace}:kafka") <= HELD_SECONDS


async def test_another_kafka_is_refused_with_what_to_do(client: Redis, namespace: str) -> None:
    await Tenancy(client, namespace).hold("cluster-a")
    with pytest.raises(UsageError, match=r"cluster-a.*cluster-b.*PULSEWATCH_NAMESPACE"):
        await Tenancy(client, namespace).take("cluster-b")
    await Tenancy(client, f"{namespace}-b").hold("cluster-b")


async def test_kafka_that_was_made_anew_takes_over_when_the_old_workers_are_gone(client: Redis, namespace: str) -> None:
    await Tenancy(client, namespace).hold("cluster-a")
    await client.delete(f"{namespace}:kafka")  # as when it has run out
    await Tenancy(client, namespace).hold("cluster-b")
    with pytest.raises(UsageError):
        await Tenancy(client, namespace).hold("cluster-a")


async def test_redis_that_does_not_answer_is_waited_for(namespace: str) -> None:
    gone = Redis.from_url(f"redis://127.0.0.1:{free_port()}", retry=Retry(NoBackoff(), 0))
    with pytest.raises(Unavailable):
        await Tenancy(gone, namespace).hold("cluster-a")
    await gone.aclose()


async def test_name_belongs_to_the_worker_that_came_last(client: Redis, namespace: str) -> None:
    first, second, other = (Tenancy(client, namespace, "scoring", name) for name in ("one", "one", "two"))
    for tenancy in (first, other, second):
        await tenancy.take("cluster-a")
    await second.hold_instance()
    await other.hold_instance()
    with pytest.raises(UsageError, match=r"scoring worker.*PULSEWATCH_INSTANCE='one'"):
        await first.hold_instance()


async def test_name_whose_hold_ran_out_is_held_again(client: Redis, namespace: str) -> None:
    tenancy = Tenancy(client, namespace, "scoring", "one")
    await tenancy.take("cluster-a")
    await client.delete(instance_key(namespace, "scoring", "one"))  # as when Redis was emptied
    await tenancy.hold_instance()
    assert 0 < await client.ttl(instance_key(namespace, "scoring", "one")) <= HELD_SECONDS
