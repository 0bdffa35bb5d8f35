"""What the relay reads of alerts and decisions, on a real Redis."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import redis as sync_redis

from deploy.local.redis import LocalRedis
from streams.catalogue.facts import BrandFacts
from streams.clock import DAY_MS
from streams.control.decisions import Decisions
from streams.notification.delivery import ReceiverClient
from streams.notification.message import Links
from streams.notification.receivers import Receiver
from streams.notification.records import AlertRecords, Told
from streams.settings import Settings
from tests.builders.alert_records import kept_alerts
from tests.builders.episodes import MINUTE_MS, NOW_MS, ONSET_MS, breach, crisis
from tests.builders.notifications import notice, notification
from tests.servers.robots import Robot


@pytest.fixture
def client(redis_server: LocalRedis) -> Iterator[sync_redis.Redis]:
    with sync_redis.Redis.from_url(redis_server.url) as found:
        yield found


async def test_alerts_are_found_with_their_decision(client: sync_redis.Redis, namespace: str) -> None:
    records = kept_alerts(client, namespace, crisis(), breach(state="resolved", resolved_at=NOW_MS))
    Decisions(client, namespace).record(crisis(), "acknowledged", "Lin", NOW_MS)
    known = await records.known(["f1", "f2", "unknown"])
    assert {name: one.alert.state for name, one in known.items()} == {"f1": "firing", "f2": "resolved"}
    assert known["f1"].decision is not None
    assert known["f1"].decision.author == "Lin"
    assert known["f2"].decision is None


async def test_redis_that_is_away_gives_nothing() -> None:
    with sync_redis.Redis.from_url("redis://127.0.0.1:1/0") as client:
        records = AlertRecords(client, "pw")
        assert await records.known(["f1"]) == {}
        await records.mark_told(["f1"], ["f1"], NOW_MS)


def test_false_alarm_fires_for_nobody(client: sync_redis.Redis, namespace: str) -> None:
    records, decisions = kept_alerts(client, namespace, crisis(), breach()), Decisions(client, namespace)
    decisions.record(crisis(), "false_alarm", "Lin", NOW_MS)
    assert [alert.fingerprint for alert in records.firing()] == ["f2"]
    assert records.ended(["f1", "f2"]) == {"f1"}
    decisions.record(crisis(), "reopened", "Lin", NOW_MS + 1)
    assert [alert.fingerprint for alert in records.firing()] == ["f1", "f2"]


def test_silence_has_its_time_and_is_ended_by_another_acknowledgement(
    client: sync_redis.Redis, namespace: str
) -> None:  # fmt: skip
    records, decisions = kept_alerts(client, namespace, crisis()), Decisions(client, namespace)
    decisions.record(crisis(), "acknowledged", "Lin", NOW_MS, silence_until_ms=NOW_MS + 10 * MINUTE_MS)
    assert records.silences(["f1"], NOW_MS)["f1"].until_ms == NOW_MS + 10 * MINUTE_MS
    assert records.silences(["f1"], NOW_MS + 10 * MINUTE_MS) == {}
    decisions.record(crisis(), "acknowledged", "Lin", NOW_MS, silence_until_ms=NOW_MS)
    assert records.silences(["f1"], NOW_MS) == {}


async def test_who_was_told_is_remembered(client: sync_redis.Redis, namespace: str) -> None:
    records = kept_alerts(client, namespace, crisis())
    assert records.told(["f1"]) is None
    records.begin_telling([], ONSET_MS)
    assert records.told(["f1"]) == Told()
    await records.mark_told(["f1"], [], NOW_MS)
    assert records.told(["f1", "f2"]) == Told(frozenset({"f1"}))
    await records.mark_told(["f1"], ["f1"], NOW_MS + 8 * DAY_MS)
    assert records.told(["f1", "f2"]) == Told(frozenset({"f1"}), frozenset({"f1"}))


def test_ends_of_before_they_were_recorded_need_not_be_told(client: sync_redis.Redis, namespace: str) -> None:
    """A relay of before wrote down whom it told, and nothing of ends."""
    records = kept_alerts(client, namespace, crisis(state="resolved", resolved_at=NOW_MS))
    client.zadd(f"{namespace}:told", {"": NOW_MS, "f1": NOW_MS})
    assert records.told(["f1"]) is None
    records.begin_telling(["f1"], NOW_MS)
    assert records.told(["f1"]) == Told(frozenset({"f1"}), frozenset({"f1"}))


@pytest.mark.parametrize(("kind", "messages"), [("slack", 1), ("dingtalk", 1), ("pagerduty", 2), ("webhook", 2)])
async def test_person_is_told_once_that_it_is_over_and_a_receiver_with_a_state_closes_it(
    kind: Any, messages: int, client: sync_redis.Redis, namespace: str, tmp_path: Path
) -> None:
    """What is over and was never told fires in Alertmanager for a while, and then resolves there."""
    records = kept_alerts(client, namespace, crisis(state="resolved", resolved_at=NOW_MS))
    robot = Robot()
    async with robot.server() as server, aiohttp.ClientSession() as session:
        (tmp_path / "url").write_text(str(server.make_url("/send")))
        (tmp_path / "secret").write_text("s3cret")
        desk = Receiver("desk", kind, "en", None, tmp_path / "url", tmp_path / "secret")
        delivering = ReceiverClient(desk, Links(), session, records)
        for status in ("firing", "resolved"):
            result = await delivering.deliver(notification(notice(status=status), status=status))
            assert result.outcome == "delivered"
    assert len(robot.got) == messages
    assert records.told(["f1"]) is None  # nobody began to count


async def test_message_calls_the_brand_by_its_name_of_the_moment(
    client: sync_redis.Redis, namespace: str, tmp_path: Path
) -> None:
    records, path = kept_alerts(client, namespace, crisis()), tmp_path / "brands.yaml"
    path.write_text("brands: [{id: b1, names: [b1], display_name: '*Bright* <!channel>\u202e'}]")
    robot = Robot()
    async with robot.server() as server, aiohttp.ClientSession() as session:
        (tmp_path / "url").write_text(str(server.make_url("/send")))
        desk = Receiver("desk", "slack", "zh-TW", None, tmp_path / "url", None)
        delivering = ReceiverClient(desk, Links(), session, records, BrandFacts.of(Settings(brands=path)))
        await delivering.deliver(notification(notice()))
    [body] = robot.got
    assert "＊Bright＊ ＜！channel＞�" in body["text"]
    assert "*Bright*" not in json.dumps(body)
