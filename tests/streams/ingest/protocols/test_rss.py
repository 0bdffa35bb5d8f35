"""RSS and Atom as news sites write them, and as nobody should."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from streams.events.schema import Event
from streams.ingest.feed_status import FeedStatus
from streams.ingest.protocols.rss import RssFeed
from streams.ingest.secret import Secrets
from streams.ledger.memory import MemoryLedger
from tests.builders.feeds import Topics, running
from tests.servers.cutting import CuttingProxy
from tests.servers.feed_server import FeedServer
from tests.servers.waiting import until_async

NEWS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>News</title>
<language>zh-cn</language>
<item><title>召回：充电宝起火</title><guid isPermaLink="false">n-2</guid><link>https://news.test/2</link>
<pubDate>Mon, 21 Sep 2026 22:13:20 +0800</pubDate><description>短</description>
<content:encoded><![CDATA[<p>厂家&amp;监管<br/>通报</p>]]></content:encoded></item>
<item><title>Sale</title><link>https://news.test/1</link><pubDate>Mon, 21 Sep 2026 13:00:00 GMT</pubDate></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Blog</title><id>urn:blog</id>
<entry><id>urn:1</id><title>Hello</title><published>2026-09-21T14:00:00Z</published>
<updated>2026-09-21T15:00:00+00:00</updated><author><name>Ann</name></author>
<content type="html">&lt;b&gt;Hi&lt;/b&gt; all</content></entry></feed>"""
BOMB = """<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<rss version="2.0"><channel><title>t</title><item><title>&b;</title><guid>1</guid></item></channel></rss>"""


class Site:
    """Answers these documents, one after the other, and then the last for ever."""

    def __init__(self, *documents: Any) -> None:
        self.documents = list(documents)

    async def answer(self, _request: web.Request) -> web.Response:
        body = self.documents.pop(0) if len(self.documents) > 1 else self.documents[0]
        return web.Response(body=body if isinstance(body, bytes) else body.encode(), content_type="application/xml")


async def told(port: int, *, events: int = 0, until: Any = None) -> tuple[list[Event], FeedStatus]:
    topics = Topics()
    entry = RssFeed(name="news", url=f"http://127.0.0.1:{port}/rss", brand="acme", every_seconds=0.001)
    one = running(entry, lambda: entry.way_in(Secrets()), topics, MemoryLedger())
    task = asyncio.create_task(one.run())
    await until_async(
        lambda: (len(topics.events()) >= events if until is None else until(one.status)) or task.done(), seconds=20
    )
    status = FeedStatus(one.status.name, "rss", "", one.status.state, gaps=one.status.gaps, error=one.status.error)
    one.stop()
    await task
    return topics.events(), status


async def served(*documents: Any, **asked: Any) -> tuple[list[Event], FeedStatus]:
    async with FeedServer().serving(web.get("/rss", Site(*documents).answer)) as server:
        return await told(server.port, **asked)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
async def test_entries_are_posts_in_the_order_of_their_time(encoding: str) -> None:
    events, _ = await served(NEWS.format(encoding=encoding).encode(encoding), events=2)
    assert [event.text for event in events] == ["Sale", "召回：充电宝起火\n厂家&监管\n通报"]
    assert [event.event_time_ms for event in events] == [1_789_995_600_000, 1_790_000_000_000]
    assert {(event.kind, event.lang) for event in events} == {("post", "zh-cn")}


async def test_atom_entry_has_its_author_as_a_pseudonym() -> None:
    (event,), _ = await served(ATOM, events=1)
    assert (event.text, event.lang, event.event_time_ms) == ("Hello\nHi all", "en", 1_789_999_200_000)
    assert event.actor is not None
    assert "Ann" not in event.actor.id


async def test_entry_that_is_worded_anew_takes_the_former_wording_back() -> None:
    events, _ = await served(ATOM, ATOM, ATOM.replace("Hello", "Corrected"), events=3)
    first, back, second = events
    assert [first.text, back.retracts, second.text] == ["Hello\nHi all", first.event_id, "Corrected\nHi all"]


async def test_document_that_is_cut_after_any_byte_is_told_once() -> None:
    server = FeedServer()
    route = web.get("/rss", Site(ATOM).answer)
    async with server.serving(route), CuttingProxy(server.port).serving() as proxy:
        for cut in range(0, len(ATOM) + 200, 7):
            proxy.cuts[:] = [cut]
            events, _ = await told(proxy.port, events=1)
            assert [event.text for event in events] == ["Hello\nHi all"], cut


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_document_with_entities_of_its_own_is_refused(encoding: str) -> None:
    events, status = await served(BOMB.encode(encoding), until=lambda one: one.state == "refused")
    assert not events
    assert "entities of its own" in status.error


@pytest.mark.parametrize("answer", ["<html><body>Please log in</body></html>", ATOM[:200], "", "{}"])
async def test_answer_that_is_no_feed_is_told_and_asked_for_again(answer: str) -> None:
    events, _ = await served(answer, ATOM, events=1)
    assert len(events) == 1


async def test_two_polls_without_a_common_entry_are_a_gap() -> None:
    other = ATOM.replace("urn:1", "urn:2")
    _, status = await served(ATOM, other, events=2)
    assert status.gaps == 1
