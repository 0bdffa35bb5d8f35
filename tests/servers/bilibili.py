"""A server that speaks as Bilibili live does: the web's API, the open platform's, and the rooms' socket."""

import contextlib
import hashlib
import hmac
import json
import struct
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import cramjam
from aiohttp import WSMsgType, web

from deploy.local.process import free_port
from tests.servers.web_application import served_application

Packing = Literal["plain", "zlib", "brotli"]
KEY, SECRET, CODE, APP = "key-id", "key-secret", "host-code", 42
IMAGES = ("7cd084941338484aae1ad9425b84077c", "4932caff0ff746eab6f01bf08b70ac45")
TOKEN = "room-token"


def packet(version: int, operation: int, body: bytes) -> bytes:
    return struct.pack(">IHHII", 16 + len(body), 16, version, operation, 0) + body


def told(messages: Sequence[str], packing: Packing) -> bytes:
    """The messages as one message of the socket."""
    inner = b"".join(packet(0, 5, message.encode()) for message in messages)
    if packing == "plain":
        return inner
    body = zlib.compress(inner) if packing == "zlib" else bytes(cramjam.brotli.compress(inner))
    return packet(2 if packing == "zlib" else 3, 5, body)


@dataclass
class BilibiliServer:
    """Each connection to the socket is told the next of `frames`, and then closed."""

    frames: list[list[bytes]] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    socket_port: int = 0
    """Where the API says that the socket is; 0 is here."""
    code: int = 0
    """Of the API's answers."""
    auth_code: int = 0
    credentials: list[Any] = field(default_factory=list)
    beats: int = 0
    ended: list[str] = field(default_factory=list)
    asked: list[web.Request] = field(default_factory=list)
    signatures: list[bool] = field(default_factory=list)
    stays: bool = False
    """Whether the socket stays open when all is told."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["BilibiliServer"]:
        app = web.Application()
        app.add_routes([
            web.get("/x/web-interface/nav", self.nav), web.get("/x/frontend/finger/spi", self.buvid),
            web.get("/room/v1/Room/get_info", self.room),
            web.get("/xlive/web-room/v1/index/getDanmuInfo", self.danmu_info),
            web.post("/v2/app/start", self.start), web.post("/v2/app/heartbeat", self.game),
            web.post("/v2/app/end", self.end), web.get("/sub", self.socket),
        ])  # fmt: skip
        async with served_application(app, self.port):
            yield self

    def _answer(self, data: Any) -> web.Response:
        return web.json_response({"code": self.code, "message": "" if not self.code else "no", "data": data})

    async def nav(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        signed_in = "SESSDATA=good" in request.headers.get("Cookie", "")
        images = [f"https://i0.hdslb.com/bfs/wbi/{name}.png" for name in IMAGES]
        data = {"isLogin": signed_in, "mid": 77 if signed_in else None,
                "wbi_img": {"img_url": images[0], "sub_url": images[1]}}  # fmt: skip
        return web.json_response({"code": 0 if signed_in else -101, "data": data})

    async def buvid(self, _request: web.Request) -> web.Response:
        return self._answer({"b_3": "buvid-of-spi", "b_4": "x"})

    async def room(self, request: web.Request) -> web.Response:
        return self._answer({"room_id": int(request.query["room_id"]) + 1000, "uid": 9})

    async def danmu_info(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        host = {"host": "127.0.0.1", "port": 1, "wss_port": 443, "ws_port": self.socket_port or self.port}
        return self._answer({"token": TOKEN, "host_list": [{**host, "ws_port": 1}, host]})

    async def start(self, request: web.Request) -> web.Response:
        body = await self._signed(request)
        self.asked.append(request)
        assert body == {"code": CODE, "app_id": APP}
        link = f"ws://127.0.0.1:{self.port}/sub"
        return self._answer({
            "game_info": {"game_id": "g-1"}, "anchor_info": {"room_id": 105, "uid": 9},
            "websocket_info": {"auth_body": '{"key": "open"}', "wss_link": [link]},
        })  # fmt: skip

    async def game(self, request: web.Request) -> web.Response:
        assert (await self._signed(request)) == {"game_id": "g-1"}
        self.beats += 1
        return self._answer({})

    async def end(self, request: web.Request) -> web.Response:
        self.ended.append((await self._signed(request))["game_id"])
        return self._answer({})

    async def _signed(self, request: web.Request) -> Any:
        data = await request.read()
        names = sorted(name.lower() for name in request.headers if name.lower().startswith("x-bili-"))
        lines = "\n".join(f"{name}:{request.headers[name]}" for name in names)
        known = hmac.new(SECRET.encode(), lines.encode(), hashlib.sha256).hexdigest()
        digest = hashlib.md5(data).hexdigest()
        good = request.headers["Authorization"] == known and request.headers["x-bili-content-md5"] == digest
        self.signatures.append(good)
        return json.loads(data)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        first = await socket.receive_bytes()
        assert first[:16] == struct.pack(">IHHII", len(first), 16, 1, 7, 1)
        self.credentials.append(json.loads(first[16:]))
        await socket.send_bytes(packet(1, 8, json.dumps({"code": self.auth_code}).encode()))
        for frame in self.frames.pop(0) if self.frames else []:
            await socket.send_bytes(frame)
        if self.stays:
            async for message in socket:
                if message.type == WSMsgType.BINARY and message.data[8:12] == b"\0\0\0\2":
                    self.beats += 1
                    await socket.send_bytes(packet(1, 3, b"\0\0\0\x07") + b"[object Object]")
        return socket
