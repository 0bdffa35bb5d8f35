"""The offsets that the ledger has applied, read back."""

import time
from pathlib import Path

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from deploy.local.redis import LocalRedis
from streams.errors import Unavailable
from streams.ledger.connect import reader_client
from streams.ledger.protocol import Effects, Update
from streams.ledger.reader import stored_by_stage
from streams.ledger.redis import RedisLedger
from streams.settings import Settings
from streams.topology import LIVE


async def test_stored_offset_is_what_the_ledger_applied(redis_server: LocalRedis, namespace: str) -> None:
    async with AsyncRedis.from_url(redis_server.url) as client:
        ledger = RedisLedger(client, "engagement", namespace)
        claim = await ledger.acquire(LIVE, 3)
        await ledger.apply(Update(claim, claim.next_offset, 42, Effects()))
        await ledger.acquire("social.interactions", 0)
    with Redis.from_url(redis_server.url) as client:
        assert stored_by_stage(client, namespace)["engagement"] == {(LIVE, 3): 42, ("social.interactions", 0): 0}
        assert stored_by_stage(client, namespace)["scoring"] == {}


@pytest.mark.parametrize("hangs", [False, True], ids=["absent", "hanging"])
def test_redis_that_does_not_answer_is_unavailable_soon(hangs: bool, tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server, reader_client(Settings(redis=server.url)) as client:
        if hangs:
            server.pause()
        else:
            server.kill()
        started = time.monotonic()
        with pytest.raises(Unavailable, match="Redis does not answer"):
            stored_by_stage(client, "pw")
        assert time.monotonic() - started < 4
