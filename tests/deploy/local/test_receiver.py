"""The receiver keeps what it is sent and refuses what is no notification."""

import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local.receiver import Receiver, pages
from tests.servers.http_thread import serving

NOTIFICATION = {
    "receiver": "on-call",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Crisis", "severity": "critical", "brand": "b1"},
            "annotations": {"summary": "crisis: brand b1"},
            "startsAt": "2026-11-22T10:00:00Z",
        }
    ],
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Receiver]:
    with serving(Receiver(log=tmp_path / "pages.jsonl")) as receiver:
        yield receiver


def ask(server: Receiver, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.load(response)
    finally:
        connection.close()


def test_notification_is_kept_shown_and_logged(server: Receiver, tmp_path: Path) -> None:
    assert ask(server, "POST", "/alerts/on-call", json.dumps(NOTIFICATION).encode())[0] == 200
    status, received = ask(server, "GET", "/received")
    assert status == 200
    assert [(page["receiver"], page["status"], page["labels"]["brand"]) for page in received] == [
        ("on-call", "firing", "b1")
    ]
    logged = [json.loads(line) for line in (tmp_path / "pages.jsonl").read_text().splitlines()]
    assert logged == received


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"receiver": "x", "alerts": [{}]}', b"null"])
def test_what_is_no_notification_is_refused_and_nothing_kept(server: Receiver, body: bytes) -> None:
    assert ask(server, "POST", "/alerts/on-call", body)[0] == 400
    assert server.received == []


def test_empty_body_and_unknown_path_are_refused(server: Receiver) -> None:
    assert ask(server, "POST", "/alerts/on-call", b"")[0] == 413
    assert ask(server, "GET", "/etc/passwd")[0] == 404


def test_line_shows_what_a_pager_would() -> None:
    [page] = pages(NOTIFICATION, datetime(2026, 11, 22, tzinfo=UTC))
    assert page.line == "FIRING   critical → on-call: crisis: brand b1"


@pytest.mark.parametrize("header", [{"Content-Type": "text/plain"}, {"Origin": "http://evil.example"}])
def test_web_page_pages_nobody(server: Receiver, header: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    headers = {"Content-Type": "application/json"} | header
    connection.request("POST", "/alerts/on-call", json.dumps(NOTIFICATION).encode(), headers)
    assert connection.getresponse().status in (403, 415)
    connection.close()
    assert server.received == []
