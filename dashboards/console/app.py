"""The console's web server: pages, their figures as JSON or as events, and what people decide.

    GET  /, /room/ID, /brand/ID, /alert/FINGERPRINT, /campaigns, /campaign/ID, /operations, /quality   the page
    GET  /api/PAGE[/ID]                its figures once;  ?live  as server-sent events
    POST /api/login, /api/logout, /api/decide, /api/campaigns, /api/campaigns/end
    GET  /campaign/ID/report.html, /campaign/ID/report.csv, /quality.csv
    GET  /static/…, /healthz

Ids are data: they reach the readers as parts of Redis keys and fields, and the page as JSON. A POST is JSON with the
console's own header, from the console's own origin: a form or a script of another site can send neither.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.console.access import COOKIE, LOCAL, SESSION_MS, Doors, Person
from dashboards.console.desk import Desk
from dashboards.console.live import Live, View
from dashboards.console.views import alert, brand, operations, room, start
from streams.errors import Unavailable, UsageError

BUNDLE = Path(__file__).parent / "static"
HEADER = "x-pulsewatch"
SECURITY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
VIEWS: dict[str, View] = {
    "start": start.view,
    "room": room.view,
    "brand": brand.view,
    "alert": alert.view,
    "operations": operations.view,
}


def application(desk: Desk, doors: Doors | None, hosts: list[str]) -> Starlette:
    """The server. `hosts` are the names that it may be called by: a page of another site that points its own name at
    this address is turned away."""
    live = Live(desk)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        pulse = asyncio.get_running_loop().create_task(live.pulse())
        try:
            yield
        finally:
            pulse.cancel()
            live.close()

    server = Starlette(
        routes=routes(),
        lifespan=lifespan,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts),
            Middleware(Guard),
            Middleware(GZipMiddleware, minimum_size=2_000),
        ],
        exception_handlers={Unavailable: _unavailable, UsageError: _refused},
    )
    server.state.desk, server.state.doors, server.state.live = desk, doors, live
    return server


def routes() -> list[Route | Mount]:
    shells = ("/", "/login", "/room/{id:path}", "/brand/{id:path}", "/alert/{id}", "/campaigns", "/campaign/{id}",
              "/operations", "/quality")  # fmt: skip
    return [
        Route("/healthz", _health),
        Route("/api/me", _me),
        Route("/api/login", _login, methods=["POST"]),
        Route("/api/logout", _logout, methods=["POST"]),
        Route("/api/{view}", _figures),
        Route("/api/{view}/{id:path}", _figures),
        *(Route(path, _shell) for path in shells),
        Mount("/static", StaticFiles(directory=BUNDLE, check_dir=False)),
    ]


class Guard:
    """Security headers on every answer, and no POST that another site could have sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.encode(), value.encode()) for name, value in SECURITY.items()]
            await send(message)

        request = Request(scope)
        if request.method not in ("GET", "HEAD") and not _own(request):
            await Response("from another site\n", 403)(scope, receive, secured)
            return
        await self._app(scope, receive, secured)


def _own(request: Request) -> bool:
    origin = request.headers.get("origin")
    same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    is_json = request.headers.get("content-type", "").partition(";")[0] == "application/json"
    return same and is_json and HEADER in request.headers


def person(request: Request) -> Person | None:
    """Who asks; None where nobody is known."""
    doors: Doors | None = request.app.state.doors
    if doors is None:
        return LOCAL
    return doors.known(request.cookies.get(COOKIE, ""), request.app.state.desk.clock())


def json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json", headers=_UNSTORED)


_UNSTORED = {"cache-control": "no-store"}


async def _figures(request: Request) -> Response:
    if person(request) is None:
        return json({"error": "login"}, 401)
    view = VIEWS.get(request.path_params["view"])
    if view is None:
        return json({"error": "no such page"}, 404)
    live: Live = request.app.state.live
    key = request.path_params.get("id", "")
    if "live" not in request.query_params:
        return Response(await live.once(view, key), media_type="application/json", headers=_UNSTORED)
    headers = {**_UNSTORED, "x-accel-buffering": "no", "content-encoding": "identity"}
    return StreamingResponse(live.stream(view, key), media_type="text/event-stream", headers=headers)


async def _me(request: Request) -> Response:
    who = person(request)
    login = request.app.state.doors is not None
    return json({"name": who.name if who else None, "role": who.role if who else None, "login": login})


async def _login(request: Request) -> Response:
    doors: Doors | None = request.app.state.doors
    given = _read(await request.body(), Token)
    who = doors.enter(given.token) if doors else None
    if doors is None or who is None:
        await asyncio.sleep(0.5)
        return json({"error": "unknown token"}, 401)
    answer = json({"name": who.name, "role": who.role})
    answer.set_cookie(
        COOKIE, doors.seal(who, request.app.state.desk.clock()), max_age=SESSION_MS // 1000, httponly=True,
        samesite="strict", secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


async def _logout(_request: Request) -> Response:
    answer = json({})
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


class Token(msgspec.Struct):
    token: str


def _read(body: bytes, kind: Any) -> Any:
    """A POST's JSON. Raises UsageError."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise UsageError(str(error)) from None


async def _shell(_request: Request) -> Response:
    """Every page is the same document: its scripts look at the address."""
    return FileResponse(BUNDLE / "index.html", headers={"cache-control": "no-cache"})


async def _health(_request: Request) -> Response:
    return Response("ok\n", media_type="text/plain")


async def _unavailable(_request: Request, error: Exception) -> Response:
    return json({"error": str(error)}, 503)


async def _refused(_request: Request, error: Exception) -> Response:
    return json({"error": str(error)}, 400)
