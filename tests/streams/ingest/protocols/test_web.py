"""What all protocols on the web do with refusals, redirects and credentials."""

import asyncio
import json
from collections.abc import Callable

import pytest
from aiohttp import web

from streams.ingest.feed_list import AnyFeed
from streams.ingest.feed_status import FeedStatus
from streams.ingest.mapping_fields import MessageMapping
from streams.ingest.protocols.poll import PollFeed, Since
from streams.ingest.protocols.sse import SseFeed
from streams.ingest.protocols.web import retry_after_seconds
from streams.ingest.protocols.websocket import CursorField, WebSocketFeed
from streams.ingest.secret import Secret, Secrets
from streams.ledger.memory import MemoryLedger
from tests.builders.feeds import Topics, running
from tests.servers.feed_server import FeedServer
from tests.servers.waiting import until_async

MAPPING = MessageMapping(kind="comment", id="id", text="text")
SECRETS = Secrets(environment={"TOKEN": "t0ken", "KEY": "k3y"})


def sent(*numbers: int) -> list[str]:
    return [json.dumps({"id": f"m{number}", "text": f"text {number}"}) for number in numbers]


def sse(address: str) -> SseFeed:
    return SseFeed(
        name="shop", url=f"{address}/sse", brand="acme", mapping=MAPPING, token=Secret(env="TOKEN"),
        headers={"X-Key": Secret(env="KEY")}, query={"q": "1"}, numbered=True,
    )  # fmt: skip


def poll(address: str, since: Since | None = None) -> PollFeed:
    return PollFeed(
        name="shop", url=f"{address}/poll", brand="acme", mapping=MAPPING, items="items[]", id="id", next="next",
        every_seconds=0.001, since=since,
    )  # fmt: skip


async def ran(entry: AnyFeed, topics: Topics, until: Callable[[FeedStatus], bool]) -> FeedStatus:
    one = running(entry, lambda: entry.way_in(SECRETS), topics, MemoryLedger())
    task = asyncio.create_task(one.run())
    await until_async(lambda: until(one.status) or task.done(), seconds=20)
    error = one.status.error
    one.stop()
    await task
    one.status.error = error
    return one.status


@pytest.mark.parametrize("has_cursor", [True, False])
async def test_message_too_large_for_a_socket_is_skipped_once(
    has_cursor: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that keeps its messages would tell it at every connection."""
    monkeypatch.setattr("streams.ingest.protocols.web.ANSWER_BYTES", 10_000)
    said = [
        json.dumps({"id": f"m{number}", "place": number, "text": "x" * (number == 2) * 50_000}) for number in range(5)
    ]
    cursor = CursorField(field="place", parameter="after") if has_cursor else None
    async with FeedServer(said).serving() as server:
        entry = WebSocketFeed(
            name="shop", url=f"ws://127.0.0.1:{server.port}/ws", brand="acme",
            mapping=MessageMapping(kind="like", id="id"), cursor=cursor,
        )  # fmt: skip
        status = await ran(entry, topics := Topics(), lambda status: status.connects > 1 and status.messages > 3)
        if has_cursor:
            assert set(topics.ids()) == {f"shop:m{number}" for number in (0, 1, 3, 4)}
            assert (status.gaps, status.gap_messages, status.connects) == (1, 1, 2)
    assert status.gap_messages >= 1


async def test_credentials_are_sent_and_shown_nowhere() -> None:
    async with FeedServer(sent(0)).serving() as server:
        entry = sse(server.address)
        status = await ran(entry, Topics(), lambda status: status.events == 1)
    (asked,) = server.asked
    assert [asked.headers["Authorization"], asked.headers["X-Key"], asked.query["q"]] == ["Bearer t0ken", "k3y", "1"]
    assert not {"t0ken", "k3y"} & set(repr(entry.endpoint(SECRETS)).replace("'", " ").split())
    assert status.error == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (401, "answers 401: look at `token`, `headers` and `query`"),
        (404, "answers 404: look at `url`"),
        (302, "redirects to another host: set `url` to where it is now"),
    ],
)
async def test_refusal_says_what_to_do(answer: int, said: str) -> None:
    async with FeedServer(sent(0)).serving() as server, FeedServer(sent(0)).serving() as other:
        headers = {"Location": f"http://localhost:{other.port}/sse"}
        server.answers[:] = [web.Response(status=answer, headers=headers)]
        status = await ran(sse(server.address), Topics(), lambda status: status.state == "refused")
        assert other.asked == []
    assert said in status.error


async def test_redirect_within_the_host_is_followed() -> None:
    async with FeedServer(sent(0)).serving() as server:
        server.answers[:] = [web.Response(status=307, headers={"Location": "/sse?moved=1"})]
        await ran(sse(server.address), Topics(), lambda status: status.events == 1)
    assert [asked.path_qs for asked in server.asked] == ["/sse?q=1", "/sse?moved=1"]


async def test_server_that_asks_for_time_is_given_it_and_asked_again() -> None:
    topics = Topics()
    async with FeedServer(sent(1)).serving() as server:
        server.answers[:] = [web.Response(status=429, headers={"Retry-After": "1"})]
        started = asyncio.get_running_loop().time()
        await ran(poll(server.address), topics, lambda status: status.events == 1)
    assert asyncio.get_running_loop().time() - started >= 1
    assert topics.ids() == ["shop:m1"]


def test_time_to_wait_is_read_in_both_forms_and_bounded() -> None:
    now_ms = 1_790_000_000_000
    assert retry_after_seconds({"Retry-After": "7"}) == 7
    assert retry_after_seconds({"Retry-After": "Mon, 21 Sep 2026 14:13:50 GMT"}, now_ms) == 30
    assert [retry_after_seconds({"Retry-After": text}) for text in ("-1", "soon", "99999999")] == [0, 0, 3600]


async def test_ids_that_jump_are_a_gap_of_so_many() -> None:
    async def jumping(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        for number in (4, 5, 9):
            await answer.write(f"id: {number}\ndata: {sent(number)[0]}\n\n".encode())
        await asyncio.sleep(60)
        return answer

    async with FeedServer().serving(web.get("/jumping/sse", jumping)) as server:
        status = await ran(sse(f"{server.address}/jumping"), Topics(), lambda status: status.events == 3)
    assert (status.gaps, status.gap_messages) == (1, 3)


async def test_poll_tells_oldest_first_follows_pages_and_asks_for_nothing_anew() -> None:
    topics = Topics()
    async with FeedServer(sent(*range(1, 6)), page_size=2).serving() as server:
        status = await ran(poll(server.address), topics, lambda status: status.events == 5 and len(server.asked) > 6)
    assert topics.ids() == [f"shop:m{number}" for number in range(1, 6)]
    assert (status.messages, status.gaps) == (5, 0)
    assert any("If-None-Match" in asked.headers for asked in server.asked)


async def test_poll_that_finds_nothing_that_it_knows_has_a_gap() -> None:
    topics = Topics()
    async with FeedServer(sent(1, 2)).serving() as server:
        task = asyncio.create_task(ran(poll(server.address), topics, lambda status: status.gaps == 1))
        await until_async(lambda: len(topics.ids()) == 2)
        server.sent[:] = sent(8, 9)
        status = await task
    assert topics.ids() == [f"shop:m{number}" for number in (1, 2, 8, 9)]
    assert status.last_gap is not None
    assert status.last_gap.reason == "lost"


async def test_poll_asks_for_what_came_after_the_newest() -> None:
    async with FeedServer(sent(1, 2)).serving() as server:
        entry = poll(server.address, Since(parameter="after", field="id"))
        await ran(entry, Topics(), lambda status: status.events == 2 and len(server.asked) > 2)
    assert [asked.query.get("after") for asked in server.asked[:2]] == [None, "m2"]
