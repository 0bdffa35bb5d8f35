"""Every URL of the console: its pages, what they show, and what people do through them.

    GET  a page's path            the document; its script looks at the address
    GET  /api/NAME[/ID]           what it shows, once; with ?live as server-sent events (dashboards.console.stream)
    GET  /campaign/ID/report.html, /campaign/ID/report.csv, both with ?lang and ?zone
    GET  /quality.csv, /static/…, /healthz, /api/me, /api/known
    GET  /api/names               what pages call brands, and the money they report in, by the catalogue
    POST /api/login, /api/logout, /api/decide, /api/campaigns, /api/campaigns/end, /api/brands/try, /api/brands/save,
         /api/brands/remove

Ids are data: they reach the readers as parts of Redis keys and fields, and the page as JSON.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from dashboards.console import commands, report
from dashboards.console.auth import AccessDenied, TokenAuth, require_viewer
from dashboards.console.json_http import NO_STORE, json_response
from dashboards.console.limits import OpenStreams, WrongTokens, address_of, asker_of, read_in_turn
from dashboards.console.pages import alert, brand, brands, campaign, operations, overview, quality, room
from dashboards.console.security import SecurityMiddleware
from dashboards.console.sources import PageSources
from dashboards.console.stream import PageStream, View
from streams.control.recorder import SWEEP_SECONDS
from streams.errors import PulsewatchError, Unavailable, UsageError
from streams.refusals import problem_of

LOG = logging.getLogger(__name__)
BUNDLE = Path(__file__).parent / "static"
NOT_BUILT = "The console's pages are not built: run `make console`"


class Page(NamedTuple):
    """A page: the path of its document, and the view whose result /api/NAME has as JSON and as events."""

    path: str
    view: View


PAGES: Mapping[str, Page] = MappingProxyType(
    {
        "start": Page("/", overview.view),
        "room": Page("/room/{id:path}", room.view),
        "brand": Page("/brand/{id:path}", brand.view),
        "brands": Page("/brands", brands.view),
        "alert": Page("/alert/{id}", alert.view),
        "campaigns": Page("/campaigns", campaign.listed),
        "campaign": Page("/campaign/{id}", campaign.view),
        "operations": Page("/operations", operations.view),
        "quality": Page("/quality", quality.view),
    }
)
"""A page is one line here, a module in `pages` and one of the same name in web/src/pages."""
LOGIN_PATH = "/login"
"""The one document that shows nothing of the stack."""
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
"""A report is one file that people keep: its style is in it, and nothing in it runs."""


def application(sources: PageSources, auth: TokenAuth | None, names: Collection[str] = ()) -> Starlette:
    """The server. Without `auth` everybody is an operator; `names` are host names of the console beside its address."""
    stream = PageStream(sources)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(stream.watch()), loop.create_task(_record_campaigns(stream))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            stream.close()

    server = Starlette(
        routes=routes(),
        lifespan=lifespan,
        middleware=[
            Middleware(SecurityMiddleware, names=names),
            Middleware(GZipMiddleware, minimum_size=2_000),
        ],
        exception_handlers={Unavailable: _refused, UsageError: _refused},
    )
    server.state.stream, server.state.auth, server.state.clock = stream, auth, sources.readers.clock
    server.state.open_streams, server.state.wrong_tokens = OpenStreams(), WrongTokens()
    return server


def routes() -> list[Route | Mount]:
    """In the order in which they are tried."""
    return [
        Route("/healthz", _health),
        Route("/api/me", commands.me),
        Route("/api/login", commands.login, methods=["POST"]),
        Route("/api/logout", commands.logout, methods=["POST"]),
        Route("/api/decide", commands.decide, methods=["POST"]),
        Route("/api/campaigns", commands.create_campaign, methods=["POST"]),
        Route("/api/campaigns/end", commands.end_campaign, methods=["POST"]),
        Route("/api/brands/try", commands.try_text, methods=["POST"]),
        Route("/api/brands/save", commands.save_brand, methods=["POST"]),
        Route("/api/brands/remove", commands.remove_brand, methods=["POST"]),
        Route("/api/known", _known),
        Route("/api/names", _names),
        Route("/api/{page}", _page_json),
        Route("/api/{page}/{id:path}", _page_json),
        Route("/campaign/{id}/report.html", _report),
        Route("/campaign/{id}/report.csv", _report_table),
        Route("/quality.csv", _quality_table),
        *(Route(path, _document) for path in (LOGIN_PATH, *(page.path for page in PAGES.values()))),
        Mount("/static", StaticFiles(directory=BUNDLE, check_dir=False)),
    ]


class EventStream(StreamingResponse):
    """Server-sent events; what was held for them is given back when the client leaves."""

    def __init__(self, events: AsyncIterator[bytes], held: contextlib.ExitStack) -> None:
        headers = {**NO_STORE, "x-accel-buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await super().__call__(scope, receive, send)


async def _page_json(request: Request) -> Response:
    user = require_viewer(request)
    person = user.name if request.app.state.auth is not None else None
    page = PAGES.get(request.path_params["page"])
    if page is None:
        return json_response({"error": "no such page"}, 404)
    stream: PageStream = request.app.state.stream
    key = request.path_params.get("id", "")
    if "live" not in request.query_params:
        return Response(
            await stream.read_once(page.view, key, asker_of(request)), media_type="application/json", headers=NO_STORE
        )
    with contextlib.ExitStack() as held:
        streams: OpenStreams = request.app.state.open_streams
        held.enter_context(streams.one_more(person, address_of(request)))
        return EventStream(stream.events(page.view, key, asker_of(request)), held.pop_all())


async def _known(request: Request) -> Response:
    require_viewer(request)
    known = await read_in_turn(request, lambda sources: campaign.known(sources.readers))
    return json_response(known)


async def _names(request: Request) -> Response:
    require_viewer(request)
    return json_response(await read_in_turn(request, brands.known))


async def _report(request: Request) -> Response:
    require_viewer(request)
    reader = _reader(request)
    campaign_id: str = request.path_params["id"]
    html = await read_in_turn(
        request,
        lambda sources: report.html(
            sources.readers, campaign_id, sources.topics.alert_log.latest(), reader, sources.facts
        ),
    )
    return Response(html, media_type="text/html", headers={**NO_STORE, "content-security-policy": REPORT_POLICY})


async def _report_table(request: Request) -> Response:
    require_viewer(request)
    campaign_id: str = request.path_params["id"]
    reader = _reader(request)
    table = await read_in_turn(
        request, lambda sources: report.table(sources.readers, campaign_id, reader, sources.facts)
    )
    return _download(table, "campaign.csv")


def _reader(request: Request) -> report.Reader:
    """By `?lang` and `?zone`. Raises UsageError."""
    return report.reader_of(request.query_params.get("lang", "en"), request.query_params.get("zone", "UTC"))


async def _quality_table(request: Request) -> Response:
    require_viewer(request)
    return _download(await read_in_turn(request, lambda sources: quality.table(sources.readers)), "alert-quality.csv")


def _download(table: str, name: str) -> Response:
    # Spreadsheets read UTF-8 by this mark.
    headers = {**NO_STORE, "content-disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + table, media_type="text/csv", headers=headers)


async def _document(_request: Request) -> Response:
    if not (BUNDLE / "index.html").is_file():
        return Response(f"{NOT_BUILT}\n", 503, media_type="text/plain")
    return FileResponse(BUNDLE / "index.html", headers={"cache-control": "no-cache"})


async def _health(_request: Request) -> Response:
    return Response("ok\n", media_type="text/plain")


async def _record_campaigns(stream: PageStream) -> None:
    """Copy the campaigns' minutes every SWEEP_SECONDS, for ever."""
    while True:
        try:
            await stream.call(lambda sources: sources.readers.recorder.sweep(sources.readers.present_ms()))
        except Unavailable as error:
            LOG.warning("campaigns are not recorded: %s", error)
        await asyncio.sleep(SWEEP_SECONDS)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, PulsewatchError)
    status = error.status if isinstance(error, AccessDenied) else 503 if isinstance(error, Unavailable) else 400
    return json_response(problem_of(error), status)
