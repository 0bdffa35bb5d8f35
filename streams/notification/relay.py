"""The relay's web server: `POST /alerts/<target>` from Alertmanager, `GET /metrics`, `GET /healthz`."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

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

LOG = logging.getLogger(__name__)
MAX_BODY_BYTES = 10_000_000
STATUSES: Mapping[Outcome, int] = {"delivered": 200, "refused": 422, "unavailable": 503, "limited": 503}
"""Alertmanager sends a notification again after 5xx."""
GATE = web.AppKey("gate", Gate)
CLIENTS = web.AppKey("clients", dict[str, ReceiverClient])


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
) -> web.Application:
    """The server's routes; connections to receivers are kept for as long as it runs. Without surroundings messages
    have the words of Alertmanager alone, and decisions do not act."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[GATE] = gate

    async def clients(app: web.Application) -> AsyncIterator[None]:
        records, facts = (around.records, around.facts) if around else (None, BrandFacts())
        async with aiohttp.ClientSession() as session:
            app[CLIENTS] = {
                name: ReceiverClient(receiver, links, session, records, facts) for name, receiver in receivers.items()
            }
            yield

    async def upkeep(_app: web.Application) -> AsyncIterator[None]:
        if around is None:
            yield
            return
        async with aiohttp.ClientSession() as session:
            api = AlertmanagerApi(session, around.alertmanager, around.password_file)
            task = asyncio.create_task(Upkeep(around.records, api).run())
            yield
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    app.cleanup_ctx.extend([clients, upkeep])
    app.router.add_post("/alerts/{target}", _relay)
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/healthz", _health)
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
    runner = web.AppRunner(application(receivers, links, around, gate), access_log=None, shutdown_timeout=10)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        await stop.wait()
    finally:
        await runner.cleanup()


async def _relay(request: web.Request) -> web.Response:
    try:
        refusal = request.app[GATE].refuses_page({name.lower(): value for name, value in request.headers.items()})
    except UsageError as error:
        LOG.warning("no notification can be taken: %s", error)
        return web.json_response({"error": "the relay's own token cannot be read; its log says why"}, status=503)
    if refusal is not None:
        LOG.warning("a notification is refused: %s", refusal.reason)
        return web.json_response({"error": refusal.reason}, status=refusal.status)
    client = request.app[CLIENTS].get(request.match_info["target"])
    if client is None:
        return web.json_response({"error": "no such target in relay.yml"}, status=404)
    try:
        notification = read(await request.read())
    except ValueError as error:
        return web.json_response({"error": f"not an Alertmanager notification: {error}"}, status=400)
    result = await client.deliver(notification)
    return web.json_response({"outcome": result.outcome, "reason": result.reason}, status=STATUSES[result.outcome])


async def _metrics(request: web.Request) -> web.Response:
    refusal = request.app[GATE].refuses_host({"host": request.headers.get("host", "")})
    if refusal is not None:
        return web.json_response({"error": refusal.reason}, status=refusal.status)
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")
