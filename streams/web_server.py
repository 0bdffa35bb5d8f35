"""A web application on a port of its own: the console's, the one that takes events, the relay's, the page of feeds.

Whoever sends a request too slowly is let go, since uvicorn itself waits for ever: its head has HEAD_SECONDS, and its
body BODY_SECONDS, after which a 408 says so. Of requests that have not come whole MAX_UNFINISHED may wait; the oldest
goes first, so that many of them keep nobody out.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, ClassVar, Final

import h11
import uvicorn
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from streams.errors import UsageError

HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 60.0
MAX_UNFINISHED: Final = 256
_BACKLOG: Final = 2 * MAX_UNFINISHED
"""So many are accepted in one turn of the loop, before the first is let go."""
_ANSWER_SECONDS: Final = 10.0
"""Beyond a body's time: for the answer that it was too slow."""


def serve_application(
    app: ASGIApp, host: str, port: int, *, grace_seconds: int, on_listening: Callable[[], None]
) -> None:
    """Serve until SIGTERM or Ctrl-C; then what is under way has `grace_seconds`. `on_listening` is called once requests
    are answered. Raises UsageError where the port is taken."""
    server = _Server(_config(app, grace_seconds, host=host, port=port), on_listening)
    with suppress(SystemExit):  # how it ends where it cannot listen
        server.run()
    if not server.started:
        raise UsageError(f"port {port} of {host} cannot be listened on; choose another --port")


@asynccontextmanager
async def served(app: ASGIApp, host: str, port: int, *, grace_seconds: int = 10) -> AsyncIterator[None]:
    """Serve beside other work of the loop for as long as the block runs; then what is under way has `grace_seconds`.
    Raises OSError where the address cannot be listened on."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.create_server((str(address[0]), port), family=family, backlog=_BACKLOG) as listening:
        answers = asyncio.Event()
        server = _ServerBeside(_config(app, grace_seconds), answers.set)
        serving = asyncio.create_task(server.serve([listening]))
        waiting = asyncio.create_task(answers.wait())
        try:
            await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
            yield
        finally:
            waiting.cancel()
            server.should_exit = True
            await serving


def _config(app: ASGIApp, grace_seconds: int, **where: Any) -> uvicorn.Config:
    return uvicorn.Config(
        BodyDeadline(app),
        http=PatientConnection,
        backlog=_BACKLOG,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace_seconds,
        lifespan="on",
        **where,
    )


class SlowBody(HTTPException):
    """A request whose body did not come in time: 408, and the connection ends."""

    def __init__(self, seconds: float) -> None:
        reason = f"the request's body did not come within {seconds:.0f} seconds"
        super().__init__(408, reason, {"Connection": "close"})


class BodyDeadline:
    """An application whose requests' bodies come within a time, or are answered with 408."""

    def __init__(self, app: ASGIApp, seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        late_at = asyncio.get_running_loop().time() + self._seconds
        whole = False

        async def receive_in_time() -> Message:
            nonlocal whole
            if whole:  # what comes now is the end of the connection
                return await receive()
            try:
                async with asyncio.timeout_at(late_at):
                    message = await receive()
            except TimeoutError:
                raise SlowBody(self._seconds) from None
            whole = not message.get("more_body", False)
            return message

        return await self._app(scope, receive_in_time, send)


class PatientConnection(H11Protocol):
    """A connection that waits for the rest of a request, but not for ever."""

    unfinished: ClassVar[dict["PatientConnection", None]] = {}
    """Those that wait, the longest first."""
    head_seconds: ClassVar[float] = HEAD_SECONDS
    most_unfinished: ClassVar[int] = MAX_UNFINISHED
    _timer: asyncio.TimerHandle | None = None
    _awaited: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in H11Protocol
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self.let_be()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Begin to wait where the request in hand lacks its head or its body, and end where it lacks nothing."""
        state = self.conn.their_state
        if self.transport.is_closing() or state not in (h11.IDLE, h11.SEND_BODY):
            self.let_be()
        elif state is not self._awaited:
            self.let_be()
            self._awaited = state
            seconds = self.head_seconds if state is h11.IDLE else BODY_SECONDS + _ANSWER_SECONDS
            self._timer = self.loop.call_later(seconds, self.transport.abort)
            self.unfinished[self] = None
            if len(self.unfinished) > self.most_unfinished:
                oldest = next(iter(self.unfinished))
                oldest.let_be()  # at once, since it is lost only in the loop's next turn
                oldest.transport.abort()

    def let_be(self) -> None:
        """Wait no more."""
        self._awaited = None
        self.unfinished.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Server(uvicorn.Server):
    """One that says when it listens."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_listening()


class _ServerBeside(_Server):
    """One that leaves the process's signals to others."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
