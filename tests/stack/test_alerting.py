"""Prometheus and Alertmanager as they are shipped: started, and asked what they do."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import yaml

from deploy.local.alertmanager import CONFIG, LocalAlertmanager
from deploy.local.http import get_json
from deploy.local.prometheus import LocalPrometheus
from deploy.local.receiver import Page, Receiver
from tests.servers.pager import receiver
from tests.servers.waiting import until

Labels = dict[str, str]


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


def quickly(folder: Path, pager: Receiver) -> LocalAlertmanager:
    """The shipped routes, with groups that wait seconds instead of minutes."""
    return LocalAlertmanager(folder, receiver=f"127.0.0.1:{pager.server_port}", minute="4s")


def told(pages: list[Page]) -> set[tuple[str, str, str]]:
    return {(page.receiver, page.status, page.labels["severity"]) for page in pages}


def test_crisis_pages_once_and_a_blind_monitor_inhibits_the_rest(tmp_path: Path) -> None:
    with receiver() as pager, quickly(tmp_path, pager) as alertmanager:
        post(alertmanager, {"alertname": "MonitorBlind", "severity": "critical", "blind": "true", "cause": "redis"})
        wait_for_pages(pager, 2)
        crisis = {"alertname": "Crisis", "kind": "crisis", "severity": "critical", "brand": "b1", "fingerprint": "f"}
        collapse = {"alertname": "RoomCollapse", "kind": "room_collapse", "severity": "critical", "brand": "b1"}
        post(alertmanager, collapse, crisis)
        post(alertmanager, crisis)
        pages = wait_for_pages(pager, 4)
        shown = get_json(f"http://127.0.0.1:{pager.server_port}/received")
        inhibited = get_json(f"{alertmanager.url}/api/v2/alerts?inhibited=true&active=false")
    assert sorted((page.receiver, page.labels["alertname"]) for page in pages) == [
        ("brand-desk", "Crisis"),
        ("on-call", "Crisis"),
        ("on-call", "MonitorBlind"),
        ("operations", "MonitorBlind"),
    ]
    assert [page["labels"]["alertname"] for page in shown].count("Crisis") == 2
    assert [alert["labels"]["alertname"] for alert in inhibited] == ["RoomCollapse"]


def test_groups_are_notified_by_room_and_again_when_they_resolve(tmp_path: Path) -> None:
    breach = {"alertname": "Compliance", "kind": "compliance", "severity": "warning", "brand": "b1", "family": "minors"}
    rooms = [breach | {"room": room, "fingerprint": room} for room in ("r1", "r2")]
    with receiver() as pager, quickly(tmp_path, pager) as alertmanager:
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


def test_desk_that_was_told_of_the_start_is_told_of_growth_and_of_the_end(tmp_path: Path) -> None:
    crisis = {"alertname": "Crisis", "kind": "crisis", "brand": "b1", "fingerprint": "f1", "first_severity": "warning"}
    warning, critical = crisis | {"severity": "warning"}, crisis | {"severity": "critical"}
    with receiver() as pager, quickly(tmp_path, pager) as alertmanager:
        post(alertmanager, warning)
        until(lambda: ("brand-desk", "firing", "warning") in told(pager.received), "the desk heard", 20)
        post(alertmanager, warning, ended=True)
        post(alertmanager, critical)
        grown = {("brand-desk", "firing", "critical"), ("on-call", "firing", "critical")}
        until(lambda: grown <= told(pager.received), "both heard that it grew", 20)
        post(alertmanager, critical, ended=True)
        over = {("brand-desk", "resolved", "critical"), ("on-call", "resolved", "critical")}
        until(lambda: over <= told(pager.received), "both heard that it is over", 60)


def test_digest_that_heard_of_a_surge_hears_of_the_crisis_that_it_became(tmp_path: Path) -> None:
    crisis = {"alertname": "Crisis", "kind": "crisis", "brand": "b1", "fingerprint": "f1", "first_severity": "info"}
    with receiver() as pager, quickly(tmp_path, pager) as alertmanager:
        post(alertmanager, crisis | {"severity": "warning"})
        expected = {("digest", "firing", "warning"), ("brand-desk", "firing", "warning")}
        until(lambda: expected <= told(pager.received), "digest and desk heard", 20)


ROOM = {"brand": "b1", "room": "r1", "alertname": "Compliance", "kind": "compliance"}
FAMILIES = ("medical_claim", "absolute_claim", "minors", "off_platform_diversion")


def test_four_alerts_of_a_room_within_the_minute_are_one_message(tmp_path: Path) -> None:
    with receiver() as pager, quickly(tmp_path, pager) as alertmanager:
        for family in FAMILIES:
            post(alertmanager, ROOM | {"severity": "warning", "family": family, "fingerprint": family})
            time.sleep(0.7)  # they come one after the other
        wait_for_pages(pager, 4)
    assert pager.notifications == 1
    assert {page.labels["family"] for page in pager.received} == set(FAMILIES)


def test_first_critical_alert_of_a_room_is_told_at_once_and_the_other_three_together(tmp_path: Path) -> None:
    with receiver() as pager, quickly(tmp_path, pager) as alertmanager:
        for number, family in enumerate(FAMILIES):
            post(alertmanager, ROOM | {"severity": "critical", "family": family, "fingerprint": family})
            if number == 0:
                until(lambda: len(pager.received) == 2, "on-call and the desk are told", 20)
                assert {page.receiver for page in pager.received} == {"on-call", "compliance-desk"}
        until(lambda: len(pager.received) >= 2 * (1 + 4), "all are told", 30)
    for name in ("on-call", "compliance-desk"):
        later = [page for page in pager.received if page.receiver == name][1:]
        assert sorted(page.labels["family"] for page in later) == sorted(FAMILIES)
    assert pager.notifications == 4  # to each of them: the first one, and all that is critical


def test_warnings_beside_a_critical_alert_of_their_room_are_one_message(tmp_path: Path) -> None:
    first, *others = FAMILIES
    with receiver() as pager, quickly(tmp_path, pager) as alertmanager:
        post(alertmanager, ROOM | {"severity": "critical", "family": first, "fingerprint": first})
        for family in others:
            post(alertmanager, ROOM | {"severity": "warning", "family": family, "fingerprint": family})
        until(lambda: len(pager.received) == 2 + 3, "all are told", 30)
    assert [page.labels["family"] for page in pager.received[:2]] == [first, first]
    assert pager.notifications == 3  # on-call's page, the desk's at once, and the desk's warnings


def test_critical_alert_of_a_brand_is_told_to_its_desk_at_once_too(tmp_path: Path) -> None:
    crisis = {"alertname": "Crisis", "kind": "crisis", "severity": "critical", "brand": "b1", "fingerprint": "f"}
    with receiver() as pager, quickly(tmp_path, pager) as alertmanager:
        posted = time.monotonic()
        post(alertmanager, crisis)
        wait_for_pages(pager, 2)
        assert time.monotonic() - posted < 3  # a desk's minute is four seconds here
        assert {page.receiver for page in pager.received} == {"on-call", "brand-desk"}
        post(alertmanager, crisis | {"severity": "warning", "alertname": "FeedSilent", "kind": "feed_silent"})
        wait_for_pages(pager, 3)
    assert time.monotonic() - posted > 4


def test_shipped_minute_is_what_desks_wait_and_nobody_who_is_woken() -> None:
    route = yaml.safe_load(CONFIG.read_text())["route"]
    waits = {one["receiver"]: one.get("group_wait", route["group_wait"]) for one in reversed(route["routes"])}
    desks = {name for name in waits if name.endswith("-desk")}
    assert {waits[name] for name in desks} == {route["group_wait"]} == {"1m"}
    assert waits["on-call"] == waits["dead-man"] == "0s"
    assert waits["last-resort"] == waits["operations"] == "3s"


def test_prometheus_starts_with_the_shipped_rules(tmp_path: Path) -> None:
    with LocalPrometheus(tmp_path) as server:
        groups = get_json(f"{server.url}/api/v1/rules")["data"]["groups"]
    assert {group["name"] for group in groups} == {"recorded", "detections", "monitor"}
