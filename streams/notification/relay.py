"""The relay's web server: `POST /alerts/<target>` from Alertmanager, `GET /metrics`, `GET /healthz`."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Mapping

import aiohttp
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.notification.alertmanager import read
from streams.notification.delivery import Outcome, ReceiverClient
from streams.notification.message import Links
from streams.notification.receivers import Receiver

LOG = logging.getLogger(__name__)
MAX_BODY_BYTES = 10_000_000
STATUSES: Mapping[Outcome, int] = {"delivered": 200, "refused": 422, "unavailable": 503, "limited": 503}
"""Alertmanager sends a notification again after 5xx."""
CLIENTS = web.AppKey("clients", dict[str, ReceiverClient])


def application(receivers: Mapping[str, Receiver], links: Links) -> web.Application:
    """The server's routes; connections to receivers are kept for as long as it runs."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)

    async def clients(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as session:
            app[CLIENTS] = {name: ReceiverClient(receiver, links, session) for name, receiver in receivers.items()}
            yield

    app.cleanup_ctx.append(clients)
    app.router.add_post("/alerts/{target}", _relay)
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/healthz", _health)
    return app


async def serve(receivers: Mapping[str, Receiver], links: Links, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; what is under way is finished. Raises OSError where the port is taken."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(application(receivers, links), access_log=None, shutdown_timeout=10)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        await stop.wait()
    finally:
        await runner.cleanup()


async def _relay(request: web.Request) -> web.Response:
    client = request.app[CLIENTS].get(request.match_info["target"])
    if client is None:
        return web.json_response({"error": "no such target in relay.yml"}, status=404)
    try:
        notification = read(await request.read())
    except ValueError as error:
        return web.json_response({"error": f"not an Alertmanager notification: {error}"}, status=400)
    result = await client.deliver(notification)
    return web.json_response({"outcome": result.outcome, "reason": result.reason}, status=STATUSES[result.outcome])


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")
