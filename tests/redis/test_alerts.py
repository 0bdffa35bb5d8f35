"""What `pulsewatch alerts` lists, out of a real Redis."""

import json
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest
from click.testing import CliRunner
from redis import Redis

from deploy.cli.alerts import alerts
from deploy.local.redis import LocalRedis
from streams.alerts.alert import Alert
from streams.alerts.keys import ACTIVE, RESOLVED, SHADOW
from streams.control.decisions import Decisions
from streams.ledger.connect import reader_client
from streams.ledger.redis import key_prefix, partitions_key
from streams.settings import settings
from streams.topology import DETECTION, SCORED
from tests.builders.alerts import an_alert


@pytest.fixture(autouse=True)
def _its_redis(redis_server: LocalRedis, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PULSEWATCH_REDIS", redis_server.url)
    monkeypatch.setenv("PULSEWATCH_NAMESPACE", namespace)
    settings.cache_clear()
    yield
    settings.cache_clear()


def keep(server: LocalRedis, namespace: str, shelf: str, alert: Alert) -> None:
    with Redis.from_url(server.url) as client:
        client.sadd(partitions_key(namespace, DETECTION), f"{SCORED}:0")
        client.hset(key_prefix(namespace, DETECTION, SCORED, 0) + shelf, alert.fingerprint, msgspec.json.encode(alert))


def listed(*arguments: str) -> list[str]:
    """The first words of each alert's line."""
    result = CliRunner().invoke(alerts, arguments)
    assert result.exit_code == 0, result.output
    return [" ".join(line.split()[:2]) for line in result.output.splitlines() if not line.startswith(" ")]


def test_resolved_alerts_are_listed_where_all_are_asked_for(redis_server: LocalRedis, namespace: str) -> None:
    keep(redis_server, namespace, ACTIVE, an_alert("f1"))
    keep(redis_server, namespace, ACTIVE, an_alert("f2", "pending"))
    keep(redis_server, namespace, RESOLVED, an_alert("f3", "resolved", "warning"))
    assert listed() == ["firing critical"]
    assert sorted(listed("--all")) == ["firing critical", "resolved warning"]


def test_draft_rule_alerts_are_listed_firing_and_resolved(redis_server: LocalRedis, namespace: str) -> None:
    keep(redis_server, namespace, ACTIVE, an_alert("f1"))
    keep(redis_server, namespace, SHADOW, an_alert("f2", "resolved", "warning"))
    keep(redis_server, namespace, SHADOW, an_alert("f3", "firing", "warning"))
    assert sorted(listed("--shadow")) == ["firing warning", "resolved warning"]


def test_listed_alert_is_whole_with_its_link_and_what_was_decided(redis_server: LocalRedis, namespace: str) -> None:
    explanation = "392 texts in five minutes against 12 usual; " * 20 + "and this is the end"
    alert = msgspec.structs.replace(an_alert("0123456789abcdef"), explanation=explanation)
    keep(redis_server, namespace, ACTIVE, an_alert("later", severity="warning"))
    keep(redis_server, namespace, ACTIVE, alert)
    with closing(reader_client(settings())) as client:
        Decisions(client, namespace).record(alert, "acknowledged", "alice", alert.updated_at, "on it")
    assert listed() == ["firing critical", "firing warning"]
    printed = CliRunner().invoke(alerts).output
    assert "critical crisis b-1 since" in printed
    assert "and this is the end" in printed
    assert "http://127.0.0.1:9107/alert/0123456789abcdef" in printed
    assert "acknowledged by alice at 2026-09-21 12:01 UTC: on it" in printed
    [row, _] = CliRunner().invoke(alerts, ["--json"]).output.splitlines()
    assert json.loads(row)["decision"]["author"] == "alice"


def test_empty_list_says_so() -> None:
    assert listed() == ["No alert"]
    assert listed("--shadow") == ["No draft"]
