"""The console's web server: pages, their figures as JSON or as events, and what people decide.

    GET  /, /room/ID, /brand/ID, /alert/FINGERPRINT, /campaigns, /campaign/ID, /operations, /quality, /login
    GET  /api/PAGE[/ID]       a page's figures once; with ?live as server-sent events (dashboards.console.stream)
    GET  /campaign/ID/report.html, /campaign/ID/report.csv, /quality.csv, /static/…, /healthz
    POST /api/login, /api/logout, /api/decide, /api/campaigns, /api/campaigns/end

Ids are data: they reach the readers as parts of Redis keys and fields, and the page as JSON.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboards.console import commands as posts
from dashboards.console import report
from dashboards.console.auth import TokenAuth
from dashboards.console.pages import alert, brand, campaign, operations, quality, room
from dashboards.console.pages import overview as start
from dashboards.console.security import UNSTORED, AccessDenied, SecurityMiddleware, json_response, require_viewer
from dashboards.console.sources import PageSources
from dashboards.console.stream import PageStream, View
from streams.control.recorder import SWEEP_SECONDS
from streams.errors import Unavailable, UsageError

LOG = logging.getLogger(__name__)
BUNDLE = Path(__file__).parent / "static"
NOT_BUILT = "The console's pages are not built: run `make console`"
SHELLS = (
    "/", "/login", "/room/{id:path}", "/brand/{id:path}", "/alert/{id}", "/campaigns", "/campaign/{id}", "/operations",
    "/quality",
)  # fmt: skip
VIEWS: dict[str, View] = {
    "start": start.view,
    "room": room.view,
    "brand": brand.view,
    "alert": alert.view,
    "campaigns": campaign.listed,
    "campaign": campaign.view,
    "operations": operations.view,
    "quality": quality.view,
}
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
"""A report is one file that people keep: its style is in it, and nothing in it runs."""


def application(sources: PageSources, doors: TokenAuth | None, names: Collection[str] = ()) -> Starlette:
    """The server. `names` are host names that it may be called by, beside its address."""
    live = PageStream(sources)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(live.pulse()), loop.create_task(_keep_campaigns(live))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            live.close()

    server = Starlette(
        routes=routes(),
        lifespan=lifespan,
        middleware=[
            Middleware(SecurityMiddleware, names=names),
            Middleware(GZipMiddleware, minimum_size=2_000),
        ],
        exception_handlers={Unavailable: _unavailable, UsageError: _wrong, AccessDenied: _refused},
    )
    server.state.sources, server.state.doors, server.state.live = sources, doors, live
    server.state.guessing = asyncio.Lock()
    return server


def routes() -> list[Route | Mount]:
    return [
        Route("/healthz", _health),
        Route("/api/me", posts.me),
        Route("/api/login", posts.login, methods=["POST"]),
        Route("/api/logout", posts.logout, methods=["POST"]),
        Route("/api/decide", posts.decide, methods=["POST"]),
        Route("/api/campaigns", posts.create_campaign, methods=["POST"]),
        Route("/api/campaigns/end", posts.end_campaign, methods=["POST"]),
        Route("/api/{view}", _figures),
        Route("/api/{view}/{id:path}", _figures),
        Route("/campaign/{id}/report.html", _report),
        Route("/campaign/{id}/report.csv", _report_table),
        Route("/quality.csv", _quality_table),
        *(Route(path, _shell) for path in SHELLS),
        Mount("/static", StaticFiles(directory=BUNDLE, check_dir=False)),
    ]


async def _figures(request: Request) -> Response:
    require_viewer(request)
    view = VIEWS.get(request.path_params["view"])
    if view is None:
        return json_response({"error": "no such page"}, 404)
    live: PageStream = request.app.state.live
    key = request.path_params.get("id", "")
    if "live" not in request.query_params:
        return Response(await live.once(view, key), media_type="application/json", headers=UNSTORED)
    headers = {**UNSTORED, "x-accel-buffering": "no"}
    return StreamingResponse(live.stream(view, key), media_type="text/event-stream", headers=headers)


async def _report(request: Request) -> Response:
    require_viewer(request)
    name = request.path_params["id"]
    page = await request.app.state.live.call(
        lambda sources: report.html(sources.readers, name, sources.topics.alert_log.latest())
    )
    headers = {**UNSTORED, "content-security-policy": REPORT_POLICY}
    return Response(page, media_type="text/html", headers=headers)


async def _report_table(request: Request) -> Response:
    require_viewer(request)
    name = request.path_params["id"]
    return _download(
        await request.app.state.live.call(lambda sources: report.table(sources.readers, name)), "campaign.csv"
    )


async def _quality_table(request: Request) -> Response:
    require_viewer(request)
    return _download(
        await request.app.state.live.call(lambda sources: quality.table(sources.readers)), "alert-quality.csv"
    )


def _download(table: str, name: str) -> Response:
    # The mark tells spreadsheets that it is UTF-8.
    headers = {**UNSTORED, "content-disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + table, media_type="text/csv", headers=headers)


async def _shell(_request: Request) -> Response:
    """Every page is the same document: its script looks at the address."""
    if not (BUNDLE / "index.html").is_file():
        return Response(f"{NOT_BUILT}\n", 503, media_type="text/plain")
    return FileResponse(BUNDLE / "index.html", headers={"cache-control": "no-cache"})


async def _health(_request: Request) -> Response:
    return Response("ok\n", media_type="text/plain")


async def _keep_campaigns(live: PageStream) -> None:
    """Copy what expires, for ever."""
    while True:
        try:
            await live.call(lambda sources: sources.readers.recorder.sweep(sources.readers.present_ms()))
        except Unavailable as error:
            LOG.warning("campaigns are not kept: %s", error)
        await asyncio.sleep(SWEEP_SECONDS)


async def _unavailable(_request: Request, error: Exception) -> Response:
    return json_response({"error": str(error)}, 503)


async def _wrong(_request: Request, error: Exception) -> Response:
    return json_response({"error": str(error)}, 400)


async def _refused(_request: Request, error: Exception) -> Response:
    return json_response({"error": str(error)}, error.status if isinstance(error, AccessDenied) else 403)
