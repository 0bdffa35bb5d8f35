"""Redis with TLS and users, behind sentinels, as a cluster: the ledger and every page on each, and what is said where
it refuses."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards.readers import Readers
from deploy.local.redis import LocalRedis
from streams.backoff import Backoff
from streams.errors import Unavailable, UsageError
from streams.ledger.connect import reader_client, worker_client
from streams.ledger.protocol import Effects, Update
from streams.ledger.reader import stored_by_stage
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import RetryingLedger
from streams.settings import Settings
from streams.topology import ENGAGEMENT, LIVE
from tests.servers.certificates import Authority
from tests.servers.redis_kinds import PASSWORD, GuardedRedis, three_masters, three_sentinels

EVERYTHING = Effects(
    sums={"counts": {"a": 1}},
    maxima={"newest": {"a": 7}},
    memberships={"seen": [("m", 1, 0)]},
    values={"state": {"kept": b"x", "gone": None}},
    set_strings={"sketch": b"1"},
    append_strings={"log": b"2"},
    outbox=[("key", b"record")],
    ttl_seconds={"counts": 60},
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("refused_sockets"),
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[GuardedRedis]:
    with GuardedRedis(tmp_path_factory.mktemp("guarded"), authority) as server:
        yield server


def login(server: GuardedRedis, authority: Authority, **changed: Any) -> Settings:
    return Settings(
        **{
            "redis": f"rediss://pulsewatch@127.0.0.1:{server.port}/0",
            "redis_password": PASSWORD,
            "redis_ca": authority.ca,
            **changed,
        }
    )


@contextlib.asynccontextmanager
async def ledger_of(settings: Settings) -> AsyncIterator[RedisLedger]:
    client = worker_client(settings)
    try:
        yield RedisLedger(client, ENGAGEMENT, settings.namespace)
    finally:
        await client.aclose()


async def stored_and_shown(settings: Settings) -> None:
    """Every act of a ledger on some partitions, and everything that screens read."""
    async with ledger_of(settings) as ledger:
        for partition in range(4):
            claim = await ledger.acquire(LIVE, partition)
            await ledger.apply(Update(claim, 0, 5, EVERYTHING))
            assert (await ledger.load_fields(claim, {"counts": ["a"], "state": ["kept"]}))["state"] == {"kept": b"x"}
            assert await ledger.load_strings(claim, ["sketch", "log"]) == [b"1", b"2"]
            assert await ledger.peek_outbox(claim) == [("key", b"record")]
            await ledger.trim_outbox(claim, 1)
            assert not await ledger.peek_outbox(claim)
    with contextlib.closing(reader_client(settings)) as client:
        offsets = stored_by_stage(client, settings.namespace)[ENGAGEMENT]
        assert offsets == {(LIVE, partition): 5 for partition in range(4)}
    with Readers(settings) as readers:
        readers.snapshots.read()
        assert readers.alerts.active() == []
        assert not readers.decisions.since(0)
        assert readers.campaigns.all() == []


async def test_tls_with_the_shipped_users_allows_what_we_do(guarded: GuardedRedis, authority: Authority) -> None:
    await stored_and_shown(login(guarded, authority))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"redis_password": "wrong"}, "Redis refuses these credentials"),
        ({"redis_ca": None}, "Redis's certificate is not trusted"),
    ],
)
async def test_what_redis_refuses_is_one_line(
    guarded: GuardedRedis, authority: Authority, changed: dict[str, Any], said: str
) -> None:
    async with ledger_of(login(guarded, authority, **changed)) as ledger:
        with pytest.raises(UsageError, match=said) as told:
            await ledger.acquire(LIVE, 0)
    assert "\n" not in str(told.value)
    assert PASSWORD not in str(told.value)


async def test_a_key_outside_the_namespace_is_refused(guarded: GuardedRedis, authority: Authority) -> None:
    async with ledger_of(login(guarded, authority, namespace="other")) as ledger:
        with pytest.raises(UsageError, match=r"does not allow this user what Pulsewatch does"):
            await ledger.acquire(LIVE, 0)


async def test_a_client_certificate_lets_in(tmp_path: Path, authority: Authority) -> None:
    own = authority.issue("client.example")
    with GuardedRedis(tmp_path, authority, client_certificates=True) as server:
        await stored_and_shown(login(server, authority, redis_certificate=own.certificate, redis_key=own.key))
        async with ledger_of(login(server, authority)) as ledger:
            with pytest.raises((UsageError, Unavailable)):
                await ledger.acquire(LIVE, 0)


async def test_sentinels_lead_to_the_new_master(tmp_path: Path) -> None:
    with three_sentinels(tmp_path) as (url, master):
        settings = Settings(redis=url)
        await stored_and_shown(settings)
        async with ledger_of(settings) as bare:
            ledger = RetryingLedger(bare, ENGAGEMENT, backoff=Backoff(first_seconds=0.05, max_seconds=0.2))
            async with asyncio.timeout(60):
                await until_replicated(master)
                master.kill()
                claim = await ledger.acquire(LIVE, 0)
                await ledger.apply(Update(claim, 5, 6, Effects(sums={"counts": {"a": 1}})))
                assert await ledger.load_hash(claim, "counts") == {"a": b"2"}
        with contextlib.closing(reader_client(settings)) as client:
            assert stored_by_stage(client, settings.namespace)[ENGAGEMENT][LIVE, 0] == 6


async def until_replicated(master: LocalRedis) -> None:
    client: Any = worker_client(Settings(redis=master.url))
    while await client.execute_command("WAIT", 1, 1000) < 1:
        pass
    await client.aclose()


async def test_cluster_of_three_masters_keeps_and_shows(tmp_path: Path) -> None:
    async with three_masters(tmp_path) as url:
        await stored_and_shown(Settings(redis=url))


async def test_a_cluster_that_is_not_there_is_waited_for(unused_tcp_port: int) -> None:
    settings = Settings(redis=f"redis+cluster://127.0.0.1:{unused_tcp_port}")
    async with ledger_of(settings) as ledger:
        with pytest.raises(Unavailable, match="Redis does not answer"):
            await ledger.acquire(LIVE, 0)
    with contextlib.closing(reader_client(settings)) as client, pytest.raises(Unavailable):
        stored_by_stage(client, settings.namespace)


async def test_each_form_of_address_is_told_from_the_other(tmp_path: Path, redis_server: LocalRedis) -> None:
    async with three_masters(tmp_path) as url:
        one = url.replace("redis+cluster", "redis").partition(",")[0]
        async with ledger_of(Settings(redis=one)) as ledger:
            acquired = asyncio.gather(*(ledger.acquire(LIVE, number) for number in range(32)))  # a third is this node's
            with pytest.raises(UsageError, match=r"a node of a cluster: set PULSEWATCH_REDIS to redis\+cluster://"):
                await acquired
    async with ledger_of(Settings(redis=redis_server.url.replace("redis:", "redis+cluster:"))) as ledger:
        with pytest.raises(UsageError, match="Redis is no cluster"):
            await ledger.acquire(LIVE, 0)
