"""A web application on a port of its own."""

import socket

import pytest
from starlette.applications import Starlette

from streams.errors import UsageError
from streams.web_server import serve_application


def test_port_that_is_taken_is_bad_input() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 cannot be listened on; choose another --port"):
            serve_application(Starlette(), "127.0.0.1", port, grace_seconds=1)
