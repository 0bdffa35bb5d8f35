"""Who is told what: the shipped routes, asked of Alertmanager's own tool."""

import re
import subprocess

import pytest
import yaml

from deploy.local.alertmanager import CONFIG, delivering_to
from streams.alerts.kinds import KINDS, Kind
from tests.oracle.shipped_rules import alerts

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
        ({"alertname": "Crisis", "kind": "crisis", "severity": "critical"}, {"on-call", "brand-desk"}),
        (
            {"alertname": "Crisis", "kind": "crisis", "severity": "critical", "first_severity": "info"},
            {"on-call", "brand-desk", "digest"},
        ),
        ({"alertname": "Crisis", "kind": "crisis", "severity": "warning"}, {"brand-desk"}),
        ({"alertname": "CyberViolence", "kind": "cyber_violence", "severity": "warning"}, {"brand-desk"}),
        ({"alertname": "Opportunity", "kind": "opportunity", "severity": "info"}, {"digest"}),
        (
            {"alertname": "Compliance", "kind": "compliance", "severity": "critical"},
            {"compliance-desk", "on-call", "nobody"},
        ),
        ({"alertname": "Privacy", "kind": "privacy", "severity": "warning"}, {"compliance-desk", "nobody"}),
        ({"alertname": "RoomCollapse", "kind": "room_collapse", "severity": "warning"}, {"live-desk", "nobody"}),
        ({"alertname": "FakeTraffic", "kind": "fake_traffic", "severity": "warning"}, {"live-desk", "nobody"}),
        (
            {"alertname": "RoomCollapse", "kind": "room_collapse", "severity": "critical"},
            {"live-desk", "on-call", "nobody"},
        ),
        (
            {"alertname": "Crisis", "kind": "crisis", "severity": "warning", "brand": OWN_DESK},
            {"example-brand-desk", "nobody"},
        ),
        (
            {"alertname": "Crisis", "kind": "crisis", "severity": "critical", "brand": OWN_DESK},
            {"on-call", "example-brand-desk", "nobody"},
        ),
        ({"alertname": "Opportunity", "kind": "opportunity", "severity": "info", "brand": OWN_DESK}, {"digest"}),
        (
            {"alertname": "FeedSilent", "kind": "feed_silent", "severity": "warning", "platform": "tiktok"},
            {"overseas-desk", "nobody"},
        ),
        (
            {"alertname": "FeedSilent", "kind": "feed_silent", "severity": "critical", "platform": "tiktok"},
            {"on-call", "overseas-desk", "nobody"},
        ),
        (
            {"alertname": "FeedSilent", "kind": "feed_silent", "severity": "warning", "platform": "douyin"},
            {"brand-desk"},
        ),
        ({"alertname": "MonitorBlind", "severity": "critical", "blind": "true"}, {"on-call", "operations"}),
        ({"alertname": "ConsumerBehind", "severity": "warning"}, {"operations"}),
        ({"alertname": "WorkerGone", "severity": "critical"}, {"on-call", "operations"}),
        ({"alertname": "RelayGone", "severity": "critical"}, {"last-resort", "on-call", "operations"}),
        ({"alertname": "PagesUndelivered", "severity": "critical"}, {"last-resort", "on-call", "operations"}),
        ({"alertname": "Watchdog", "severity": "none"}, {"dead-man"}),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_alert_reaches_its_desk_and_nobody_else(labels: Labels, receivers: set[str]) -> None:
    assert routed(**labels) == receivers


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.id)
def test_alert_of_each_kind_reaches_its_route(kind: Kind) -> None:
    severity = "info" if kind.route == "digest" else "warning"
    receivers = routed(alertname=kind.prometheus, kind=kind.id, severity=severity)
    assert receivers - {"nobody"} == {kind.route}


def test_matchers_name_kinds_and_alerts_that_there_are() -> None:
    """A renamed kind would leave a route that matches nothing."""
    text = CONFIG.read_text()
    known = {"kind": set(KINDS), "alertname": {rule["alert"] for rule in alerts()}}
    for label, names in known.items():
        matched = re.findall(rf'\b{label}=~?"([^"]+)"', text)
        assert matched
        assert {name for pattern in matched for name in pattern.split("|")} <= names


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
