"""What the network may not do to the pages: security headers, the origin of a POST, the names that the console answers
to."""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.console.json_http import json_response

HEADER = "x-pulsewatch"
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


class SecurityMiddleware:
    """Puts security headers on every response and refuses what another site could have sent:

    - a POST is JSON with the console's own header, which a form cannot send and a script elsewhere only with our leave,
      and its origin is our own;
    - the console is called by an address or by one of its names: a site that points its name at this address
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
        if not self._is_own_name(request):
            host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
            why = f"the console is not called {host}: start it with --name {host}"
            await json_response({"error": why}, 400)(scope, receive, secured)
            return
        if request.method not in ("GET", "HEAD") and not _is_same_origin(request):
            await json_response({"error": "this was not sent by the console's own page"}, 403)(scope, receive, secured)
            return
        await self._app(scope, receive, secured)

    def _is_own_name(self, request: Request) -> bool:
        try:
            name = (request.url.hostname or "").lower()
        except ValueError:
            return False
        try:
            return bool(ip_address(name))
        except ValueError:
            return name in self._names


def _is_same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    same = origin is None or _netloc(origin) == request.headers.get("host")
    is_json = request.headers.get("content-type", "").partition(";")[0] == "application/json"
    return same and is_json and HEADER in request.headers


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
