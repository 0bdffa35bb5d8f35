"""A room through TikTokLive's client, played by a fake of it."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from streams.errors import UsageError
from streams.events.pseudonyms import Pseudonyms
from streams.ingest.context import FeedContext
from streams.ingest.feed import Feed
from streams.ingest.feed_list import read_feeds
from streams.ingest.platforms import tiktok
from streams.ingest.protocols.received import Connected, FeedRefused, FeedUnavailable, Received
from streams.ingest.protocols.tiktok_live import TikTokRoom
from streams.ingest.secret import Secrets


class Chat:
    def __init__(self, number: int) -> None:
        self.number = number

    def to_dict(self) -> dict[str, Any]:
        common = {"msgId": str(self.number), "createTime": "1790000000000"}
        return {"common": common, "user": {"id": "7"}, "content": f"hi {self.number}"}


class FakeClient:
    def __init__(self, count: int = 0, refuses: Exception | None = None, ends: Exception | None = None) -> None:
        self.listeners: dict[Any, Callable[[Any], Any]] = {}
        self.count, self.refuses, self.ends = count, refuses, ends
        self.disconnected = False

    def add_listener(self, event: Any, f: Callable[[Any], Any]) -> None:
        self.listeners[event] = f

    async def start(self) -> "asyncio.Task[None]":
        if self.refuses is not None:
            raise self.refuses
        return asyncio.create_task(self._told())

    async def _told(self) -> None:
        for number in range(1, self.count + 1):
            await self.listeners[Chat](Chat(number))
        if self.ends is not None:
            raise self.ends

    async def disconnect(self) -> None:
        self.disconnected = True


async def heard(client: FakeClient) -> list[Any]:
    room = TikTokRoom(lambda: client, {"WebcastChatMessage": Chat})
    async with asyncio.timeout(5), aclosing(cast(Any, room.messages(None))) as items:
        return [item async for item in items]


async def test_messages_reach_the_decoder() -> None:
    client = FakeClient(3)
    connected, *told = await heard(client)
    assert isinstance(connected, Connected)
    feed = Feed(tiktok.DECODER, FeedContext("tt", "tiktok", "acme", Pseudonyms(b"key"), room_id="r"))
    events = [
        event for item in told if isinstance(item, Received) for event in feed.read(item.message, 1_790_000_001_000)
    ]
    assert [(event.kind, event.event_id, event.text) for event in events] == [
        ("comment", f"tiktok-live:{number}", f"hi {number}") for number in (1, 2, 3)
    ]
    assert client.disconnected


async def test_connection_that_ends_badly_is_unavailable_after_all_that_was_told() -> None:
    client = FakeClient(2, ends=ConnectionError("cut"))
    found: list[Any] = []
    with pytest.raises(FeedUnavailable, match="cut"):
        await _into(found, TikTokRoom(lambda: client, {"WebcastChatMessage": Chat}))
    assert len(found) == 3


async def _into(found: list[Any], room: TikTokRoom) -> None:
    async for item in room.messages(None):
        found.append(item)  # noqa: PERF401 - the error ends it


class UserOfflineError(Exception): ...


class UserNotFoundError(Exception): ...


async def test_host_who_is_not_live_is_asked_for_again_and_an_unknown_one_refused() -> None:
    with pytest.raises(FeedUnavailable) as offline:
        await heard(FakeClient(refuses=UserOfflineError()))
    assert offline.value.after_seconds == 60
    with pytest.raises(FeedRefused, match="`user`"):
        await heard(FakeClient(refuses=UserNotFoundError()))


def test_entry_without_the_library_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("feeds:\n  - {name: t, kind: tiktok, user: '@host', room: '105', brand: acme}\n")
    (entry,) = read_feeds(path)
    assert entry.address == "tiktok.com/@host/live"
    with pytest.raises(UsageError, match="pip install TikTokLive"):
        entry.way_in(Secrets())
