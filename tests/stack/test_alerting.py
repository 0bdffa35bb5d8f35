"""Prometheus and Alertmanager as they are shipped: started, and asked what they do."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

from deploy.local.alertmanager import LocalAlertmanager
from deploy.local.http import get_json
from deploy.local.prometheus import LocalPrometheus
from deploy.local.receiver import Page, Receiver
from tests.servers.waiting import until

Labels = dict[str, str]


@contextmanager
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def post(alertmanager: LocalAlertmanager, *alerts: Labels, ended: bool = False) -> None:
    now = datetime.now(UTC)
    times = {"startsAt": (now - timedelta(minutes=1)).isoformat(), "endsAt": now.isoformat()} if ended else {}
    body = json.dumps(
        [{"labels": labels, "annotations": {"summary": labels["alertname"]}, **times} for labels in alerts]
    )
    request = Request(f"{alertmanager.url}/api/v2/alerts", body.encode(), {"Content-Type": "application/json"})
    urlopen(request, timeout=5).close()


def wait_for_pages(server: Receiver, count: int) -> list[Page]:
    until(lambda: len(server.received) >= count, f"{count} pages came", 20)
    return server.received


def test_crisis_pages_once_and_a_blind_monitor_inhibits_the_rest(tmp_path: Path) -> None:
    with receiver() as pager, LocalAlertmanager(tmp_path, receiver=f"127.0.0.1:{pager.server_port}") as alertmanager:
        post(alertmanager, {"alertname": "MonitorBlind", "severity": "critical", "blind": "true", "cause": "redis"})
        wait_for_pages(pager, 1)
        crisis = {"alertname": "Crisis", "kind": "crisis", "severity": "critical", "brand": "b1", "fingerprint": "f"}
        collapse = {"alertname": "RoomCollapse", "kind": "room_collapse", "severity": "critical", "brand": "b1"}
        post(alertmanager, collapse, crisis)
        post(alertmanager, crisis)
        pages = wait_for_pages(pager, 2)
        told = get_json(f"http://127.0.0.1:{pager.server_port}/received")
        inhibited = get_json(f"{alertmanager.url}/api/v2/alerts?inhibited=true&active=false")
    assert [(page.receiver, page.labels["alertname"]) for page in pages] == [
        ("on-call", "MonitorBlind"),
        ("on-call", "Crisis"),
    ]
    assert [page["labels"]["alertname"] for page in told] == ["MonitorBlind", "Crisis"]
    assert [alert["labels"]["alertname"] for alert in inhibited] == ["RoomCollapse"]


def test_groups_are_notified_by_room_and_again_when_they_resolve(tmp_path: Path) -> None:
    breach = {"alertname": "Compliance", "kind": "compliance", "severity": "warning", "brand": "b1", "family": "minors"}
    rooms = [breach | {"room": room, "fingerprint": room} for room in ("r1", "r2")]
    with receiver() as pager, LocalAlertmanager(tmp_path, receiver=f"127.0.0.1:{pager.server_port}") as alertmanager:
        post(alertmanager, *rooms)
        wait_for_pages(pager, 2)
        post(alertmanager, rooms[0], ended=True)
        pages = wait_for_pages(pager, 3)
    assert {page.receiver for page in pages} == {"compliance-desk"}
    assert sorted((page.labels["room"], page.status) for page in pages) == [
        ("r1", "firing"),
        ("r1", "resolved"),
        ("r2", "firing"),
    ]


def test_prometheus_starts_with_the_shipped_rules(tmp_path: Path) -> None:
    with LocalPrometheus(tmp_path) as server:
        groups = get_json(f"{server.url}/api/v1/rules")["data"]["groups"]
    assert {group["name"] for group in groups} == {"recorded", "detections", "monitor"}
