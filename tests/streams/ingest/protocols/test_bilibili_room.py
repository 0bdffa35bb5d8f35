"""Rooms of Bilibili against a server that speaks as Bilibili does."""

import asyncio
import contextlib
import hashlib
import json
import struct
import zlib
from collections.abc import Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import urlencode

import pytest
from aiohttp import WSMessage, WSMsgType
from yarl import URL

from streams.errors import UsageError
from streams.ingest.feed_list import read_feeds
from streams.ingest.protocols.bilibili import BilibiliFeed, BilibiliOpenFeed, OpenRoom, WebRoom, mixed_key, signed
from streams.ingest.protocols.bilibili_packets import HEARTBEAT, UNPACKED_BYTES, NoPacket, packets
from streams.ingest.protocols.bilibili_socket import room_messages
from streams.ingest.protocols.received import Connected, FeedRefused, FeedUnavailable, Received
from streams.ingest.secret import Secrets
from streams.ledger.memory import MemoryLedger
from tests.builders.feeds import Topics, running
from tests.servers.bilibili import APP, CODE, IMAGES, KEY, SECRET, BilibiliServer, packet, told
from tests.servers.cutting import CuttingProxy
from tests.servers.waiting import until_async


def danmaku(number: int) -> str:
    """A message of the open platform."""
    data = {"msg": f"新款 {number}", "msg_id": f"m{number}", "open_id": "u", "uname": "n", "timestamp": 1_790_000_000}
    return json.dumps({"cmd": "LIVE_OPEN_PLATFORM_DM", "data": data}, ensure_ascii=False)


def web_room(server: BilibiliServer, cookie: str = "") -> WebRoom:
    return WebRoom("5", cookie, URL(server.address), URL(server.address))


def open_room(server: BilibiliServer) -> OpenRoom:
    return OpenRoom(APP, KEY, SECRET, CODE, URL(server.address))


async def heard(way_in: Any) -> list[Any]:
    async with asyncio.timeout(10), aclosing(cast(Any, way_in.messages(None))) as items:
        return [item async for item in items]


def texts(items: Sequence[Any]) -> list[str]:
    return [json.loads(item.message)["data"]["msg"] for item in items if isinstance(item, Received)]


@pytest.mark.parametrize("packing", ["plain", "zlib", "brotli"])
async def test_web_room_tells_what_its_packets_hold(packing: Any) -> None:
    frames = [told([danmaku(1), danmaku(2)], packing), packet(1, 3, b"\0\0\0\x05") + b"[object Object]",
              told([danmaku(3)], packing)]  # fmt: skip
    async with BilibiliServer([frames]).serving() as server:
        items = await heard(web_room(server))
    assert isinstance(items[0], Connected)
    assert texts(items) == ["新款 1", "新款 2", "新款 3"]


async def test_web_room_says_who_it_is_and_signs_what_it_asks() -> None:
    async with BilibiliServer([[]]).serving() as server:
        room = replace(web_room(server), clock=lambda: 1_702_204_169_000)
        await heard(room)
    assert server.credentials == [
        {
            "uid": 0,
            "roomid": 1005,
            "protover": 3,
            "platform": "web",
            "type": 2,
            "buvid": "buvid-of-spi",
            "key": "room-token",
        }
    ]
    asked = dict(server.asked[-1].query)
    known = urlencode({"id": "1005", "type": "0", "wts": "1702204169"}) + mixed_key("".join(IMAGES))
    assert asked["w_rid"] == hashlib.md5(known.encode()).hexdigest()


def test_signature_is_as_it_is_published() -> None:
    assert mixed_key("".join(IMAGES)) == "ea1db124af3c7062474693fa704f4ff8"
    assert signed({"foo": "114", "bar": "514", "zab": "1919810"}, mixed_key("".join(IMAGES)), 1_702_204_169)[
        "w_rid"
    ] == ("8f6f2b5b3d485fe1886cec6a0be8c5d4")


async def test_cookie_signs_in_and_an_old_one_is_refused() -> None:
    async with BilibiliServer([[]]).serving() as server:
        await heard(web_room(server, "SESSDATA=good; buvid3=mine"))
        assert (server.credentials[0]["uid"], server.credentials[0]["buvid"]) == (77, "mine")
        with pytest.raises(FeedRefused, match="`cookie`"):
            await heard(web_room(server, "SESSDATA=old"))


async def test_open_room_signs_beats_and_ends() -> None:
    async with BilibiliServer([[told([danmaku(1)], "zlib")]], stays=True).serving() as server:
        room = replace(open_room(server), game_seconds=0.01, heartbeat_seconds=0.01)
        async with asyncio.timeout(10), aclosing(cast(Any, room.messages(None))) as items:
            assert isinstance(await anext(items), Connected)
            assert texts([await anext(items)]) == ["新款 1"]
            await until_async(lambda: server.beats >= 4)
        assert server.ended == ["g-1"]
        assert all(server.signatures)
        assert server.credentials == [{"key": "open"}]


async def swallowed_once(begun: asyncio.Event) -> None:
    """What goes on although it is cancelled, until it is cancelled again."""
    begun.set()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    await asyncio.Event().wait()


async def test_socket_ends_although_its_heartbeat_swallows_a_cancellation() -> None:
    class StubbornSocket:
        def __init__(self) -> None:
            self.begun = asyncio.Event()

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *error: object) -> None: ...

        async def send_bytes(self, data: bytes) -> None:
            if data[8:12] == struct.pack(">I", HEARTBEAT):
                await swallowed_once(self.begun)

        async def receive(self) -> WSMessage:
            await self.begun.wait()
            return WSMessage(WSMsgType.CLOSE, None, None)

    class Client:
        async def ws_connect(self, _url: URL, **_: Any) -> StubbornSocket:
            return StubbornSocket()

    async def hear() -> list[Any]:
        told = room_messages(cast(Any, Client()), [URL("ws://room.test/sub")], b"{}", 0.001)
        return [item async for item in told]

    assert await in_time(hear()) == []


async def test_open_room_ends_although_its_app_swallows_a_cancellation() -> None:
    begun = asyncio.Event()

    @dataclass(frozen=True)
    class StubbornRoom(OpenRoom):
        async def _post(self, client: Any, path: str, asked: Any) -> Any:
            if path.endswith("heartbeat"):
                await swallowed_once(begun)
            return await super()._post(client, path, asked)

    async with BilibiliServer([[]], stays=True).serving() as server:
        room = StubbornRoom(APP, KEY, SECRET, CODE, URL(server.address), game_seconds=0.001)

        async def hear() -> None:
            async with aclosing(cast(Any, room.messages(None))) as items:
                assert isinstance(await anext(items), Connected)
                await begun.wait()

        await in_time(hear())
        assert server.ended == ["g-1"]


async def in_time(work: Coroutine[Any, Any, Any]) -> Any:
    """What comes of it; a test fails where it does not end, instead of waiting with it."""
    (ended, _) = await asyncio.wait({asyncio.create_task(work)}, timeout=5)
    (result,) = [one.result() for one in ended]
    return result


async def test_refused_room_and_refused_keys_are_told() -> None:
    async with BilibiliServer(code=60004).serving() as server:
        with pytest.raises(FeedRefused, match="`room`"):
            await heard(web_room(server))
        server.code = 4002
        with pytest.raises(FeedRefused, match="`access_secret`"):
            await heard(open_room(server))
        server.code = -352
        with pytest.raises(FeedUnavailable) as busy:
            await heard(web_room(server))
        assert busy.value.after_seconds == 60
        server.code, server.auth_code = 0, -101
        with pytest.raises(FeedRefused, match="refuses us"):
            await heard(web_room(server))


async def test_packet_that_is_none_costs_itself_alone() -> None:
    frames = [told([danmaku(1)], "plain") + b"\0\0", packet(2, 5, b"no zlib"), packet(3, 5, b"no brotli"),
              told([danmaku(2)], "brotli")]  # fmt: skip
    async with BilibiliServer([frames]).serving() as server:
        items = [item for item in await heard(web_room(server)) if isinstance(item, Received)]
    assert texts([item for item in items if not item.place]) == ["新款 1", "新款 2"]
    assert next(item.place for item in items if item.place) == "socket: a header that is cut"
    assert len([item for item in items if item.place]) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"\0", struct.pack(">IHHII", 8, 16, 0, 5, 0), struct.pack(">IHHII", 17, 16, 0, 5, 0),
        packet(2, 5, zlib.compress(b"x" * (UNPACKED_BYTES + 1))), packet(2, 5, zlib.compress(packet(0, 5, b""))[:-3]),
    ],
)  # fmt: skip
def test_packet_that_cannot_be_is_told(data: bytes) -> None:
    with pytest.raises(NoPacket):
        list(packets(data))


def test_packets_within_packets_have_an_end() -> None:
    data = packet(0, 5, b"{}")
    for _ in range(5):
        data = packet(2, 5, zlib.compress(data))
    with pytest.raises(NoPacket, match="without end"):
        list(packets(data))


@pytest.mark.parametrize("whole_before", [0, 1], ids=["api", "socket"])
async def test_connection_that_is_cut_after_any_byte_is_made_anew(whole_before: int) -> None:
    """The room tells all of it again to the next connection, as rooms do not: so nothing else was lost."""
    frames = [told([danmaku(1), danmaku(2)], "brotli"), told([danmaku(3)], "plain")]
    expected = [f"bilibili-live:m{number}" for number in (1, 2, 3)]
    async with BilibiliServer().serving() as server, CuttingProxy(server.port).serving() as proxy:
        server.socket_port = proxy.port
        address = f"http://127.0.0.1:{proxy.port}"
        for cut in range(0, 700, 3):
            server.frames[:] = [list(frames) for _ in range(3)]
            proxy.cuts[:] = [*[10**9] * whole_before, cut]
            entry = BilibiliFeed(name="room", brand="acme", room="5", api=address, site=address)
            topics = Topics()
            one = running(entry, partial(entry.way_in, Secrets()), topics, MemoryLedger())
            task = asyncio.create_task(one.run())
            await until_async(partial(_all_told, topics, expected), seconds=20)
            one.stop()
            await task


def _all_told(topics: Topics, expected: Sequence[str]) -> bool:
    return sorted(set(topics.ids())) == expected


ENTRY = "feeds:\n  - {name: r, brand: acme, room: '5', "


def test_entries_are_read(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(ENTRY + "kind: bilibili, cookie: {file: c}}\n")
    (entry,) = read_feeds(path)
    (tmp_path / "c").write_text("SESSDATA=x\n")
    assert isinstance(entry, BilibiliFeed)
    assert (entry.platform, entry.address, entry.way_in(Secrets(tmp_path)).cookie) == (
        "bilibili",
        "live.bilibili.com/5",
        "SESSDATA=x",
    )
    assert "SESSDATA" not in repr(entry.way_in(Secrets(tmp_path)))
    keys = "access_key: {env: A}, access_secret: {env: B}, code: {env: C}"
    path.write_text(ENTRY + "kind: bilibili-open, app_id: 42, " + keys + "}\n")
    (entry,) = read_feeds(path)
    assert isinstance(entry, BilibiliOpenFeed)
    assert entry.way_in(Secrets(tmp_path, {"A": "a", "B": "b", "C": "c"})).code == "c"
    path.write_text("feeds:\n  - {name: r, brand: acme, kind: bilibili}\n")
    with pytest.raises(UsageError, match="`room` is missing"):
        read_feeds(path)
