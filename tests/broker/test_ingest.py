"""Ingest as a process on a real broker: killed, cut from Kafka, and fed by many at once."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from deploy.local.kafka import LocalKafka
from deploy.local.redis import LocalRedis
from streams.kafka.admin import create_topics
from streams.kafka.reading import read_topic
from streams.settings import Settings
from streams.topology import LIVE, SOCIAL
from tests.servers.ingest_process import IngestProcess

BATCH = 20


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    with LocalKafka(tmp_path_factory.mktemp("ingest-kafka")) as server:
        create_topics(server.connection, partitions=2, replication=1, retention_days=1)
        yield server


def batch(first: int) -> list[dict[str, Any]]:
    now_ms = int(time.time() * 1000)
    return [
        {"event_id": f"e{number}", "source": "load", "platform": "douyin", "kind": "like", "brand_id": "acme",
         "room_id": f"room-{number % 7}", "event_time": now_ms}
        for number in range(first, first + BATCH)
    ]  # fmt: skip


def stored(broker: LocalKafka) -> set[str]:
    return {msgspec.json.decode(record.value)["event_id"] for record in read_topic(broker.connection, LIVE)}


async def test_what_was_acknowledged_before_a_kill_is_in_kafka(broker: LocalKafka, tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    with IngestProcess(tmp_path, Settings(kafka=broker.bootstrap)) as ingest:

        async def send(sender: int) -> None:
            async with httpx.AsyncClient(timeout=30) as client:
                for round_ in range(1000):
                    events = batch(sender * 1_000_000 + round_ * BATCH)
                    try:
                        answer = await client.post(ingest.url, json=events)
                    except httpx.TransportError:
                        return  # killed
                    assert answer.status_code == 200, answer.text
                    acknowledged.update(event["event_id"] for event in events)
                    if len(acknowledged) > 60 * BATCH and ingest.pid:
                        ingest.kill()

        await asyncio.gather(*(send(number) for number in range(4)))
        assert ingest.exit_code is not None
    assert len(acknowledged) > 60 * BATCH
    assert acknowledged <= stored(broker)


async def test_kafka_away_is_told_and_what_is_sent_again_arrives(broker: LocalKafka, tmp_path: Path) -> None:
    events = batch(90_000_000)
    with IngestProcess(tmp_path, Settings(kafka=broker.bootstrap)) as ingest:
        async with httpx.AsyncClient(timeout=60) as client:
            assert (await client.post(ingest.url, json=events[:1])).status_code == 200
            broker.pause()
            try:
                answer = await client.post(ingest.url, json=events)
            finally:
                broker.resume()
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert (await client.post(ingest.url, json=events)).json()["accepted"] == BATCH
    assert {event["event_id"] for event in events} <= stored(broker)


async def test_changed_catalogue_is_in_force_without_a_restart(
    broker: LocalKafka, redis_server: LocalRedis, namespace: str, tmp_path: Path
) -> None:
    path = tmp_path / "brands.yaml"
    path.write_text("brands: [{id: alpha, names: [阿尔法]}]")
    settings = Settings(kafka=broker.bootstrap, redis=redis_server.url, namespace=namespace, brands=path)
    with IngestProcess(tmp_path / "ingest", settings) as ingest:
        async with httpx.AsyncClient(timeout=30) as client:

            async def brands(number: int, text: str | None, **changed: Any) -> list[str] | None:
                post = {"event_id": f"c{number}", "source": "desk", "platform": "weibo", "kind": "post", "text": text,
                        "event_time": int(time.time() * 1000), **changed}  # fmt: skip
                answer = (await client.post(ingest.url, json=post)).json()
                found: list[str] | None = answer["results"][0].get("brands")
                return found

            async def after_seconds(wanted: list[str] | None, text: str) -> float:
                began = time.monotonic()
                while await brands(int(time.monotonic() * 1000), text) != wanted:
                    assert time.monotonic() - began < 30
                    await asyncio.sleep(0.1)
                return time.monotonic() - began

            assert await brands(1, "阿尔法和贝塔") == ["alpha"]
            new = tmp_path / "new.yaml"
            new.write_text("brands: [{id: alpha, names: [阿尔法]}, {id: beta, names: [贝塔]}]")
            new.replace(path)
            assert await after_seconds(["alpha", "beta"], "阿尔法和贝塔") < 10
            path.write_text("brands: [{id: alpha}]")
            health = ingest.url.replace("/v1/events", "/health")
            began = time.monotonic()
            while (await client.get(health)).json()["catalogue"]["problem"] is None:
                assert time.monotonic() - began < 30
                await asyncio.sleep(0.1)
            assert await brands(2, "阿尔法和贝塔") == ["alpha", "beta"]
            assert await brands(3, None, kind="retraction", retracts="c2") == ["alpha", "beta"]
    written = [msgspec.json.decode(record.value) for record in read_topic(broker.connection, SOCIAL)]
    assert {one["retracts"] for one in written if one["kind"] == "retraction"} == {"c2#alpha", "c2#beta"}
