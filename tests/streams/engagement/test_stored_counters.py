"""Counters that commit 7af8e5c stored are counted on: it gave hours and sessions each batch at once."""

import gzip
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from streams.ledger.memory import MemoryLedger, Shard
from tests.fakes.engagement_worker import PARTITION, TOPIC, Counted, Log, Worker

RECORDED = Path(__file__).parents[2] / "data" / "engagement-state-7af8e5c.json.gz"


@cache
def recorded() -> Any:
    return msgspec.json.decode(gzip.decompress(RECORDED.read_bytes()))


def log() -> Log:
    return [(offset, value.encode()) for offset, value in enumerate(recorded()["records"])]


def ledger() -> MemoryLedger:
    """As 7af8e5c left it, five eighths into the log."""
    stored, found = MemoryLedger(), recorded()
    shard = stored.shards[TOPIC, PARTITION]
    shard.next_offset = found["next_offset"]
    for suffix, fields in found["values"].items():
        shard.values[suffix] = {name: b64decode(value) for name, value in fields.items()}
    for suffix, numbers in found["numbers"].items():
        shard.numbers[suffix] = dict(numbers)
    for suffix, members in found["memberships"].items():
        shard.memberships[suffix] = dict(members)
    shard.strings.update({suffix: b64decode(value) for suffix, value in found["strings"].items()})
    return stored


def shard_of(worker: Worker) -> Shard:
    assert isinstance(worker.ledger, MemoryLedger)
    return worker.ledger.shards[TOPIC, PARTITION]


async def test_counters_of_7af8e5c_are_counted_on() -> None:
    anew, read_on = Worker(log()), Worker(log(), ledger())
    await anew.run()
    await read_on.run([7, 7, 7])
    expected, found = Counted(shard_of(anew)), Counted(shard_of(read_on))
    assert shard_of(read_on).next_offset == len(log()) > recorded()["next_offset"]
    assert found.sums() == expected.sums()
    assert found.people() == expected.people()
    assert found.viewers() == expected.viewers()
    assert found.followers() == expected.followers()
    assert found.last_minutes("r:r1") == expected.last_minutes("r:r1")
