"""A web application on its own port until the process is told to stop: the console's, and the one that takes events."""

from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from streams.errors import UsageError


def serve_application(app: ASGIApp, host: str, port: int, *, grace_seconds: int) -> None:
    """Serve until SIGTERM or Ctrl-C; then what is under way has `grace_seconds`. Raises UsageError where the port is
    taken."""
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
    server = uvicorn.Server(config)
    with suppress(SystemExit):  # how it ends where it cannot listen
        server.run()
    if not server.started:
        raise UsageError(f"port {port} of {host} cannot be listened on; choose another --port")
