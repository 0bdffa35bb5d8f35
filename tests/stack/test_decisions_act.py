"""What people decide, seen in a real Alertmanager; and alerts that nobody could be told of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import redis as sync_redis

from deploy.local.alertmanager import LocalAlertmanager
from deploy.local.redis import LocalRedis
from streams.control.decisions import Decisions
from streams.notification.alertmanager_api import AlertmanagerApi
from streams.notification.records import AlertRecords
from streams.notification.untold import UntoldAlerts, as_alertmanager_has_it
from streams.notification.upkeep import Upkeep
from tests.builders.alert_records import kept_alerts
from tests.builders.episodes import NOW_MS, crisis
from tests.servers.pager import receiver
from tests.servers.waiting import until


@asynccontextmanager
async def keeping(records: AlertRecords, alertmanager: LocalAlertmanager) -> AsyncIterator[Upkeep]:
    """The relay's upkeep, a step at a time, that waits for nothing."""
    async with aiohttp.ClientSession() as session:
        api = AlertmanagerApi(session, alertmanager.url)
        yield Upkeep(records, api, untold=UntoldAlerts(wait_ms=0))


async def test_acknowledgement_silences_until_it_is_taken_back(
    redis_server: LocalRedis, namespace: str, tmp_path: Path
) -> None:
    with (
        sync_redis.Redis.from_url(redis_server.url) as client,
        LocalAlertmanager(tmp_path, receiver="127.0.0.1:9") as alertmanager,
    ):
        records, decisions = kept_alerts(client, namespace, crisis()), Decisions(client, namespace)
        async with keeping(records, alertmanager) as upkeep:
            await upkeep.api.alert([as_alertmanager_has_it(crisis(), upkeep.clock())])
            decisions.record(crisis(), "acknowledged", "Lin", upkeep.clock(), "on it")
            await upkeep.step()
            [silence] = await upkeep.api.silences()
            silenced = [alert["status"]["silencedBy"] for alert in await alerts_of(upkeep.api)]
            decisions.record(crisis(), "reopened", "Lin", upkeep.clock())
            await upkeep.step()
            left = await upkeep.api.silences()
    assert silence.comment == "Acknowledged in Pulsewatch: on it"
    assert silenced == [[silence.id]]
    assert left == []


@pytest.mark.parametrize("knows_the_beginning", [False, True])
async def test_what_alertmanager_told_nobody_of_an_alert_is_told_once(
    knows_the_beginning: bool, redis_server: LocalRedis, namespace: str, tmp_path: Path
) -> None:
    """It was away while the alert fired; or the alert was acknowledged for so long that it forgot whom it told."""
    with (
        sync_redis.Redis.from_url(redis_server.url) as client,
        receiver() as pager,
        LocalAlertmanager(tmp_path, receiver=f"127.0.0.1:{pager.server_port}", minute="2s") as alertmanager,
    ):
        records = kept_alerts(client, namespace)
        async with keeping(records, alertmanager) as upkeep:
            await upkeep.step()
            now_ms = upkeep.clock()
            if knows_the_beginning:
                await records.mark_told(["f1"], [], now_ms - 10_000)
            kept_alerts(client, namespace, crisis(state="resolved", started_at=now_ms - 60_000, resolved_at=now_ms - 1))
            upkeep.clock = lambda: now_ms + 10_000
            await upkeep.step()
            await asyncio.to_thread(until, lambda: len(pager.received) >= 2, "both were told", 30)
            await records.mark_told(["f1"], ["f1"], now_ms)
            upkeep.clock = lambda: now_ms + 20_000
            assert await due(upkeep) == []
    assert {(page.receiver, page.status, page.labels["fingerprint"]) for page in pager.received} == {
        ("on-call", "firing", "f1"), ("brand-desk", "firing", "f1"),
    }  # fmt: skip


async def test_alerts_of_before_anybody_kept_count_are_not_told(
    redis_server: LocalRedis, namespace: str, tmp_path: Path
) -> None:
    with (
        sync_redis.Redis.from_url(redis_server.url) as client,
        LocalAlertmanager(tmp_path, receiver="127.0.0.1:9") as alertmanager,
    ):
        records = kept_alerts(client, namespace, crisis(state="resolved", resolved_at=NOW_MS))
        async with keeping(records, alertmanager) as upkeep:
            upkeep.clock = lambda: NOW_MS
            await upkeep.step()
            assert await due(upkeep) == []


async def alerts_of(api: AlertmanagerApi) -> list[dict[str, dict[str, list[str]]]]:
    async with api.session.get(f"{api.url}/api/v2/alerts") as response:
        found: list[dict[str, dict[str, list[str]]]] = await response.json()
        return found


async def due(upkeep: Upkeep) -> list[str]:
    resolved = upkeep.records.resolved()
    told = upkeep.records.told([alert.fingerprint for alert in resolved])
    assert told is not None
    return [alert.fingerprint for alert in upkeep.untold.due(resolved, told, upkeep.clock())]
