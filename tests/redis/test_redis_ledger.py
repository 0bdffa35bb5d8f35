"""What only a real Redis can show: restarts, clusters, servers that hang or are not there."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from deploy.local.process import free_port
from deploy.local.redis import LocalRedis
from streams.errors import OffsetMoved, Unavailable, UsageError
from streams.ledger.protocol import Effects, Update
from streams.ledger.redis import RedisLedger, key_prefix
from streams.ledger.retry import RetryingLedger
from tests.servers.forwarder import Forwarder
from tests.servers.redis_cluster import one_node_cluster
from tests.servers.waiting import until_async


@contextlib.asynccontextmanager
async def ledger_of(url: str, namespace: str) -> AsyncIterator[RedisLedger]:
    client = Redis.from_url(url, socket_timeout=0.5, retry=Retry(NoBackoff(), 0))
    yield RedisLedger(client, "real", namespace)
    await client.aclose()


async def test_server_that_is_not_there_is_unavailable(namespace: str) -> None:
    async with ledger_of(f"redis://127.0.0.1:{free_port()}", namespace) as ledger:
        with pytest.raises(Unavailable, match="Redis does not answer"):
            await ledger.acquire("t", 0)


async def test_server_that_hangs_is_unavailable_and_the_repeat_counts_once(stack_folder: Path, namespace: str) -> None:
    with LocalRedis(stack_folder) as server:
        async with ledger_of(server.url, namespace) as ledger:
            claim = await ledger.acquire("t", 0)
            update = Update(claim, 0, 10, Effects(sums={"s": {"a": 1}}))
            server.pause()
            with pytest.raises(Unavailable):
                await ledger.apply(update)
            server.resume()  # it now executes what it was sent
            await ledger.apply(update)
            assert await ledger.load_hash(claim, "s") == {"a": b"1"}


async def test_killed_and_restarted_server_has_either_all_of_a_batch_or_nothing(
    stack_folder: Path, namespace: str
) -> None:
    with LocalRedis(stack_folder) as server:
        async with ledger_of(server.url, namespace) as ledger:
            claim = await ledger.acquire("t", 0)
            for at in range(50):
                await ledger.apply(Update(claim, at, at + 1, Effects(sums={"s": {"a": 1, "b": 1}})))
            server.kill()
            server.start()
            again = await RetryingLedger(ledger, "real").acquire("t", 0)
            counts = await ledger.load_hash(again, "s")
            stored = b"%d" % again.next_offset
            assert counts == ({"a": stored, "b": stored} if again.next_offset else {})


async def test_restored_backup_shows_as_moved(stack_folder: Path, namespace: str) -> None:
    with LocalRedis(stack_folder) as server:
        async with ledger_of(server.url, namespace) as ledger:
            claim = await ledger.acquire("t", 0)
            await ledger.apply(Update(claim, 0, 10, Effects(sums={"s": {"a": 1}})))
            async with Redis.from_url(server.url) as client:
                key = f"{namespace}:real:{{t:0}}:ledger"
                backup = await client.dump(key)
                await ledger.apply(Update(claim, 10, 20, Effects(sums={"s": {"a": 1}})))
                await client.restore(key, 0, backup or b"", replace=True)
            with pytest.raises(OffsetMoved) as moved:
                await ledger.apply(Update(claim, 20, 30, Effects(sums={"s": {"a": 1}})))
            assert moved.value.stored_offset == 10


async def test_full_server_is_unavailable_until_it_has_room(stack_folder: Path, namespace: str) -> None:
    with LocalRedis(stack_folder) as server:
        async with ledger_of(server.url, namespace) as ledger, Redis.from_url(server.url) as client:
            claim = await ledger.acquire("t", 0)
            await client.config_set("maxmemory", "1mb")
            update = Update(claim, 0, 10, Effects(sums={"s": {"a": 1}}, values={"v": {"x": b"y"}}))
            with pytest.raises(Unavailable, match="does not take writes"):
                await ledger.apply(update)
            await client.config_set("maxmemory", "0")
            await ledger.apply(update)
            assert await ledger.load_hash(claim, "s") == {"a": b"1"}


async def test_refused_credentials_are_the_operators_mistake(stack_folder: Path, namespace: str) -> None:
    with LocalRedis(stack_folder) as server:
        async with Redis.from_url(server.url) as client:
            await client.config_set("requirepass", "secret")
        async with ledger_of(server.url, namespace) as ledger:
            with pytest.raises(UsageError, match="credentials"):
                await ledger.acquire("t", 0)


async def test_forgotten_scripts_are_sent_again(redis_server: LocalRedis, namespace: str) -> None:
    async with ledger_of(redis_server.url, namespace) as ledger, Redis.from_url(redis_server.url) as client:
        claim = await ledger.acquire("t", 0)
        await client.script_flush()
        await ledger.apply(Update(claim, 0, 10, Effects(sums={"s": {"a": 1}})))
        assert await ledger.load_hash(claim, "s") == {"a": b"1"}


async def test_ledger_works_on_a_cluster(stack_folder: Path, namespace: str) -> None:
    async with one_node_cluster(stack_folder) as server:
        client = RedisCluster(host="127.0.0.1", port=server.port)
        ledger = RedisLedger(client, "real", namespace)
        claim = await ledger.acquire("t", 3)
        effects = Effects(
            sums={"s": {"a": 1}},
            values={"v": {"x": b"1"}},
            append_strings={"l": b"x"},
            outbox=[("k", b"v")],
            memberships={"f": [("one", 5, 0)]},
            ttl_seconds={"s": 60},
        )
        await ledger.apply(Update(claim, 0, 10, effects))
        assert await ledger.load_fields(claim, {"s": ["a"], "v": ["x"]}) == {"s": {"a": b"1"}, "v": {"x": b"1"}}
        assert await ledger.load_strings(claim, ["l", "none"]) == [b"x", None]
        await ledger.trim_outbox(claim, 1)
        assert await ledger.peek_outbox(claim) == []
        await client.aclose()


async def test_connection_to_what_has_become_a_replica_is_made_anew(tmp_path: Path, namespace: str) -> None:
    """The address leads to the new master; the open connection still leads to the old one."""
    with LocalRedis(tmp_path / "one") as old, LocalRedis(tmp_path / "two") as new:
        forwarder = Forwarder(port_of(old.url))
        async with forwarder.serving(), ledger_of(f"redis://127.0.0.1:{forwarder.port}", namespace) as ledger:
            claim = await ledger.acquire("t", 0)
            key = key_prefix(namespace, "real", "t", 0) + "ledger"
            look = SyncRedis.from_url(new.url)
            async with Redis.from_url(old.url) as master, Redis.from_url(new.url) as replica:
                await replica.replicaof("127.0.0.1", str(port_of(old.url)))
                await until_async(lambda: bool(look.exists(key)))
                await replica.replicaof("NO", "ONE")
                await master.replicaof("127.0.0.1", str(port_of(new.url)))
                forwarder.target = port_of(new.url)
                update = Update(claim, 0, 10, Effects(sums={"s": {"a": 1}}))
                with pytest.raises(Unavailable, match="does not take writes"):
                    await ledger.apply(update)
                await ledger.apply(update)
                assert await ledger.load_hash(claim, "s") == {"a": b"1"}
            look.close()


def port_of(url: str) -> int:
    return int(urlsplit(url).port or 0)
