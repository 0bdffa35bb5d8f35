"""Ingest over HTTP: events a second that one core takes, in batches, acknowledged by a real broker.

The server's processor time is what counts: senders and broker have their own on the same machine, so the wall says
less than the core does.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import psutil

from deploy.local.kafka import LocalKafka
from streams.kafka.admin import create_topics
from streams.kafka.reading import read_topic
from streams.settings import Settings
from streams.topology import LIVE
from tests.servers.ingest_process import IngestProcess

BATCH_EVENTS = 100
SENDERS = 4


def run_ingest(*, events: int, repeats: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Rates of `repeats` rounds of `events`; correct where the broker has every event that was acknowledged."""
    core_rates, wall_rates, acknowledged = [], [], 0
    with tempfile.TemporaryDirectory() as folder, LocalKafka(Path(folder) / "kafka") as kafka:
        create_topics(kafka.connection, partitions=4, replication=1, retention_days=1)
        with IngestProcess(Path(folder) / "ingest", Settings(kafka=kafka.bootstrap)) as server:
            assert server.pid is not None
            process = psutil.Process(server.pid)
            for round_ in range(repeats):
                bodies = _bodies(events, round_)
                before, began = _core_seconds(process), time.perf_counter()
                acknowledged += asyncio.run(_send(server.url, bodies))
                wall_seconds = time.perf_counter() - began
                core_rates.append(events / (_core_seconds(process) - before))
                wall_rates.append(events / wall_seconds)
                say(f"round {round_ + 1}: {core_rates[-1]:,.0f} a core, {wall_rates[-1]:,.0f} by the wall")
        stored = sum(1 for _ in read_topic(kafka.connection, LIVE))
    correct = acknowledged == stored == events * repeats
    rows = [("a core", core_rates), ("by the wall", wall_rates)]
    return {
        "events": events,
        "batch_events": BATCH_EVENTS,
        "results": [
            {"peer": name, "events_per_second": median(rates), "min": min(rates), "max": max(rates), "correct": correct}
            for name, rates in rows
        ],
    }


def _core_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _bodies(events: int, round_: int) -> list[bytes]:
    now_ms = int(time.time() * 1000)
    posted = [
        {"event_id": f"{round_}-{number}", "source": "bench", "platform": "douyin", "kind": "comment",
         "brand_id": f"brand-{number % 20}", "room_id": f"room-{number % 50}", "event_time": now_ms,
         "actor": {"id": f"user-{number % 5000}"}, "text": "主播这个颜色还有货吗，想要一件"}
        for number in range(events)
    ]  # fmt: skip
    return [json.dumps(posted[at : at + BATCH_EVENTS]).encode() for at in range(0, events, BATCH_EVENTS)]


async def _send(url: str, bodies: list[bytes]) -> int:
    """Events that were acknowledged."""
    waiting, accepted = iter(bodies), 0
    headers = {"content-type": "application/json"}

    async def sender(client: aiohttp.ClientSession) -> None:
        nonlocal accepted
        for body in waiting:
            async with client.post(url, data=body, headers=headers) as answer:
                accepted += (await answer.json())["accepted"]

    async with aiohttp.ClientSession() as client:
        await asyncio.gather(*(sender(client) for _ in range(SENDERS)))
    return accepted
