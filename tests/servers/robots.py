"""Receivers on loopback that answer as they are told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

OK = (200, b'{"code": 0, "errcode": 0}')


@dataclass
class Robot:
    """Gives its answers in turn, the last of them for ever; keeps what it was sent."""

    answers: Sequence[tuple[int, bytes]] = (OK,)
    headers: dict[str, str] = field(default_factory=dict)
    got: list[Any] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    async def _take(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        self.queries.append(dict(request.query))
        self.authorizations.append(request.headers.get("Authorization"))
        status, body = self.answers[min(len(self.got), len(self.answers)) - 1]
        return web.Response(status=status, body=body, headers=self.headers)

    def server(self) -> TestServer:
        """`async with robot.server() as server: str(server.make_url("/send"))`."""
        app = web.Application()
        app.router.add_post("/send", self._take)
        return TestServer(app, host="127.0.0.1")
