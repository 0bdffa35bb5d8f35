"""Who decided what about an alert, on a real Redis."""

from collections.abc import Iterator

import pytest
import redis as sync_redis

from deploy.local.redis import LocalRedis
from streams.control.decisions import KEPT_SECONDS, Decisions, quality, standing
from tests.builders.alerts import NOON_MS, an_alert


@pytest.fixture
def decisions(redis_server: LocalRedis, namespace: str) -> Iterator[Decisions]:
    with sync_redis.Redis.from_url(redis_server.url) as client:
        yield Decisions(client, namespace)


def test_nothing_is_overwritten_and_the_last_stands(decisions: Decisions) -> None:
    decisions.record(an_alert(), "acknowledged", "alice", NOON_MS)
    decisions.record(an_alert(), "false_alarm", "bob", NOON_MS + 1, "a campaign of ours")
    made = decisions.of("f1")
    assert [(one.verdict, one.author, one.note) for one in made] == [
        ("acknowledged", "alice", ""), ("false_alarm", "bob", "a campaign of ours"),
    ]  # fmt: skip
    assert decisions.standing(["f1", "f2"]) == {"f1": made[1]}


def test_reopened_alert_is_undecided(decisions: Decisions) -> None:
    decisions.record(an_alert(), "false_alarm", "bob", NOON_MS)
    decisions.record(an_alert(), "reopened", "alice", NOON_MS + 1)
    assert standing(decisions.of("f1")) is None
    assert decisions.standing(["f1"]) == {}


def test_version_changes_with_every_decision(decisions: Decisions) -> None:
    versions = [decisions.version()]
    for at in range(3):
        decisions.record(an_alert(), "acknowledged", "alice", NOON_MS + at)
        versions.append(decisions.version())
    assert len(set(versions)) == 4


def test_decisions_expire_after_a_year_and_some(decisions: Decisions, redis_server: LocalRedis, namespace: str) -> None:
    decisions.record(an_alert(), "acknowledged", "alice", NOON_MS)
    with sync_redis.Redis.from_url(redis_server.url) as client:
        assert client.ttl(f"{namespace}:decisions:f1") == KEPT_SECONDS
    decisions.record(an_alert("f2"), "acknowledged", "alice", NOON_MS + KEPT_SECONDS * 1000 + 1)
    assert list(decisions.since(0)) == ["f2"]


def test_quality_counts_last_decisions_and_has_no_share_without_one(decisions: Decisions) -> None:
    for name in ("f1", "f2", "f3"):
        decisions.record(an_alert(name), "acknowledged", "alice", NOON_MS)
    [row] = quality(decisions.since(NOON_MS))
    assert (row.kind, row.decided, row.acknowledged, row.false_share) == ("crisis", 3, 3, None)
    decisions.record(an_alert("f1"), "false_alarm", "alice", NOON_MS)
    decisions.record(an_alert("f2"), "confirmed", "alice", NOON_MS)
    [row] = quality(decisions.since(NOON_MS))
    assert (row.decided, row.confirmed, row.false_alarms, row.false_share) == (3, 1, 1, 0.5)
