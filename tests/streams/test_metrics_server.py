"""The page for Prometheus, and who does not get it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry, Counter

from streams import metrics_server
from streams.metrics_server import MetricsServer


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    registry = CollectorRegistry()
    Counter("seen", "Seen.", registry=registry).inc()
    serving = MetricsServer("127.0.0.1", 0, registry)
    yield serving
    serving.close()


def answer(server: MetricsServer, host: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", "/metrics", headers={"Host": host})
    response = connection.getresponse()
    try:
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9100", "[::1]:9100", "engagement:9100", "engagement.prod.svc", "localhost"]
)
def test_prometheus_gets_the_page(server: MetricsServer, host: str) -> None:
    status, page = answer(server, host)
    assert (status, "seen_total 1.0" in page) == (200, True)


@pytest.mark.parametrize("host", ["evil.example:9100", "evil.example.", "svc.evil.example", "127.0.0.1.nip.io", ""])
def test_page_that_calls_it_by_a_name_of_its_own_gets_nothing(server: MetricsServer, host: str) -> None:
    status, page = answer(server, host)
    assert (status, "seen" in page) == (421, False)


def test_network_calls_it_by_whatever_name_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only loopback is within reach of a page alone; where others scrape, names are theirs."""
    monkeypatch.setattr(metrics_server, "is_loopback", {"127.0.0.1": False}.__getitem__)
    serving = MetricsServer("127.0.0.1", 0, CollectorRegistry())
    assert answer(serving, "worker1.shop.example:9100")[0] == 200
    serving.close()


def test_clients_beyond_the_most_are_let_go_and_later_ones_served(
    server: MetricsServer,
) -> None:
    def client() -> socket.socket:
        return opened.enter_context(socket.create_connection(("127.0.0.1", server.server_port), timeout=10))

    with ExitStack() as opened:
        held = [client() for _ in range(metrics_server.MAX_CONNECTIONS)]
        assert client().recv(1) == b""
        for connection in held:
            connection.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.0 200"
            while connection.recv(65_536):
                pass
    assert answer(server, "localhost")[0] == 200


def test_client_that_sends_nothing_is_let_go(server: MetricsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server._Handler, "timeout", 0.05)
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as silent:
        silent.sendall(b"GET /met")
        assert silent.recv(1) == b""
