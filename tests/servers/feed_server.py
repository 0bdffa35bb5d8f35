"""A web server that speaks what feeds speak: WebSocket, server-sent events, polls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from deploy.local.process import free_port
from tests.servers.web_application import served_application


@dataclass
class FeedServer:
    """Tells `sent` one after the other, to all who listen; whoever says what it had last gets what follows."""

    sent: list[str] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    asked: list[web.BaseRequest] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    """Given to the next requests instead of their own, one each."""
    keeps: bool = True
    page_size: int = 100
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def tell(self, *messages: str) -> None:
        """Tell these to all who listen."""
        self.sent += messages
        more, self._more = self._more, asyncio.Event()
        more.set()

    @contextlib.asynccontextmanager
    async def serving(self, *routes: web.RouteDef) -> AsyncIterator["FeedServer"]:
        app = web.Application(middlewares=[self._first])
        app.add_routes(
            [web.get("/ws", self.websocket), web.get("/sse", self.events), web.get("/poll", self.poll), *routes]
        )
        async with served_application(app, self.port):
            yield self

    @web.middleware
    async def _first(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request)
        return self.answers.pop(0) if self.answers else await handler(request)

    async def following(self, place: int) -> AsyncIterator[tuple[int, str]]:
        """(place, message) from a place on, for ever; a server that keeps nothing begins with what is told now."""
        at = place if self.keeps else len(self.sent)
        while True:
            more = self._more
            for number in range(at, len(self.sent)):
                yield number, self.sent[number]
            at = max(at, len(self.sent))
            await more.wait()

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        """`?after=` is the place of the last message that the client had."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        telling = asyncio.create_task(self._tell(socket, int(request.query.get("after", "-1")) + 1))
        async for _ in socket:
            pass
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        return socket

    async def _tell(self, socket: web.WebSocketResponse, place: int) -> None:
        async for _, message in self.following(place):
            await socket.send_str(message)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events; an id is a place."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        last = request.headers.get("Last-Event-ID", "-1")
        with contextlib.suppress(ConnectionError):
            async for place, message in self.following(int(last) + 1):
                data = "".join(f"data: {line}\n" for line in message.split("\n"))
                await answer.write(f"id: {place}\n{data}\n".encode())
        return answer

    async def poll(self, request: web.Request) -> web.Response:
        """The newest page, newest first, as JSON texts in a list; `?page=` is an older one."""
        page = int(request.query.get("page", "0"))
        newest = self.sent[::-1]
        shown: Sequence[str] = newest[page * self.page_size : (page + 1) * self.page_size]
        more = len(newest) > (page + 1) * self.page_size
        after = f', "next": "/poll?page={page + 1}"' if more else ""
        text = f'{{"items": [{", ".join(shown)}]{after}}}'
        etag = f'"{hash(text)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=text, content_type="application/json", headers={"ETag": etag})
