"""Jetstream's two versions: where they go on, and what they say of what they no longer have."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from streams.ingest.feed_status import FeedStatus
from streams.ingest.protocols.jetstream import PATH_V2, Jetstream, JetstreamFeed
from streams.ingest.protocols.received import Gap, Item, Received
from streams.ingest.protocols.web import MessageTooLarge
from streams.ingest.secret import Secrets
from streams.ledger.memory import MemoryLedger
from tests.builders.feeds import Topics, running
from tests.servers.cutting import CuttingProxy
from tests.servers.feed_server import FeedServer
from tests.servers.jetstream_server import JetstreamServer
from tests.servers.waiting import until_async

PATHS = ("/subscribe", PATH_V2)


@asynccontextmanager
async def serving(stream: JetstreamServer) -> AsyncIterator[CuttingProxy]:
    async with FeedServer().serving(*stream.routes()) as server, CuttingProxy(server.port).serving() as proxy:
        yield proxy


async def told(port: int, path: str, topics: Topics, ledger: MemoryLedger, until: int) -> FeedStatus:
    entry = JetstreamFeed(name="bluesky", url=f"ws://127.0.0.1:{port}{path}", brand="acme")
    one = running(entry, lambda: entry.way_in(Secrets()), topics, ledger)
    task = asyncio.create_task(one.run())
    try:
        await until_async(lambda: len(set(topics.ids())) >= until or task.done(), seconds=20)
    finally:
        one.stop()
        ended = await task
    assert ended == "stopped"
    return one.status


def texts(topics: Topics) -> list[str | None]:
    return [event.text for event in topics.events()]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("inclusive", [True, False])
async def test_stream_that_is_cut_anywhere_is_told_once(path: str, inclusive: bool) -> None:
    expected = ["post 0", "post 1"]
    async with serving(JetstreamServer(count=2, inclusive=inclusive)) as proxy:
        await told(proxy.port, path, topics := Topics(), MemoryLedger(), 2)
        assert texts(topics) == expected
        for cut in range(0, proxy.passed + 1, 3 if inclusive else 29):
            proxy.cuts[:] = [cut]
            status = await told(proxy.port, path, topics := Topics(), MemoryLedger(), 2)
            assert texts(topics) == expected, cut
            assert (status.last_gap and status.last_gap.reason) in (None, "no_cursor"), cut


@pytest.mark.parametrize("path", PATHS)
async def test_next_process_goes_on_behind_the_last_message(path: str) -> None:
    stream, topics, ledger = JetstreamServer(count=2), Topics(), MemoryLedger()
    async with serving(stream) as proxy:
        await told(proxy.port, path, topics, ledger, 2)
        stream.count = 5
        status = await told(proxy.port, path, topics, ledger, 5)
    assert texts(topics) == [f"post {number}" for number in range(5)]
    assert status.gaps == 0


@pytest.mark.parametrize("path", PATHS)
async def test_cursor_that_is_older_than_what_is_kept_is_a_gap(path: str) -> None:
    stream, topics, ledger = JetstreamServer(count=2), Topics(), MemoryLedger()
    async with serving(stream) as proxy:
        await told(proxy.port, path, topics, ledger, 2)
        stream.count, stream.floor = 8, 6
        status = await told(proxy.port, path, topics, ledger, 4)
    assert texts(topics) == ["post 0", "post 1", "post 6", "post 7"]
    assert status.gaps == 1
    assert status.last_gap is not None
    assert (status.last_gap.reason, status.last_gap.to_ms - status.last_gap.from_ms) == ("cursor_too_old", 5)


async def test_number_of_another_archive_is_asked_for_by_its_time() -> None:
    stream, topics, ledger = JetstreamServer(count=9), Topics(), MemoryLedger()
    async with serving(stream) as proxy:
        await told(proxy.port, PATH_V2, topics, ledger, 9)
        stream.count = 3
        one = asyncio.create_task(told(proxy.port, PATH_V2, topics, ledger, 99))
        await until_async(lambda: len(stream.asked) >= 3)
        one.cancel()
        await asyncio.gather(one, return_exceptions=True)
    assert [asked.get("cursor") for asked in stream.asked] == [None, ["9"], [str(stream.time_us(6))]]


@pytest.mark.parametrize("path", PATHS)
async def test_message_with_an_earlier_time_is_told_and_moves_no_cursor_back(path: str) -> None:
    """Only what comes again after a cut is passed over."""
    stream, topics, ledger = JetstreamServer(count=4, order=[0, 2, 1, 3]), Topics(), MemoryLedger()
    async with serving(stream) as proxy:
        await told(proxy.port, path, topics, ledger, 4)
        stream.count, stream.order = 5, []
        status = await told(proxy.port, path, topics, ledger, 5)
    assert texts(topics) == ["post 0", "post 2", "post 1", "post 3", "post 4"]
    assert status.gaps == 0


async def test_new_message_with_an_earlier_time_is_told_right_behind_a_cut() -> None:
    stream, topics, ledger = JetstreamServer(count=3), Topics(), MemoryLedger()
    stream.wrong_us = {3: stream.time_us(0) - 60_000_000}
    async with serving(stream) as proxy:
        await told(proxy.port, "/subscribe", topics, ledger, 3)
        stream.count = 4
        status = await told(proxy.port, "/subscribe", topics, ledger, 4)
    assert texts(topics) == [f"post {number}" for number in range(4)]
    assert status.gaps == 0


@pytest.mark.parametrize("path", PATHS)
async def test_what_is_no_message_is_counted(path: str) -> None:
    stream = JetstreamServer(count=3, broken={1})
    async with serving(stream) as proxy:
        status = await told(proxy.port, path, Topics(), MemoryLedger(), 2)
    assert [(unread.reason, unread.count) for unread in status.unread] == [("not_json", 1)]


async def until_it_ends(way_in: Jetstream) -> list[Item]:
    found: list[Item] = []
    with suppress(MessageTooLarge):
        async for item in way_in.messages(None):
            found.append(item)  # noqa: PERF401 - what comes before the error counts
    return found


@pytest.mark.parametrize(("path", "behind"), [("/subscribe", None), (PATH_V2, 3)])
async def test_message_too_large_for_the_socket_is_a_gap_with_a_cursor_behind_it(
    path: str, behind: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers are asked for none beyond 8 MB; one that tells it all the same would tell it again. In version 1 nobody
    knows its time: it goes on with what comes next."""
    monkeypatch.setattr("streams.ingest.protocols.web.ANSWER_BYTES", 10_000)
    async with serving(JetstreamServer(count=3, large={2: 50_000})) as proxy:
        way_in = JetstreamFeed(name="bluesky", url=f"ws://127.0.0.1:{proxy.port}{path}").way_in(Secrets())
        found = await until_it_ends(way_in)
    gap = found[-1]
    assert isinstance(gap, Gap)
    assert len([item for item in found if isinstance(item, Received)]) == 2
    assert gap.reason == "too_large"
    assert (json.loads(gap.cursor)["seq"] if gap.cursor else None) == behind


@pytest.mark.parametrize(("ahead_us", "is_counted"), [(240_000_000, True), (6_000_000_000_000_000, False)])
async def test_time_far_ahead_moves_no_cursor(ahead_us: int, is_counted: bool) -> None:
    """Else what comes until then would be taken for what was told before. Told twice it is one time still."""
    stray = {2: time.time_ns() // 1000 + ahead_us}
    stream, topics, ledger = JetstreamServer(wrong_us=stray, order=[2, 2, 2, 2, 0, 1]), Topics(), MemoryLedger()
    async with serving(stream) as proxy:
        await told(proxy.port, "/subscribe", topics, ledger, 2 + is_counted)
        stream.count, stream.order = 5, []
        status = await told(proxy.port, "/subscribe", topics, ledger, 4 + is_counted)
    assert set(texts(topics)) == {f"post {number}" for number in range(5) if is_counted or number != 2}
    assert status.gaps == 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stray", range(3, 9))
async def test_stray_time_amid_what_is_caught_up_with_leaves_nothing_out(path: str, stray: int) -> None:
    """It lies ahead of the others and not of ours. Another host is asked by the time, in version 2 too."""
    stream = JetstreamServer(count=9, wrong_us={stray: JetstreamServer().time_us(stray) + 60_000_000})
    topics, ledger = Topics(), MemoryLedger()
    async with serving(stream) as proxy:
        await told(proxy.port, path, topics, ledger, 9)
        stream.count = 30
        status = await told(proxy.port, path, topics, ledger, 30)
        assert texts(topics) == [f"post {number}" for number in range(30)]
        assert status.gaps == 0
    stream.count = 40
    async with serving(stream) as proxy:
        await told(proxy.port, path, topics, ledger, 40)
    assert {f"post {number}" for number in range(40)} == set(texts(topics))


async def test_server_whose_clock_is_ahead_is_gone_on_with_at_its_last_message() -> None:
    now_us = time.time_ns() // 1000
    stream, topics, ledger = JetstreamServer(first_us=now_us + 120_000_000), Topics(), MemoryLedger()
    async with serving(stream) as proxy:
        for count in (3, 5):
            stream.count = count
            status = await told(proxy.port, "/subscribe", topics, ledger, count)
    assert texts(topics) == [f"post {number}" for number in range(5)]
    assert status.gaps == 0


async def test_cursor_that_lies_far_ahead_leaves_nothing_out() -> None:
    """As a former version kept it."""
    stream = JetstreamServer(count=1, first_us=9_000_000_000_000_000)
    async with serving(stream) as proxy:
        feed = JetstreamFeed(name="bluesky", url=f"ws://127.0.0.1:{proxy.port}/subscribe").way_in(Secrets())
        cursor = f'{{"host":"127.0.0.1:{proxy.port}","time_us":7500000000000000}}'
        stream.wrong_us = {0: stream.time_us(0) - 8_000_000_000_000_000}
        items = feed.messages(cursor)
        async with asyncio.timeout(20):
            found = [await anext(items) for _ in range(2)]
        await items.aclose()  # type: ignore[attr-defined] # it is a generator
    assert isinstance(found[1], Received)
    assert "post 0" in str(found[1].message)


async def test_both_versions_tell_one_post_by_one_id() -> None:
    ids = []
    async with serving(JetstreamServer()) as proxy:
        for path in PATHS:
            await told(proxy.port, path, topics := Topics(), MemoryLedger(), 3)
            ids.append(topics.ids())
    assert ids[0] == ids[1]


async def test_server_is_asked_for_what_is_read() -> None:
    stream = JetstreamServer()
    async with serving(stream) as proxy:
        for path in PATHS:
            await told(proxy.port, path, Topics(), MemoryLedger(), 3)
    collections = [
        "app.bsky.feed.like", "app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.graph.follow",
    ]  # fmt: skip
    assert [stream.asked[0]["wantedCollections"], stream.asked[1]["collections"]] == [collections] * 2
    assert stream.asked[1]["kinds"] == ["commit", "account"]
    assert not any("compress" in asked for asked in stream.asked)


@pytest.mark.parametrize(
    "said",
    [
        {"query": {"compress": "true"}},
        {"url": "wss://h/subscribe?compress=true"},
        {"headers": {"Socket-Encoding": "zstd"}},
    ],
)
def test_compression_that_cannot_be_read_is_a_fault(said: dict[str, Any]) -> None:
    """A dictionary of Bluesky's would be needed, and is not shipped."""
    assert "compression" in " ".join(JetstreamFeed(name="sky", brand="acme", **said).faults())
    assert not list(JetstreamFeed(name="sky", brand="acme", query={"cursor": "5"}).faults())
