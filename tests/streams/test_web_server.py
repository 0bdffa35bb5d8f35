"""A web application on a port of its own."""

import signal
import socket

import pytest
from starlette.applications import Starlette

from deploy.local.process import free_port
from streams.errors import UsageError
from streams.ingest.http.server import Options, serve
from streams.settings import Settings
from streams.web_server import serve_application


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
