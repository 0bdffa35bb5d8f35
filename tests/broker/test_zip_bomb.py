"""A small batch that unpacks to hundreds of megabytes, on a real broker: the stage's memory, its dead letters, its
going on."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE

import msgspec
import pytest

from deploy.local.kafka import LocalKafka
from tests.builders.events import event
from tests.conftest import TopicFactory
from tests.servers.workers import producing

PROGRAM = """
import json, re, sys
from streams.engagement.handler import EngagementHandler
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.ledger.memory import MemoryLedger
from streams.settings import Settings
from streams.transport.worker import Worker
import asyncio

kafka, topic, last = sys.argv[1:]
letters = MemoryDeadLetterSink()

class Ledger(MemoryLedger):
    async def apply(self, update):
        await super().apply(update)
        if update.next_offset > int(last):
            worker.stop()

handler = EngagementHandler(Ledger(), letters, session_ttl_seconds=60, topics=(topic,))
worker = Worker(handler, Settings(kafka=kafka))
code = asyncio.run(worker.run())
rows = [[one.origin.offset, one.reason, one.detail, len(one.value or b"")] for one in letters.letters.values()]
[peak_kb] = re.findall(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
json.dump([int(peak_kb), rows], sys.stdout)
sys.exit(code)
"""
RECORDS, RECORD_BYTES = 256, 1_000_000
PEAK_KB = 400_000


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_batch_that_unpacks_to_hundreds_of_megabytes_costs_a_bounded_memory(
    kafka: LocalKafka, topic: TopicFactory, codec: str
) -> None:
    name = topic(max_message_bytes="20000000")
    good = msgspec.json.encode(event("like"))
    size = (RECORDS + 1) * RECORD_BYTES
    async with producing(kafka.bootstrap, compression_type=codec, max_batch_size=size, linger_ms=500) as producer:
        await producer.send_and_wait(name, good, partition=0)
        sent = [await producer.send(name, b"x" * RECORD_BYTES, partition=0) for _ in range(RECORDS)]
        await asyncio.gather(*sent)
        await producer.send_and_wait(name, good, partition=0)
    arguments = [kafka.bootstrap, name, str(RECORDS + 1)]
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, *arguments, stdout=PIPE)
    out, _ = await asyncio.wait_for(worker.communicate(), 60)
    peak_kb, letters = json.loads(out)
    assert worker.returncode == 0
    assert [letter[:2] for letter in letters] == [[1, "too_large"]]
    assert f"a batch of {RECORDS} records to offset {RECORDS}" in letters[0][2]
    assert letters[0][3] == 0
    assert peak_kb < PEAK_KB
