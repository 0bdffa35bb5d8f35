"""A web application of a test's own, served on loopback while the test needs it."""

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web


@contextlib.asynccontextmanager
async def served_application(app: web.Application, port: int) -> AsyncIterator[None]:
    site = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await site.setup()
    await web.TCPSite(site, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await site.cleanup()
