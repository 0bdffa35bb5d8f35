"""How feeds stand, and what they could not read, kept on a real Redis and told by the command line."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as sync_redis
from click.testing import CliRunner, Result

from deploy.cli.main import cli
from deploy.local.redis import LocalRedis
from streams.clock import DAY_MS, system_clock
from streams.ingest.feed_status import INGEST
from streams.ingest.protocols.websocket import WebSocketFeed
from streams.ingest.unread_messages import KEPT_DAYS, MAX_OF_A_TYPE, suffix
from streams.ledger.connect import worker_client
from streams.ledger.redis import RedisLedger, key_prefix
from streams.settings import Settings
from streams.settings import settings as process_settings
from tests.builders.feeds import Topics, running
from tests.fakes.way_in import ListedWayIn

ENTRY = WebSocketFeed(name="room-7", url="ws://127.0.0.1:1/", platform="tiktok", brand="acme", room="7")
FLOOD = [json.dumps({"type": "Novel", "number": number}) for number in range(MAX_OF_A_TYPE + 5)]


@pytest.fixture
def settings(redis_server: LocalRedis, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("PULSEWATCH_REDIS", redis_server.url)
    monkeypatch.setenv("PULSEWATCH_NAMESPACE", namespace)
    process_settings.cache_clear()
    yield Settings(redis=redis_server.url, namespace=namespace)
    process_settings.cache_clear()


def hear(settings: Settings, messages: list[str]) -> None:
    """A process of the feed that hears these and ends."""

    async def run() -> None:
        client = worker_client(settings)
        try:
            ledger = RedisLedger(client, INGEST, settings.namespace)
            await running(ENTRY, lambda: ListedWayIn(messages), Topics(), ledger).run()
        finally:
            await client.aclose()

    asyncio.run(run())


def status(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["feeds", "status", *arguments])


def test_unread_messages_of_two_processes_are_written_as_they_came(settings: Settings, tmp_path: Path) -> None:
    odd = ['{"type": "Rare",\n "at": 1}', "no JSON"]
    hear(settings, [*odd, *FLOOD])
    hear(settings, [*odd, *FLOOD, json.dumps({"type": "Last"})])
    file = tmp_path / "raw.jsonl"
    told = status("room-7", "--raw", str(file))
    assert (told.exit_code, told.output) == (0, f"{MAX_OF_A_TYPE + 3} messages in {file}\n")
    assert file.stat().st_mode & 0o777 == 0o600
    # One a line; of the type that floods the newest, after what came before it.
    assert file.read_text().splitlines() == ['{"type":"Rare","at":1}', "no JSON", *FLOOD[5:], '{"type": "Last"}']
    assert status("room-7", "--raw", "-").output == file.read_text()
    lines = status("room-7").output
    assert f"{len(FLOOD)} × Novel: unknown_type" in lines
    assert f"{MAX_OF_A_TYPE + 3} of these are kept: `pulsewatch feeds status room-7 --raw FILE`" in lines
    again = status("room-7", "--raw", str(file))
    assert (type(again.exception).__name__, str(again.exception)) == ("UsageError", f"{file}: file exists")


def test_unread_messages_expire_and_hold_no_more_than_they_may(settings: Settings, redis_server: LocalRedis) -> None:
    hear(settings, FLOOD)
    key = key_prefix(settings.namespace, INGEST, "room-7", 0) + suffix(system_clock() // DAY_MS)
    with sync_redis.Redis.from_url(redis_server.url) as client:
        assert client.hlen(key) == MAX_OF_A_TYPE
        assert 0 < client.ttl(key) <= KEPT_DAYS * DAY_MS // 1000


@pytest.mark.usefixtures("settings")
def test_raw_is_of_one_feed_that_has_run(tmp_path: Path) -> None:
    assert "give its NAME" in str(status("--raw", str(tmp_path / "raw")).exception)
    assert str(status("room-8", "--raw", str(tmp_path / "raw")).exception) == (
        "no feed called room-8 has run; there are none"
    )
