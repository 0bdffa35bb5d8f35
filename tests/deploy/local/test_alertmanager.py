"""Who is told what: the shipped routes, asked of Alertmanager's own tool and of a running Alertmanager."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml

from deploy.local.alertmanager import CONFIG, LocalAlertmanager, delivering_to
from deploy.local.http import get_json
from deploy.local.receiver import Page, Receiver
from tests.servers.waiting import until

Labels = dict[str, str]


def routed(**labels: str) -> set[str]:
    """The receivers that an alert with these labels reaches."""
    pairs = [f"{name}={value}" for name, value in labels.items()]
    command = ["amtool", "config", "routes", "test", f"--config.file={CONFIG}", *pairs]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(result.stdout.strip().split(","))


OWN_DESK = "example-brand"


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"alertname": "Crisis", "kind": "crisis", "severity": "critical"}, {"on-call"}),
        ({"alertname": "Crisis", "kind": "crisis", "severity": "warning"}, {"brand-desk"}),
        ({"alertname": "CyberViolence", "kind": "cyber_violence", "severity": "warning"}, {"brand-desk"}),
        ({"alertname": "Opportunity", "kind": "opportunity", "severity": "info"}, {"digest"}),
        ({"alertname": "Compliance", "kind": "compliance", "severity": "critical"}, {"compliance-desk", "on-call"}),
        ({"alertname": "Privacy", "kind": "privacy", "severity": "warning"}, {"compliance-desk", "nobody"}),
        ({"alertname": "RoomCollapse", "kind": "room_collapse", "severity": "warning"}, {"live-desk", "nobody"}),
        ({"alertname": "FakeTraffic", "kind": "fake_traffic", "severity": "warning"}, {"live-desk", "nobody"}),
        ({"alertname": "RoomCollapse", "kind": "room_collapse", "severity": "critical"}, {"live-desk", "on-call"}),
        (
            {"alertname": "Crisis", "kind": "crisis", "severity": "warning", "brand": OWN_DESK},
            {"example-brand-desk", "nobody"},
        ),
        ({"alertname": "Crisis", "kind": "crisis", "severity": "critical", "brand": OWN_DESK}, {"on-call"}),
        ({"alertname": "Opportunity", "kind": "opportunity", "severity": "info", "brand": OWN_DESK}, {"digest"}),
        (
            {"alertname": "FeedSilent", "kind": "feed_silent", "severity": "warning", "platform": "tiktok"},
            {"overseas-desk", "nobody"},
        ),
        ({"alertname": "FeedSilent", "kind": "feed_silent", "severity": "critical", "platform": "tiktok"}, {"on-call"}),
        (
            {"alertname": "FeedSilent", "kind": "feed_silent", "severity": "warning", "platform": "douyin"},
            {"brand-desk"},
        ),
        ({"alertname": "MonitorBlind", "severity": "critical", "blind": "true"}, {"on-call"}),
        ({"alertname": "ConsumerBehind", "severity": "warning"}, {"operations"}),
        ({"alertname": "WorkerGone", "severity": "critical"}, {"on-call"}),
        ({"alertname": "RelayGone", "severity": "critical"}, {"last-resort", "on-call"}),
        ({"alertname": "PagesUndelivered", "severity": "critical"}, {"last-resort", "on-call"}),
        ({"alertname": "Watchdog", "severity": "none"}, {"dead-man"}),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_alert_reaches_its_desk_and_nobody_else(labels: Labels, receivers: set[str]) -> None:
    assert routed(**labels) == receivers


def test_configuration_is_valid() -> None:
    subprocess.run(["amtool", "check-config", str(CONFIG)], check=True, capture_output=True)


def test_webhooks_keep_their_path_at_the_new_address() -> None:
    hosts = {"relay": "127.0.0.1:5", "receiver": "127.0.0.1:6"}
    own = delivering_to(yaml.safe_load(CONFIG.read_text()), hosts)
    urls = [hook["url"] for receiver in own["receivers"] for hook in receiver["webhook_configs"]]
    assert "http://127.0.0.1:5/alerts/on-call" in urls
    assert {url for url in urls if ":6/" in url} == {
        "http://127.0.0.1:6/alerts/dead-man",
        "http://127.0.0.1:6/alerts/last-resort",
    }


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


def test_one_page_for_a_crisis_and_none_for_what_a_blind_monitor_sees(tmp_path: Path) -> None:
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


def test_groups_are_told_apart_by_room_and_told_again_when_they_resolve(tmp_path: Path) -> None:
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
