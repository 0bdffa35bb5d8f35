"""A web application on a port of its own."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from deploy.local.process import free_port
from streams.errors import UsageError
from streams.ingest.feed_process import page
from streams.ingest.http.server import Options, serve
from streams.ingest.runner import FeedRunner
from streams.settings import Settings
from streams.web_server import BodyDeadline, PatientConnection, serve_application, served


def test_port_that_is_taken_is_bad_input() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 cannot be listened on; choose another --port"):
            serve_application(Starlette(), "127.0.0.1", port, grace_seconds=1, on_listening=lambda: None)


def test_it_is_told_once_the_port_answers() -> None:
    port, told = free_port(), list[int]()

    def listening() -> None:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        told.append(port)
        signal.raise_signal(signal.SIGTERM)

    serve_application(Starlette(), "127.0.0.1", port, grace_seconds=1, on_listening=listening)
    assert told == [port]


def test_ingest_that_cannot_listen_says_nothing_of_where_it_is() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UsageError):
        serve(Settings(), Options(port=other.getsockname()[1]), said.append)
    assert said == []


HELLO = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())} bytes")


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that waits half a second for heads and bodies, and for eight requests at most."""
    monkeypatch.setattr(PatientConnection, "head_seconds", 0.5)
    monkeypatch.setattr(PatientConnection, "most_unfinished", 8)
    app = BodyDeadline(Starlette(routes=[Route("/", _echo, methods=["GET", "POST"])]), 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, http=PatientConnection, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def _calling(port: int, said: bytes) -> socket.socket:
    calling = socket.create_connection(("127.0.0.1", port), timeout=10)
    calling.sendall(said)
    return calling


def _heard(calling: socket.socket) -> bytes:
    """All that is answered until the other side ends the connection."""
    heard = b""
    try:
        while part := calling.recv(65_536):
            heard += part
    except ConnectionResetError:
        pass
    return heard


@pytest.mark.parametrize("said", [b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: loc", HELLO + b"GET / HTTP/1.1\r\n"])
def test_request_whose_head_does_not_come_is_let_go(port: int, said: bytes) -> None:
    with _calling(port, said) as calling:
        assert _heard(calling).count(b"HTTP/1.1 200") == said.count(HELLO)


def test_head_that_comes_byte_by_byte_has_no_more_time(port: int) -> None:
    began = time.monotonic()
    with _calling(port, b"GET / HTTP/1.1\r\nName: ") as calling:
        calling.settimeout(0.05)
        while time.monotonic() - began < 10:
            try:
                calling.sendall(b"n")
                if not calling.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    assert time.monotonic() - began < 5


def test_body_that_does_not_come_is_told_so(port: int) -> None:
    with _calling(port, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf") as calling:
        heard = _heard(calling)
    assert heard.startswith(b"HTTP/1.1 408")
    assert heard.endswith(b"the request's body did not come within 0 seconds")


def test_many_that_say_nothing_keep_nobody_out(port: int) -> None:
    with ExitStack() as silent:
        for _ in range(40):
            silent.enter_context(_calling(port, b"GET / HT"))
        with _calling(port, HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as calling:
            assert _heard(calling).endswith(b"0 bytes")
        assert len(PatientConnection.unfinished) <= 8


def test_hundreds_at_once_are_let_go_at_once(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientConnection, "head_seconds", 60.0)
    with ExitStack() as silent:
        held = [silent.enter_context(_calling(port, b"GET / HT")) for _ in range(200)]
        for one in held[:-8]:
            assert _heard(one) == b""
        assert len(PatientConnection.unfinished) <= 8


def test_connection_that_is_kept_answers_on(port: int) -> None:
    calling = HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(calling):
        calling.connect()
        first = calling.sock
        for _ in range(3):
            calling.request("POST", "/", b"four")
            assert calling.getresponse().read() == b"4 bytes"
            time.sleep(0.3)
        assert calling.sock is first


async def test_it_serves_beside_other_work_and_ends_with_it() -> None:
    port = free_port()
    async with served(Starlette(routes=[Route("/", _echo)]), "127.0.0.1", port), httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).text == "0 bytes"
        with pytest.raises(OSError, match="in use"):
            async with served(Starlette(), "127.0.0.1", port):
                pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


async def test_page_of_feeds_is_told_to_its_own_names() -> None:
    runners: list[FeedRunner] = []
    for own_names_only, status in ((True, 421), (False, 200)):
        app = page(runners, own_names_only=own_names_only)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            for path in ("/metrics", "/health"):
                assert (await client.get(path)).status_code == 200
                assert (await client.get(path, headers={"host": "evil.example"})).status_code == status
