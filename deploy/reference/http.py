"""The page of HTTP: the routes of console and relay as they are served, and the metrics pages.

A route without a description here fails, so that none is added without a word.
"""

from collections.abc import Iterable, Mapping

from starlette.routing import Mount, Route

from dashboards.console.routes import routes
from deploy.local.stack import USUAL, Ports
from deploy.reference.markdown import code, table
from streams.notification.message import Links
from streams.notification.relay import application

_CONSOLE: Mapping[str, str] = {
    "/healthz": "200 while the process serves",
    "/api/me": "who asks: name and role; 401 where a token is needed",
    "/api/login": "`{\"token\"}`: sets the cookie",
    "/api/logout": "ends the cookie",
    "/api/decide": "`{\"fingerprint\", \"verdict\", \"note\"}`: a decision; operators only",
    "/api/campaigns": "creates a campaign; operators only",
    "/api/campaigns/end": "ends a campaign; operators only",
    "/api/{view}": "a page's figures as JSON; with `?live` as server-sent events `panels` and `beat`",
    "/api/{view}/{id:path}": "the same, of one room, brand, alert or campaign",
    "/campaign/{id}/report.html": "the report as one file",
    "/campaign/{id}/report.csv": "the campaign's minutes",
    "/quality.csv": "decided alerts by kind and family",
    "/static": "the pages' scripts and styles",
}  # fmt: skip
_RELAY: Mapping[str, str] = {
    "/alerts/{target}": "Alertmanager's notification for a receiver of relay.yml: 200 delivered, 422 refused for good,"
    " 503 try again, 404 no such receiver, 400 no notification",
    "/metrics": "Prometheus metrics",
    "/healthz": "200 while the process serves",
}
_PAGE = "a page for a browser; its script reads the address"


def http() -> str:
    usual = Ports(*USUAL)
    ports = [(name, str(getattr(usual, name))) for name in Ports.__dataclass_fields__]
    return (
        "# HTTP\n\nEverything listens on 127.0.0.1 unless told otherwise.\n\n## Usual ports\n\n"
        + table(("server", "port"), ports)
        + "\n## Console\n\nA POST is JSON with the header `x-pulsewatch`, from the console's own origin.\n\n"
        + table(("method", "path", "answers with"), _console())
        + "\n## Relay\n\n"
        + table(("method", "path", "answers with"), _relay())
        + "\n## Exporter and workers\n\n`GET /metrics`. A worker serves it where `PULSEWATCH_METRICS_PORT` is set.\n"
    )


def _console() -> Iterable[tuple[str, str, str]]:
    for route in routes():
        if isinstance(route, Mount):
            yield "GET", code(f"{route.path}/…"), _CONSOLE[route.path]
        elif isinstance(route, Route):
            methods = ", ".join(sorted((route.methods or set()) - {"HEAD"}))
            is_page = route.path not in _CONSOLE and not route.path.startswith(("/api", "/static"))
            yield methods, code(route.path), _PAGE if is_page else _CONSOLE[route.path]


def _relay() -> Iterable[tuple[str, str, str]]:
    for route in application({}, Links("", "")).router.routes():
        if route.resource is not None and route.method != "HEAD":
            path = route.resource.canonical
            yield route.method, code(path), _RELAY[path]
