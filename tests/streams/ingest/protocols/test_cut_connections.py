"""Every protocol against a server that speaks it, its connection cut after every single byte."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from streams.ingest.feed_list import AnyFeed
from streams.ingest.mapping_fields import MessageMapping
from streams.ingest.protocols.poll import PollFeed
from streams.ingest.protocols.sse import SseFeed
from streams.ingest.protocols.websocket import CursorField, WebSocketFeed
from streams.ingest.secret import Secrets
from streams.ledger.memory import MemoryLedger
from tests.builders.feeds import Topics, running
from tests.servers.cutting import CuttingProxy
from tests.servers.feed_server import FeedServer
from tests.servers.waiting import until_async

MAPPING = MessageMapping(kind="comment", id="id", text="text")
SENT = [json.dumps({"id": f"m{number}", "place": number, "text": "好"}) for number in range(3)]


def ids(entry: AnyFeed) -> list[str]:
    return [f"{entry.name}:m{number}" for number in range(len(SENT))]


def entries(port: int) -> dict[str, AnyFeed]:
    address, usual = f"http://127.0.0.1:{port}", dict[str, Any](name="shop", brand="acme", mapping=MAPPING)
    return {
        "websocket": WebSocketFeed(
            url=f"ws://127.0.0.1:{port}/ws", cursor=CursorField(field="place", parameter="after"), **usual
        ),
        "sse": SseFeed(url=f"{address}/sse", **usual),
        "poll": PollFeed(url=f"{address}/poll", items="items[]", id="id", every_seconds=0.001, **usual),
    }


async def told(entry: AnyFeed, expected: Sequence[str]) -> list[str]:
    """What is in the topics once all of it is there, and a little later."""
    topics = Topics()
    one = running(entry, lambda: entry.way_in(Secrets()), topics, MemoryLedger())
    task = asyncio.create_task(one.run())
    await until_async(lambda: set(topics.ids()) >= set(expected) or task.done(), seconds=20)
    one.stop()
    assert await task == "stopped"
    return topics.ids()


@pytest.mark.parametrize("kind", sorted(entries(1)))
async def test_connection_that_is_cut_after_any_byte_loses_nothing_and_tells_nothing_twice(kind: str) -> None:
    async with FeedServer(list(SENT)).serving() as server, CuttingProxy(server.port).serving() as proxy:
        entry = entries(proxy.port)[kind]
        assert await told(entry, ids(entry)) == ids(entry)
        whole = proxy.passed
        for cut in range(whole + 1):
            proxy.cuts[:] = [cut]
            assert await told(entry, ids(entry)) == ids(entry), cut


@pytest.mark.parametrize("kind", sorted(entries(1)))
async def test_server_that_is_gone_is_waited_for(kind: str) -> None:
    server = FeedServer(list(SENT))
    entry = entries(server.port)[kind]
    waiting = asyncio.create_task(told(entry, ids(entry)))
    await asyncio.sleep(0)
    async with server.serving():
        assert await waiting == ids(entry)
