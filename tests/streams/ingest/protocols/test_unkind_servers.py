"""Servers that begin anew, leave pages empty, ask for time amid them, name nothing, or write as few do."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web

from streams.ingest.feed_list import AnyFeed
from streams.ingest.feed_status import FeedStatus
from streams.ingest.mapping_fields import MessageMapping
from streams.ingest.protocols import mastodon
from streams.ingest.protocols.mastodon import MastodonFeed
from streams.ingest.protocols.poll import PollFeed
from streams.ingest.protocols.received import Connected
from streams.ingest.protocols.rss import RssFeed
from streams.ingest.protocols.sse import SseFeed
from streams.ingest.protocols.websocket import WebSocketFeed
from streams.ingest.secret import Secrets
from streams.ledger.memory import MemoryLedger
from tests.builders.feeds import Topics, running
from tests.servers.feed_server import FeedServer
from tests.servers.waiting import until_async

MAPPING = MessageMapping(kind="comment", id="id", text="text")
Answer = Callable[[web.Request], Any]


async def ran(
    answer: Answer, entry_at: Callable[[str], AnyFeed], until: Callable[[FeedStatus, Topics], bool]
) -> tuple[Topics, FeedStatus]:
    topics = Topics()
    async with FeedServer().serving(web.get("/unkind", answer)) as server:
        entry = entry_at(f"127.0.0.1:{server.port}")
        one = running(entry, lambda: entry.way_in(Secrets()), topics, MemoryLedger())
        task = asyncio.create_task(one.run())
        await until_async(lambda: until(one.status, topics) or task.done(), seconds=20)
        error = one.status.error
        one.stop()
        await task
        one.status.error = error
    return topics, one.status


def poll(address: str, **changes: Any) -> PollFeed:
    fields: dict[str, Any] = {"items": "items[]", "id": "id", "next": "next", "next_parameter": "c", **changes}
    return PollFeed(
        name="shop", url=f"http://{address}/unkind", brand="acme", mapping=MAPPING, every_seconds=0.001, **fields
    )


def item(number: int) -> dict[str, str]:
    return {"id": f"m{number}", "text": f"text {number}"}


async def test_page_that_a_filter_left_empty_hides_none_behind_it() -> None:
    pages = [
        {"items": [], "next": "1"}, {"items": [item(3)], "next": "2"}, {"items": [], "next": "3"},
        {"items": [item(2), item(1)]},
    ]  # fmt: skip

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(pages[int(request.query.get("c", "0"))])

    topics, status = await ran(answer, poll, lambda status, _: status.events == 3)
    assert (topics.ids(), status.gaps) == (["shop:m1", "shop:m2", "shop:m3"], 0)


async def test_pages_without_an_end_are_left_after_some_empty_ones() -> None:
    asked = list[int]()

    async def answer(request: web.Request) -> web.Response:
        page = int(request.query.get("c", "0"))
        asked.append(page)
        return web.json_response({"items": [] if page else [item(1)], "next": str(page + 1)})

    await ran(answer, poll, lambda status, _: status.events == 1)
    assert asked[:4] == [0, 1, 2, 3]
    assert 4 not in asked


async def test_server_that_asks_for_time_amid_its_pages_is_asked_for_the_same_page_again() -> None:
    asked = list[str]()

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.query.get("c", ""))
        if asked[-2:] == ["", "1"]:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.json_response({"items": [item(1)]} if asked[-1] else {"items": [item(2)], "next": "1"})

    topics, _ = await ran(answer, poll, lambda status, _: status.events == 2)
    assert (topics.ids(), asked[:3]) == (["shop:m1", "shop:m2"], ["", "1", "1"])


async def test_answer_without_content_is_nothing_new() -> None:
    answers = [web.Response(status=204), web.json_response({"items": [item(1)]})]

    async def answer(_request: web.Request) -> web.Response:
        return answers.pop(0) if answers else web.Response(status=204)

    topics, _ = await ran(answer, poll, lambda status, _: status.events == 1 or status.state == "refused")
    assert topics.ids() == ["shop:m1"]


@pytest.mark.parametrize("changes", [{"items": "[]"}, {"items": None, "id": None}])
async def test_answer_of_json_lines_is_a_list(changes: dict[str, Any]) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text='{"id": "m1", "text": "a"}\n{"id": "m2", "text": "b"}\n')

    fields = {"next": None, "next_parameter": None, "newest_first": False, **changes}
    topics, _ = await ran(answer, lambda address: poll(address, **fields), lambda status, _: status.events == 2)
    assert topics.ids() == ["shop:m1", "shop:m2"]


async def test_answer_in_another_encoding_is_read_by_its_header() -> None:
    async def answer(_request: web.Request) -> web.Response:
        text = '{"items": [{"id": "m1", "text": "屏幕碎了"}]}'
        return web.Response(body=text.encode("gbk"), headers={"Content-Type": "application/json; charset=GBK"})

    topics, _ = await ran(answer, poll, lambda status, _: status.events == 1)
    assert [event.text for event in topics.events()] == ["屏幕碎了"]


async def test_frame_of_json_lines_is_as_many_messages() -> None:
    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str('{"id": "m1", "text": "a"}\n{"id": "m2", "text": "b"}\n')
        async for _ in socket:
            pass
        return socket

    topics, status = await ran(
        answer,
        lambda address: WebSocketFeed(name="shop", url=f"ws://{address}/unkind", brand="acme", mapping=MAPPING),
        lambda status, _: status.messages == 1,
    )
    assert (topics.ids(), status.unread) == (["shop:m1", "shop:m2"], [])


async def test_numbers_that_begin_anew_are_read() -> None:
    """A server that was restarted counts from one again; what it tells twice is told once."""
    lives = [[(7, "a"), (8, "b")], [(8, "b"), (1, "c"), (2, "d"), (5, "e")]]

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, own_id in lives.pop(0) if lives else []:
            await response.write(f'id: {number}\ndata: {{"id": "{own_id}", "text": "t"}}\n\n'.encode())
        return response

    topics, status = await ran(
        answer,
        lambda address: SseFeed(
            name="shop", url=f"http://{address}/unkind", brand="acme", mapping=MAPPING, numbered=True
        ),
        lambda status, _: status.events == 5,
    )
    assert topics.ids() == [f"shop:{own_id}" for own_id in "abcde"]
    assert (status.gap_messages, status.repeated) == (2, 1)


async def test_failure_nobody_thought_of_ends_the_connection_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What streams is read by a task of its own: whoever waits for it must hear of its end."""

    async def failing(*_asked: Any) -> Any:
        yield Connected()
        raise KeyError("surprise")

    async def unasked(_request: web.Request) -> web.Response:
        return web.Response()

    monkeypatch.setattr(mastodon, "sent_events", failing)
    _, status = await ran(
        unasked,
        lambda address: MastodonFeed(name="social", url=f"http://{address}", brand="acme", transport="sse"),
        lambda status, _: status.connects > 1,
    )
    assert status.connects > 1


def rss(items: str) -> Answer:
    async def answer(_request: web.Request) -> web.Response:
        text = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
        return web.Response(text=text, content_type="application/xml")

    return answer


def news(address: str) -> RssFeed:
    return RssFeed(name="news", url=f"http://{address}/unkind", brand="acme", every_seconds=0.001)


@pytest.mark.parametrize(
    "item",
    [
        "<item><title>{}</title><link>http://x.test/</link></item>",
        "<item><title>Update</title><description>{}</description></item>",
    ],
)
async def test_entries_without_an_id_that_share_a_link_or_a_title_are_two(item: str) -> None:
    polls = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal polls
        polls += 1
        response: web.Response = await rss(item.format("A") + item.format("B"))(request)
        return response

    topics, _ = await ran(answer, news, lambda status, _: polls > 5 and status.events > 0)
    assert [event.kind for event in topics.events()] == ["post", "post"]


async def test_newest_entry_of_an_id_is_the_one_that_counts() -> None:
    entries = "".join(
        f"<entry><id>1</id><title>{title}</title><updated>2026-09-21T{hour}:00:00Z</updated></entry>"
        for title, hour in (("old", 14), ("new", 16), ("older", 13))
    )
    polls = 0

    async def answer(_request: web.Request) -> web.Response:
        nonlocal polls
        polls += 1
        text = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>u</id>{entries}</feed>'
        return web.Response(text=text, content_type="application/xml")

    topics, _ = await ran(answer, news, lambda status, _: polls > 5 and status.events > 0)
    assert [event.text for event in topics.events()] == ["new"]


@pytest.mark.parametrize("dated", [True, False], ids=["dated", "undated"])
@pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "oldest first"])
async def test_entry_keeps_its_name_when_others_share_its_link_and_when_they_go(
    newest_first: bool, dated: bool
) -> None:
    """One link for entries without an id: each is told once, whichever of them the document has."""
    documents, polls = ["A", "AB", "ABC", "BC", "CD", "DE", "E"], 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal polls
        titles = documents[min(polls, len(documents) - 1)]
        polls += 1
        days = dict(zip("ABCDE", range(1, 6), strict=True))
        items = [
            f"<item><title>{title}</title><link>http://x.test/</link>"
            + (f"<pubDate>0{days[title]} Sep 2026 10:00:00 GMT</pubDate>" if dated else "")
            + "</item>"
            for title in titles
        ]
        response: web.Response = await rss("".join(reversed(items) if newest_first else items))(request)
        return response

    topics, _ = await ran(answer, news, lambda *_: polls > len(documents) + 2)
    assert [(event.kind, event.text) for event in topics.events()] == [("post", title) for title in "ABCDE"]


async def test_dated_entry_without_an_id_is_worded_anew_beside_one_that_shares_its_link() -> None:
    documents, polls = [["first"], ["second", "first"], ["second", "first, corrected"]], 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal polls
        titles = documents[min(polls, len(documents) - 1)]
        polls += 1
        items = "".join(
            f"<item><title>{title}</title><link>http://x.test/</link>"
            f"<pubDate>0{1 + (title == 'second')} Sep 2026 10:00:00 GMT</pubDate></item>"
            for title in titles
        )
        response: web.Response = await rss(items)(request)
        return response

    topics, _ = await ran(answer, news, lambda *_: polls > len(documents) + 2)
    first, second, back, corrected = topics.events()
    assert [first.text, second.text, corrected.text] == ["first", "second", "first, corrected"]
    assert back.retracts == first.event_id


@pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "oldest first"])
async def test_item_that_an_answer_tells_in_two_wordings_has_the_newest_one(newest_first: bool) -> None:
    polls = 0
    edits = [{"id": "m1", "text": "old"}, {"id": "m1", "text": "new"}]

    async def answer(_request: web.Request) -> web.Response:
        nonlocal polls
        polls += 1
        return web.json_response({"items": edits[::-1] if newest_first else edits})

    def edited(address: str) -> PollFeed:
        mapping = MessageMapping(kind="edit", id="id", text="text")
        return msgspec.structs.replace(poll(address, newest_first=newest_first), mapping=mapping)

    topics, _ = await ran(answer, edited, lambda *_: polls > 5)
    told = [event.text or event.retracts for event in topics.events()]
    assert told == ["shop:m1", "old", topics.ids()[1], "new"]
