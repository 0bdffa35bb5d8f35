"""The relay's web server: `POST /alerts/<target>` from Alertmanager, `GET /metrics`, `GET /healthz`."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from streams.cancellation import end
from streams.catalogue.facts import BrandFacts
from streams.errors import UsageError
from streams.notification.alertmanager import read
from streams.notification.alertmanager_api import AlertmanagerApi
from streams.notification.delivery import Outcome, ReceiverClient
from streams.notification.gate import HEADERS_ONLY, Gate
from streams.notification.message import Links
from streams.notification.receivers import Receiver
from streams.notification.records import AlertRecords
from streams.notification.upkeep import Upkeep
from streams.web_server import served

LOG = logging.getLogger(__name__)
MAX_BODY_BYTES = 10_000_000
STATUSES: Mapping[Outcome, int] = {"delivered": 200, "refused": 422, "unavailable": 503, "limited": 503}
"""Alertmanager sends a notification again after 5xx."""


@dataclass(frozen=True)
class Surroundings:
    """What the relay reads and keeps in order, beside its receivers."""

    records: AlertRecords
    alertmanager: str
    """Its address."""
    password_file: Path | None = None
    """Of Alertmanager's user `pulsewatch`."""
    facts: BrandFacts = field(default_factory=BrandFacts)
    """How brands are called."""


def application(
    receivers: Mapping[str, Receiver], links: Links, around: Surroundings | None = None, gate: Gate = HEADERS_ONLY
) -> Starlette:
    """The server's routes; connections to receivers are kept for as long as it runs. Without surroundings messages
    have the words of Alertmanager alone, and decisions do not act."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        records, facts = (around.records, around.facts) if around else (None, BrandFacts())
        async with AsyncExitStack() as held:
            session = await held.enter_async_context(aiohttp.ClientSession())
            app.state.clients = {
                name: ReceiverClient(receiver, links, session, records, facts) for name, receiver in receivers.items()
            }
            if around is not None:
                own = await held.enter_async_context(aiohttp.ClientSession())
                api = AlertmanagerApi(own, around.alertmanager, around.password_file)
                held.push_async_callback(end, asyncio.create_task(Upkeep(around.records, api).run()))
            yield

    app = Starlette(
        routes=[
            Route("/alerts/{target}", _relay, methods=["POST"]),
            Route("/metrics", _metrics),
            Route("/healthz", _health),
        ],
        lifespan=lifespan,
    )
    app.state.gate = gate
    return app


async def serve(
    receivers: Mapping[str, Receiver],
    links: Links,
    host: str,
    port: int,
    around: Surroundings | None = None,
    gate: Gate = HEADERS_ONLY,
) -> None:
    """Serve until SIGTERM or SIGINT; what is under way is finished. Raises OSError where the port is taken."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with served(application(receivers, links, around, gate), host, port):
        await stop.wait()


async def _relay(request: Request) -> Response:
    try:
        refusal = request.app.state.gate.refuses_page(request.headers)
    except UsageError as error:
        LOG.warning("no notification can be taken: %s", error)
        return _told({"error": "the relay's own token cannot be read; its log says why"}, 503)
    if refusal is not None:
        LOG.warning("a notification is refused: %s", refusal.reason)
        return _told({"error": refusal.reason}, refusal.status)
    client = request.app.state.clients.get(request.path_params["target"])
    if client is None:
        return _told({"error": "no such target in relay.yml"}, 404)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            return _told({"error": f"more than {MAX_BODY_BYTES} bytes"}, 413)
    try:
        notification = read(body)
    except ValueError as error:
        return _told({"error": f"not an Alertmanager notification: {error}"}, 400)
    result = await client.deliver(notification)
    return _told({"outcome": result.outcome, "reason": result.reason}, STATUSES[result.outcome])


async def _metrics(request: Request) -> Response:
    refusal = request.app.state.gate.refuses_host(request.headers)
    if refusal is not None:
        return _told({"error": refusal.reason}, refusal.status)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok\n")


def _told(answer: Mapping[str, Any], status: int) -> Response:
    return JSONResponse(answer, status)
