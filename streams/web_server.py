"""A web application on its own port until the process is told to stop: the console's, and the one that takes events."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from streams.errors import UsageError


def serve_application(
    app: ASGIApp, host: str, port: int, *, grace_seconds: int, on_listening: Callable[[], None]
) -> None:
    """Serve until SIGTERM or Ctrl-C; then what is under way has `grace_seconds`. `on_listening` is called once requests
    are answered. Raises UsageError where the port is taken."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace_seconds,
        lifespan="on",
    )
    server = _Server(config, on_listening)
    with suppress(SystemExit):  # how it ends where it cannot listen
        server.run()
    if not server.started:
        raise UsageError(f"port {port} of {host} cannot be listened on; choose another --port")


class _Server(uvicorn.Server):
    """One that says when it listens."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_listening()
