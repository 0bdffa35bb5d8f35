"""Rooms of Bilibili live: as the web page hears them, and by the open platform.

    kind: bilibili         the room's number is enough; without a `cookie` of somebody signed in users are masked
    kind: bilibili-open    an app of https://open-live.bilibili.com and the host's code

The web's API is not documented; requests to it are signed (`wbi`) with two keys of the day.
Sources: https://open-live.bilibili.com/document, what public clients have in common.
"""

import asyncio
import hashlib
import hmac
import json
import secrets as random_numbers
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, cast
from urllib.parse import urlencode

import aiohttp
from msgspec import Meta
from yarl import URL

from streams.cancellation import end
from streams.clock import Clock, system_clock
from streams.events.schema import Platform
from streams.ingest.feed_entry import FeedEntry
from streams.ingest.foreign import Fields, ForeignError, read_json
from streams.ingest.protocols.bilibili_socket import HEARTBEAT_SECONDS, USER_AGENT, room_messages
from streams.ingest.protocols.received import FeedRefused, FeedUnavailable, Item
from streams.ingest.protocols.web import ANSWER_SECONDS, WebUrl, body, failing_kindly, refusal, session
from streams.ingest.secret import Secret, Secrets

GAME_SECONDS: Final = 20.0
BUSY_SECONDS: Final = 60.0
"""Until a server is asked again that has enough of us."""
NO_ROOM: Final = frozenset({1, 60004, 19002000})
LATER: Final = frozenset({-352, -412, -509, -799, 7001, 7002, 7003, 7004})
"""Codes of a server that has enough of us, and of a room that still has our last connection."""
_KEY_ORDER: Final = (
    46, 47, 18, 2, 53, 8, 23, 32, 15, 50, 10, 31, 58, 3, 45, 35, 27, 43, 5, 49, 33, 9, 42, 19, 29, 28, 14, 39, 12, 38,
    41, 13,
)  # fmt: skip
_LEFT_OUT: Final = str.maketrans("", "", "!'()*")


class BilibiliFeed(FeedEntry, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="bilibili"):
    """A room as the web page hears it. `room` is its number, also a short one."""

    platform: Platform = "bilibili"
    cookie: Secret | None = None
    """`SESSDATA=…; DedeUserID=…` of somebody who is signed in: without one the platform hides who speaks."""
    api: WebUrl = "https://api.live.bilibili.com"
    site: WebUrl = "https://api.bilibili.com"

    @property
    def address(self) -> str:
        return f"live.bilibili.com/{self.room}"

    def secrets(self) -> Iterator[Secret]:
        if self.cookie is not None:
            yield self.cookie

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.room is None or not self.room.isdecimal():
            yield "`room` is missing: the number in the room's address"

    def way_in(self, secrets: Secrets) -> "WebRoom":
        cookie = secrets.read(self.cookie) if self.cookie else ""
        return WebRoom(self.room or "", cookie, URL(self.api), URL(self.site))


class BilibiliOpenFeed(
    FeedEntry, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="bilibili-open"
):
    """A room by the open platform."""

    platform: Platform = "bilibili"
    app_id: Annotated[int, Meta(ge=1)]
    access_key: Secret
    access_secret: Secret
    code: Secret
    """The host's code (身份码)."""
    api: WebUrl = "https://live-open.biliapi.com"

    @property
    def address(self) -> str:
        return f"open-live.bilibili.com, app {self.app_id}"

    def secrets(self) -> Iterator[Secret]:
        yield from (self.access_key, self.access_secret, self.code)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.room is None:
            yield "`room` is missing: what the room is called in the console"

    def way_in(self, secrets: Secrets) -> "OpenRoom":
        keys = secrets.read(self.access_key), secrets.read(self.access_secret)
        return OpenRoom(self.app_id, *keys, secrets.read(self.code), URL(self.api))


@dataclass(frozen=True)
class WebRoom:
    """The web's way into a room."""

    room: str
    cookie: str = field(repr=False)
    api: URL
    site: URL
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    clock: Clock = system_clock
    finite: bool = False

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:  # noqa: ARG002 - it has none
        async with session() as client:
            signed_in, key = await self._who(client)
            buvid = _cookie(self.cookie, "buvid3") or await self._buvid(client)
            info = await self._get(client, self.api / "room/v1/Room/get_info", {"room_id": self.room})
            room = info.number_or_none("room_id") or int(self.room)
            asked = self._signed({"id": str(room), "type": "0"}, key)
            server = await self._get(client, self.api / "xlive/web-room/v1/index/getDanmuInfo", asked, buvid)
            credentials = {
                "uid": signed_in, "roomid": room, "protover": 3, "platform": "web", "type": 2, "buvid": buvid,
                "key": server.text("token"),
            }  # fmt: skip
            addresses = [self._address(host) for host in server.parts("host_list")]
            told = room_messages(client, addresses, json.dumps(credentials).encode(), self.heartbeat_seconds)
            async with aclosing(cast(Any, told)) as items:
                async for item in items:
                    yield item

    async def _who(self, client: aiohttp.ClientSession) -> tuple[int, str]:
        """The number of who is signed in, 0 for nobody; and the key of the day. Who is not signed in is told the key,
        with a code that says so."""
        data = await self._get(client, self.site / "x/web-interface/nav", {}, allowed=(-101,))
        if self.cookie and not data.flag("isLogin"):
            raise FeedRefused("Bilibili does not know who is signed in by `cookie`: it is wrong, or too old")
        image = data.part("wbi_img")
        names = [PurePosixPath(URL(image.text(name)).path).stem for name in ("img_url", "sub_url")]
        return data.number_or_none("mid") or 0, mixed_key("".join(names))

    async def _buvid(self, client: aiohttp.ClientSession) -> str:
        return (await self._get(client, self.site / "x/frontend/finger/spi", {})).text("b_3")

    def _signed(self, query: Mapping[str, str], key: str) -> Mapping[str, str]:
        return signed(query, key, self.clock() // 1000)

    async def _get(
        self,
        client: aiohttp.ClientSession,
        url: URL,
        query: Mapping[str, str],
        buvid: str = "",
        allowed: tuple[int, ...] = (),
    ) -> Fields:
        cookies = "; ".join(filter(None, [self.cookie, f"buvid3={buvid}" if buvid else ""]))
        headers = {
            "User-Agent": USER_AGENT,
            "Referer": "https://live.bilibili.com/",
            **({"Cookie": cookies} if cookies else {}),
        }
        request = client.get(url, params=query, headers=headers, timeout=aiohttp.ClientTimeout(ANSWER_SECONDS))
        return await _answer(request, url, allowed)

    def _address(self, host: Fields) -> URL:
        plain = self.api.scheme == "http"
        port = host.number("ws_port" if plain else "wss_port", default=80 if plain else 443)
        return URL.build(scheme="ws" if plain else "wss", host=host.required_text("host"), port=port, path="/sub")


@dataclass(frozen=True)
class OpenRoom:
    """The open platform's way into a room."""

    app_id: int
    access_key: str = field(repr=False)
    access_secret: str = field(repr=False)
    code: str = field(repr=False)
    api: URL
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    game_seconds: float = GAME_SECONDS
    clock: Clock = system_clock
    nonce: Callable[[], str] = lambda: str(random_numbers.randbelow(10**9))
    finite: bool = False

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:  # noqa: ARG002 - it has none
        async with session() as client:
            started = await self._post(client, "v2/app/start", {"code": self.code, "app_id": self.app_id})
            game = started.part("game_info").text("game_id")
            socket = started.part("websocket_info")
            addresses = [URL(link) for link in socket.items("wss_link") if isinstance(link, str)]
            playing = asyncio.create_task(self._play(client, game))
            try:
                credentials = socket.required_text("auth_body").encode()
                told = room_messages(client, addresses, credentials, self.heartbeat_seconds)
                async with aclosing(cast(Any, told)) as items:
                    async for item in items:
                        yield item
            finally:
                await end(playing)
                if game:  # or the room takes no connection of ours for a while
                    with suppress(FeedUnavailable, FeedRefused):
                        await self._post(client, "v2/app/end", {"app_id": self.app_id, "game_id": game})

    async def _play(self, client: aiohttp.ClientSession, game: str) -> None:
        """The heartbeat of the app itself; a beat that is not answered is tried again with the next."""
        while game:
            await asyncio.sleep(self.game_seconds)
            with suppress(FeedUnavailable, FeedRefused):
                await self._post(client, "v2/app/heartbeat", {"game_id": game})

    async def _post(self, client: aiohttp.ClientSession, path: str, asked: Mapping[str, Any]) -> Fields:
        data = json.dumps(asked).encode()
        headers = self._signature(data) | {"Content-Type": "application/json", "Accept": "application/json"}
        url = self.api / path
        request = client.post(url, data=data, headers=headers, timeout=aiohttp.ClientTimeout(ANSWER_SECONDS))
        return await _answer(request, url, ())

    def _signature(self, data: bytes) -> dict[str, str]:
        """The platform's own form: these headers by name, a line each, under HMAC-SHA-256."""
        headers = {
            "x-bili-accesskeyid": self.access_key,
            "x-bili-content-md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "x-bili-signature-method": "HMAC-SHA256",
            "x-bili-signature-nonce": self.nonce(),
            "x-bili-signature-version": "1.0",
            "x-bili-timestamp": str(self.clock() // 1000),
        }
        lines = "\n".join(f"{name}:{value}" for name, value in headers.items())
        signature = hmac.new(self.access_secret.encode(), lines.encode(), hashlib.sha256).hexdigest()
        return {**headers, "Authorization": signature}


def mixed_key(keys: str) -> str:
    """The key that signs, of the two of the day."""
    return "".join(keys[place] for place in _KEY_ORDER if place < len(keys))


def signed(query: Mapping[str, str], key: str, seconds: int) -> dict[str, str]:
    """A query with its time and signature."""
    timed = {name: value.translate(_LEFT_OUT) for name, value in sorted({**query, "wts": str(seconds)}.items())}
    digest = hashlib.md5(f"{urlencode(timed)}{key}".encode(), usedforsecurity=False).hexdigest()
    return {**timed, "w_rid": digest}


async def _answer(request: Any, url: URL, allowed: tuple[int, ...]) -> Fields:
    """The `data` of an answer. Raises FeedUnavailable, FeedRefused."""
    where = f"{url.host}{url.path}"
    async with failing_kindly(where), request as answer:
        if answer.status != 200:
            raise refusal(where, answer.status, answer.headers)
        raw = await body(answer, where)
    try:
        value = read_json(raw)
    except ForeignError:
        value = None
    if not isinstance(value, dict):
        raise FeedUnavailable(f"{where} answers what is no JSON object")
    code = value.get("code")
    if code == 0 or code in allowed:
        return Fields(value).part("data")
    said = f"{where} answers {code}: {str(value.get('message'))[:200]}"
    if code in NO_ROOM:
        raise FeedRefused(f"{said}: look at `room`")
    if code in LATER or not isinstance(code, int) or not 4000 <= code < 5000:
        raise FeedUnavailable(said, BUSY_SECONDS)
    raise FeedRefused(f"{said}: look at `app_id`, `access_key`, `access_secret` and `code`")


def _cookie(cookie: str, name: str) -> str:
    pairs = (part.strip().partition("=") for part in cookie.split(";"))
    return next((value for key, _, value in pairs if key == name), "")
