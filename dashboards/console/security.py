"""What stands between the network and the pages: security headers, the origin of a POST, and who asks."""

from collections.abc import Collection
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.console.auth import COOKIE, LOCAL, Person, TokenAuth
from streams.errors import PulsewatchError, UsageError

HEADER = "x-pulsewatch"
MAX_BYTES = 20_000
SECURITY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
UNSTORED = {"cache-control": "no-store"}


class AccessDenied(PulsewatchError):
    """Nobody is known, or they may only look."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class SecurityMiddleware:
    """Security headers on every answer, and nothing for what another site could have sent:

    - a POST is JSON with the console's own header, which a form cannot send and a script elsewhere only with our leave,
      and its origin is our own;
    - the console is called by an address or by one of its names: a site that points a name of its own at this address
      (DNS rebinding) would otherwise be the same origin.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = {"localhost", *(name.lower() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                ours = [(name.encode(), value.encode()) for name, value in SECURITY.items()]
                message["headers"] += [(name, value) for name, value in ours if name not in given]
            await send(message)

        request = Request(scope)
        if not self._is_called_rightly(request):
            why = f"the console is not called {request.url.hostname}: start it with --name {request.url.hostname}"
            await json_response({"error": why}, 400)(scope, receive, secured)
            return
        if request.method not in ("GET", "HEAD") and not _is_own(request):
            await json_response({"error": "this was not sent by the console's own page"}, 403)(scope, receive, secured)
            return
        await self._app(scope, receive, secured)

    def _is_called_rightly(self, request: Request) -> bool:
        name = (request.url.hostname or "").lower()
        try:
            return bool(ip_address(name))
        except ValueError:
            return name in self._names


def _is_own(request: Request) -> bool:
    origin = request.headers.get("origin")
    same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    is_json = request.headers.get("content-type", "").partition(";")[0] == "application/json"
    return same and is_json and HEADER in request.headers


def current_user(request: Request) -> Person | None:
    """Who asks; None where nobody is known."""
    doors: TokenAuth | None = request.app.state.doors
    if doors is None:
        return LOCAL
    return doors.known(request.cookies.get(COOKIE, ""), request.app.state.sources.readers.clock())


def require_viewer(request: Request) -> Person:
    """Who looks. Raises Refused."""
    who = current_user(request)
    if who is None:
        raise AccessDenied(401, "give your token at /login")
    return who


def require_operator(request: Request) -> Person:
    """Who decides. Raises Refused."""
    who = require_viewer(request)
    if who.role != "operator":
        raise AccessDenied(403, f"{who.name} may look, not decide")
    return who


async def read_json(request: Request, kind: Any) -> Any:
    """A POST's JSON. Raises UsageError."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise UsageError(f"more than {MAX_BYTES} bytes")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(str(error)) from None


def json_response(value: Any, status: int = 200) -> Response:
    """JSON that nobody keeps."""
    return Response(msgspec.json.encode(value), status, media_type="application/json", headers=UNSTORED)
