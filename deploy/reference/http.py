"""The page of HTTP: the routes of console and relay as they are served, and the metrics pages.

A route without a description here fails, so that none is added without a word.
"""

from collections.abc import Iterable, Mapping

from starlette.routing import Mount, Route

from dashboards.console.routes import LOGIN_PATH, PAGES, routes
from deploy.local.stack import USUAL, Ports
from deploy.reference.markdown import code, table
from streams.ingest.http.server import Options
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
    "/api/brands/try": "`{\"text\"}`: every brand whose name it has, whether it is about it, and why",
    "/api/brands/remove": "`{\"brand_id\", \"revision\"}`: takes a brand out of the catalogue's file; operators only",
    "/api/brands/save": "`{\"brand\", \"revision\"}`: puts a brand into the catalogue's file; operators only",
    "/api/names": "by brand: what pages call it, and the currency it reports in",
    "/api/known": "the rooms, brands and products that anything was heard of lately, for a new campaign",
    "/api/{page}": "a page's figures as JSON; with `?live` as server-sent events `panels` and `beat`",
    "/api/{page}/{id:path}": "the same, of one room, brand, alert or campaign",
    "/campaign/{id}/report.html": "the report as one file, in `?lang=` en, zh-Hans or zh-Hant, times in `?zone=`",
    "/campaign/{id}/report.csv": "the campaign's minutes: times with their offset (`?zone`), money in major units",
    "/quality.csv": "decided alerts by kind and family",
    "/static": "the pages' scripts and styles",
}  # fmt: skip
_RELAY: Mapping[str, str] = {
    "/alerts/{target}": "Alertmanager's notification for a receiver of relay.yml: 200 delivered, 422 refused for good,"
    " 503 try again, 404 no such receiver, 400 no notification",
    "/metrics": "Prometheus metrics",
    "/healthz": "200 while the process serves",
}


def http() -> str:
    usual = Ports(*USUAL)
    ports = [(name, str(getattr(usual, name))) for name in Ports.__dataclass_fields__] + [("ingest", str(Options.port))]
    return (
        "# HTTP\n\nEverything listens on 127.0.0.1 unless you set another address.\n\n## Usual ports\n\n"
        + table(("server", "port"), ports)
        + "\n## Console\n\nA POST is JSON with the header `x-pulsewatch`, from the console's own origin.\n\n"
        + table(("method", "path", "answers with"), _console())
        + "\n## Relay\n\n"
        + table(("method", "path", "answers with"), _relay())
        + "\n## Exporter and workers\n\n`GET /metrics`. A worker serves it where `PULSEWATCH_METRICS_PORT` is set.\n"
    )


def _console() -> Iterable[tuple[str, str, str]]:
    pages = {page.path: f"a page for a browser; its figures are `/api/{name}`" for name, page in PAGES.items()}
    said = {**_CONSOLE, **pages, LOGIN_PATH: "a page for a browser: asks for a token"}
    for route in routes():
        if isinstance(route, Mount):
            yield "GET", code(f"{route.path}/…"), said[route.path]
        elif isinstance(route, Route):
            methods = ", ".join(sorted((route.methods or set()) - {"HEAD"}))
            yield methods, code(route.path), said[route.path]


def _relay() -> Iterable[tuple[str, str, str]]:
    for route in application({}, Links("", "")).routes:
        assert isinstance(route, Route)
        [method] = (route.methods or set()) - {"HEAD"}
        yield method, code(route.path), _RELAY[route.path]
