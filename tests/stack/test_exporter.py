"""The exporter as a process, and what a scrape gets of real servers, there and away."""

from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis

from dashboards.readers import Readers
from dashboards.snapshot import Snapshot
from deploy.local.http import text
from deploy.local.kafka import LocalKafka
from deploy.local.process import free_port
from deploy.local.programs import ExporterProcess
from deploy.local.redis import LocalRedis
from streams.alerts.keys import ACTIVE
from streams.clock import MINUTE_MS, system_clock
from streams.detection.views.keys import HEARD, texts_suffix
from streams.engagement.buckets import encode_totals
from streams.engagement.dictionary import LAST_AT_SLOT, LAST_SLOT, PEAK_SLOT, SLOTS
from streams.engagement.partition import CLOCK, WATERMARK
from streams.engagement.scopes import minute_bucket, scope_field
from streams.kafka.admin import create_topics
from streams.ledger.protocol import Effects, Update
from streams.ledger.redis import RedisLedger
from streams.settings import Settings
from streams.topology import LIVE, SCORED
from tests.builders.alerts import an_alert


async def store(redis: LocalRedis, namespace: str, now_ms: int) -> None:
    """One room, one brand and one alert, as the stages store them."""
    minute = now_ms // MINUTE_MS
    room = encode_totals({SLOTS["comments"]: 12, PEAK_SLOT: 70, LAST_AT_SLOT: now_ms, LAST_SLOT: 50})
    alert = an_alert()
    counts = {f"{minute % 60}|weibo|{label}": count for label, count in {"texts": 5, "negative": 4, "abuse": 2}.items()}
    async with Redis.from_url(redis.url) as client:
        await apply(client, namespace, "engagement", LIVE, Effects(values={
            minute_bucket(minute): {scope_field("room", "r-1"): room},
            CLOCK: {WATERMARK: str(now_ms).encode()},
        }))  # fmt: skip
        await apply(client, namespace, "detection", SCORED, Effects(
            values={ACTIVE: {alert.fingerprint: msgspec.json.encode(alert)}},
            sums={texts_suffix(minute // 60, "b-1"): counts},
            maxima={HEARD: {"b-1": now_ms}},
        ))  # fmt: skip


async def apply(client: Redis, namespace: str, stage: str, topic: str, effects: Effects) -> None:
    ledger = RedisLedger(client, stage, namespace)
    claim = await ledger.acquire(topic, 0)
    await ledger.apply(Update(claim, claim.next_offset, 0, effects))


@pytest.fixture
def chosen(kafka: LocalKafka, redis_server: LocalRedis, namespace: str) -> Settings:
    create_topics(kafka.connection, 2, 1, 1)
    return Settings(kafka=kafka.bootstrap, redis=redis_server.url, namespace=namespace)


@pytest.fixture
def nowhere() -> Settings:
    return Settings(kafka=f"127.0.0.1:{free_port()}", redis=f"redis://127.0.0.1:{free_port()}/0")


async def test_scrape_and_snapshot_show_what_the_stages_stored(
    chosen: Settings, redis_server: LocalRedis, tmp_path: Path
) -> None:
    now_ms = system_clock()
    await store(redis_server, chosen.namespace, now_ms)
    with ExporterProcess(tmp_path, chosen) as exporter:
        page = text(f"http://{exporter.address}/metrics")
    for line in (
        "pulsewatch_exporter_redis_up 1.0",
        "pulsewatch_exporter_kafka_up 1.0",
        'pulsewatch_room_viewers{room="r-1"} 50.0',
        'pulsewatch_room_events{counter="comments",room="r-1"} 12.0',
        'pulsewatch_brand_texts{brand="b-1",platform="weibo",sentiment="negative"} 4.0',
        'pulsewatch_brand_risks{brand="b-1",platform="weibo",risk="abuse"} 2.0',
    ):
        assert line in page.splitlines()
    assert (
        'pulsewatch_alert_firing{brand="b-1",family="",fingerprint="f1",first_severity="critical",kind="crisis"' in page
    )
    assert 'pulsewatch_consumer_lag_records{partition="0",stage="engagement",topic="live.events"}' in page
    shown = snapshot(chosen)
    assert (shown.rooms[0].viewers_now, shown.texts[0].texts, shown.active[0].state) == (50, 5, "firing")
    assert {line.stage for line in shown.lags} == {"engagement", "scoring", "detection"}


def snapshot(settings: Settings) -> Snapshot:
    with Readers(settings) as readers:
        return readers.snapshots.read()


def test_exporter_lives_while_redis_and_kafka_are_away(nowhere: Settings, tmp_path: Path) -> None:
    with ExporterProcess(tmp_path, nowhere) as exporter:
        page = text(f"http://{exporter.address}/metrics").splitlines()
    assert "pulsewatch_exporter_redis_up 0.0" in page
    assert "pulsewatch_exporter_kafka_up 0.0" in page
    assert not any("pulsewatch_alert_firing" in line for line in page)


def test_snapshot_says_what_is_away(nowhere: Settings) -> None:
    assert "Redis does not answer" in snapshot(nowhere).trouble
