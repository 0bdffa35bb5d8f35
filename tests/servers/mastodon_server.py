"""A Mastodon server: its streams keep nothing, its timelines are asked by `min_id`."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "mastodon-token"


@dataclass
class MastodonServer:
    """Statuses by number, and what was streamed to those who listened."""

    statuses: dict[int, dict[str, Any]] = field(default_factory=dict)
    page_size: int = 2
    timelines: bool = True
    """Whether timelines are shown to this user."""
    listeners: set["asyncio.Queue[dict[str, Any]]"] = field(default_factory=set)
    asked: list[web.Request] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/streaming", self.websocket),
            web.get("/api/v1/streaming/public", self.events),
            web.get("/api/v1/timelines/public", self.timeline),
        ]

    def post(self, number: int, text: str = "<p>hi</p>") -> None:
        """A new status, for all who listen."""
        self.statuses[number] = {
            "id": str(number), "created_at": "2026-09-21T14:13:05.000Z", "content": text,
            "account": {"id": "7", "followers_count": 3}, "language": "en",
        }  # fmt: skip
        self.stream("update", json.dumps(self.statuses[number]))

    def edit(self, number: int, text: str) -> None:
        self.statuses[number] |= {"content": text, "edited_at": "2026-09-21T15:00:00.000Z"}
        self.stream("status.update", json.dumps(self.statuses[number]))

    def delete(self, number: int) -> None:
        del self.statuses[number]
        self.stream("delete", str(number))

    def stream(self, event: str, payload: str) -> None:
        for listener in self.listeners:
            listener.put_nowait({"event": event, "payload": payload})

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):
            return web.json_response({"error": "Access token invalid"}, status=401)
        socket = web.WebSocketResponse()
        async with self._listening() as told:
            await socket.prepare(request)
            telling = asyncio.create_task(self._tell(socket, told))
            async for _ in socket:
                pass
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return socket

    async def _tell(self, socket: web.WebSocketResponse, told: "asyncio.Queue[dict[str, Any]]") -> None:
        while True:
            await socket.send_json(await told.get())

    async def events(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):
            return web.json_response({"error": "Access token invalid"}, status=401)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        with contextlib.suppress(ConnectionError):
            async with self._listening() as told:
                await answer.prepare(request)
                await answer.write(b":)\n")
                while True:
                    message = await told.get()
                    await answer.write(f"event: {message['event']}\ndata: {message['payload']}\n\n".encode())
        return answer

    async def timeline(self, request: web.Request) -> web.Response:
        """The page just above `min_id`, newest first."""
        self.asked.append(request)
        if not self.timelines:
            return web.json_response({"error": "This method requires an authenticated user"}, status=422)
        after = int(request.query["min_id"])
        page = [number for number in sorted(self.statuses) if number > after][: self.page_size]
        return web.json_response([self.statuses[number] for number in reversed(page)])

    def _known(self, request: web.Request) -> bool:
        self.asked.append(request)
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator["asyncio.Queue[dict[str, Any]]"]:
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.listeners.add(told)
        try:
            yield told
        finally:
            self.listeners.discard(told)
