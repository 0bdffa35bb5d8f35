"""Mastodon's streams: what a cut left out is asked for, edits and deletions are folded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from streams.ingest.protocols.mastodon import MastodonFeed
from streams.ingest.runner import FeedRunner
from streams.ingest.secret import Secret, Secrets
from streams.ledger.memory import MemoryLedger
from tests.builders.feeds import Topics, running
from tests.servers.cutting import CuttingProxy
from tests.servers.feed_server import FeedServer
from tests.servers.mastodon_server import TOKEN, MastodonServer
from tests.servers.waiting import until_async

Transport = Literal["websocket", "sse"]
TRANSPORTS: tuple[Transport, ...] = ("websocket", "sse")
SECRETS = Secrets(environment={"TOKEN": TOKEN})


@asynccontextmanager
async def serving(mastodon: MastodonServer) -> AsyncIterator[CuttingProxy]:
    async with FeedServer().serving(*mastodon.routes()) as server, CuttingProxy(server.port).serving() as proxy:
        yield proxy


@asynccontextmanager
async def listening(
    port: int, transport: Transport, topics: Topics, ledger: MemoryLedger, pages: int = 50
) -> AsyncIterator[FeedRunner]:
    entry = MastodonFeed(
        name="mastodon", url=f"http://127.0.0.1:{port}", brand="acme", token=Secret(env="TOKEN"), transport=transport,
        pages=pages,
    )  # fmt: skip
    one = running(entry, lambda: entry.way_in(SECRETS), topics, ledger)
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        one.stop()
        assert await task == "stopped"


async def connected(one: FeedRunner) -> None:
    await until_async(lambda: one.status.state == "connected")


def ids(*numbers: int) -> list[str]:
    return [f"mastodon:{number}" for number in numbers]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_what_a_cut_left_out_is_asked_for(transport: Transport) -> None:
    mastodon, topics = MastodonServer(), Topics()
    async with serving(mastodon) as proxy, listening(proxy.port, transport, topics, MemoryLedger()) as one:
        await connected(one)
        mastodon.post(101)
        await until_async(lambda: topics.ids() == ids(101))
        for number in range(102, 107):
            mastodon.statuses[number] = {**mastodon.statuses[101], "id": str(number)}
        proxy.cut_all()
        await until_async(lambda: len(topics.ids()) == 6)
        mastodon.post(107)
        await until_async(lambda: len(topics.ids()) == 7)
    assert topics.ids() == ids(101, 102, 103, 104, 105, 106, 107)
    assert one.status.gaps == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_stream_that_is_cut_after_any_byte_is_told_once(transport: Transport) -> None:
    mastodon = MastodonServer()
    for number in (101, 102, 103):
        mastodon.post(number)
    async with serving(mastodon) as proxy:
        for cut in range(0, 900, 31):
            topics, ledger = Topics(), MemoryLedger()
            async with listening(proxy.port, transport, topics, ledger) as one:
                await connected(one)
                mastodon.post(101)
                await until_async(lambda: ids(101)[0] in topics.ids())  # noqa: B023 - of this round
            proxy.cuts[:] = [cut, cut]
            async with listening(proxy.port, transport, topics, ledger) as one:
                await until_async(lambda: len(set(topics.ids())) >= 3)  # noqa: B023 - of this round
            assert topics.ids() == ids(101, 102, 103), cut


async def test_more_than_is_asked_for_is_a_gap() -> None:
    mastodon, topics, ledger = MastodonServer(), Topics(), MemoryLedger()
    async with serving(mastodon) as proxy:
        async with listening(proxy.port, "websocket", topics, ledger, pages=1) as one:
            await connected(one)
            mastodon.post(101)
            await until_async(lambda: topics.ids() == ids(101))
        for number in range(102, 110):
            mastodon.post(number)
        async with listening(proxy.port, "websocket", topics, ledger, pages=1) as one:
            await until_async(lambda: one.status.gaps > 0)
    assert topics.ids() == ids(101, 102, 103)
    assert one.status.last_gap is not None
    assert one.status.last_gap.reason == "cursor_too_old"


async def test_timeline_that_is_not_shown_is_a_gap() -> None:
    mastodon, topics, ledger = MastodonServer(), Topics(), MemoryLedger()
    async with serving(mastodon) as proxy:
        async with listening(proxy.port, "websocket", topics, ledger) as one:
            await connected(one)
            mastodon.post(101)
            await until_async(lambda: topics.ids() == ids(101))
        mastodon.timelines = False
        async with listening(proxy.port, "websocket", topics, ledger) as one:
            await until_async(lambda: one.status.gaps > 0)
            mastodon.post(105)
            await until_async(lambda: topics.ids() == ids(101, 105))


async def test_edits_and_deletions_are_folded_over_a_restart() -> None:
    mastodon, topics, ledger = MastodonServer(), Topics(), MemoryLedger()
    async with serving(mastodon) as proxy:
        async with listening(proxy.port, "websocket", topics, ledger) as one:
            await connected(one)
            mastodon.post(101, "<p>Warm &amp; dry</p>")
            mastodon.edit(101, "<p>Wet</p><p>and cold</p>")
            await until_async(lambda: len(topics.ids()) == 3)
        async with listening(proxy.port, "websocket", topics, ledger) as one:
            await connected(one)
            mastodon.delete(101)
            await until_async(lambda: len(topics.ids()) == 4)
    post, former, edited, gone = topics.events()
    assert [post.text, edited.text] == ["Warm & dry", "Wet\nand cold"]
    assert [former.retracts, gone.retracts] == [post.event_id, edited.event_id]


async def test_wrong_token_is_told() -> None:
    mastodon, topics = MastodonServer(), Topics()
    async with serving(mastodon) as proxy:
        entry = MastodonFeed(name="mastodon", url=f"http://127.0.0.1:{proxy.port}", brand="acme")
        one = running(entry, lambda: entry.way_in(SECRETS), topics, MemoryLedger())
        task = asyncio.create_task(one.run())
        await until_async(lambda: one.status.state == "refused")
        error = one.status.error
        one.stop()
        await task
    assert "answers 401: look at `token`" in error
