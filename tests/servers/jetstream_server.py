"""A Jetstream of both versions: it keeps what is above `floor`, and says as the real one what it lacks."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

PATH_V2 = "/xrpc/network.bsky.jetstream.subscribeEvents"
FIRST_US = 1_790_000_000_000_000


@dataclass
class JetstreamServer:
    """Posts, one a millisecond; `floor` is the number of the oldest that is kept."""

    count: int = 3
    floor: int = 0
    first_us: int = FIRST_US
    inclusive: bool = True
    """Whether version 1 begins with the message of the cursor itself."""
    order: list[int] = field(default_factory=list)
    """In which they are told, where it is another than that of their numbers."""
    wrong_us: dict[int, int] = field(default_factory=dict)
    """The times that messages name, by number, where they are not those at which they are kept."""
    broken: set[int] = field(default_factory=set)
    """The numbers of messages that are cut short."""
    large: dict[int, int] = field(default_factory=dict)
    """Bytes of messages that are larger than they were asked for, by number."""
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/subscribe", self.first), web.get(PATH_V2, self.second)]

    def message(self, number: int) -> dict[str, Any]:
        record = {"$type": "app.bsky.feed.post", "text": f"post {number}", "createdAt": "1999-01-01T00:00:00Z"}
        commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": f"k{number}", "record": record}
        time_us = self.wrong_us.get(number, self.time_us(number))
        return {"did": "did:plc:a", "time_us": time_us, "kind": "commit", "commit": commit}

    def time_us(self, number: int) -> int:
        return self.first_us + number * 1000

    async def first(self, request: web.Request) -> web.WebSocketResponse:
        """Version 1: a cursor that is too old is moved without a word."""
        self._note(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        cursor = int(request.query.get("cursor", "0"))
        for number in self.order or range(self.floor, self.count):
            time_us = self.time_us(number)
            if time_us > cursor or (self.inclusive and time_us == cursor):
                await self._send(socket, number, self.message(number))
        await _hold(socket)
        return socket

    async def second(self, request: web.Request) -> web.StreamResponse:
        """Version 2: `seq` is the number and one."""
        self._note(request)
        cursor = int(request.query.get("cursor", "0"))
        by_time = cursor >= 10**15
        if cursor and not by_time and cursor - 1 < self.floor:
            return web.json_response({"error": "CursorTooOld", "message": f"floor {self.floor + 1}"}, status=400)
        socket = web.WebSocketResponse(protocols=("xrpc.v1.json",))
        await socket.prepare(request)
        if by_time and cursor < self.time_us(self.floor):
            await socket.send_json(_framed({"$type": "#info", "name": "OutdatedCursor"}))
        start = cursor - 1 if cursor and not by_time else 0
        if start >= self.count:
            await socket.send_json(_framed({"$type": "#info", "name": "FutureCursor"}))
            start = self.count
        for number in self.order or range(max(self.floor, start), self.count):
            if not by_time or self.time_us(number) >= cursor:
                await self._send(socket, number, _framed(self._payload(number)))
        await _hold(socket)
        return socket

    def _payload(self, number: int) -> dict[str, Any]:
        message = self.message(number)
        at = datetime.fromtimestamp(message["time_us"] // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        time = f"{at}.{message['time_us'] % 1_000_000:06d}Z"
        return {
            "$type": "network.bsky.jetstream.subscribeEvents#commit", "seq": number + 1, "did": message["did"],
            "time": time, "witnessedAt": time, **message["commit"],
        }  # fmt: skip

    async def _send(self, socket: web.WebSocketResponse, number: int, message: dict[str, Any]) -> None:
        whole = json.dumps(message | ({"pad": "x" * self.large[number]} if number in self.large else {}))
        await socket.send_str(whole[:-20] if number in self.broken else whole)

    def _note(self, request: web.Request) -> None:
        self.asked.append({name: request.query.getall(name) for name in request.query})


def _framed(payload: dict[str, Any]) -> dict[str, Any]:
    if payload["$type"].startswith("#"):
        payload["$type"] = "network.bsky.jetstream.subscribeEvents" + payload["$type"]
    return {"$type": "message", "payload": payload}


async def _hold(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass
