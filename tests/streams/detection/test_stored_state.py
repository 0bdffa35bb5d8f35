"""State that commit 41f6ba0 stored is read on: the alerts that follow are the same as that commit's.

The file holds what its detection stage had stored in the middle of an evening, with alerts running, the records that
followed, and the alerts that it then wrote. Its records carry no version (streams.ledger.stored).
"""

import asyncio
import gzip
from base64 import b64decode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.alerts.alert import Alert
from streams.compliance.disclosure_timers import load_timers
from streams.detection.brand.custom_rules import read_alert_rules
from streams.detection.config import DetectionConfig
from streams.engagement.running_totals import HighWaterMark
from streams.events.schema import Coordinates, ScoredText
from streams.ledger.memory import MemoryLedger
from streams.ledger.stored import StoredCodec
from streams.topology import LIVE, SCORED
from streams.transport.batch import Batch
from tests.builders.records import room_batch, room_event, steady, text_batch
from tests.fakes.detection_worker import Worker

RECORDED = Path(__file__).parents[2] / "data" / "detection-state-41f6ba0.json.gz"
REWORDED = ("summary", "explanation", "evidence", "first_severity", "window_minutes")
"""Fields for people, and those that came later: sentences may be written better, evidence be told apart better."""
HEIGHT = ("observed", "factors")
"""Figures of the worst window so far: 41f6ba0 looked at some of the windows, later commits at each minute's."""


@cache
def recorded() -> Any:
    return msgspec.json.decode(gzip.decompress(RECORDED.read_bytes()))


def ledger() -> MemoryLedger:
    """The ledger as 41f6ba0 left it."""
    return stored_in(recorded()["partitions"])


def stored_in(partitions: Mapping[str, Any]) -> MemoryLedger:
    stored = MemoryLedger()
    for name, hashes in partitions.items():
        topic, _, number = name.rpartition(":")
        shard = stored.shards[topic, int(number)]
        shard.next_offset = int(b64decode(hashes["ledger"]["next"]))
        for suffix, fields in hashes.items():
            if suffix != "ledger":
                shard.values[suffix] = {field: b64decode(value) for field, value in fields.items()}
    return stored


def batches() -> list[Batch]:
    """The records that followed, one batch a partition."""
    rows = defaultdict(list)
    for row in recorded()["records"]:
        rows[row["topic"], row["partition"]].append(row)
    return [
        Batch(
            topic,
            number,
            [row["offset"] for row in found],
            [row["timestamp_ms"] for row in found],
            _with_own_ids([value_of(row) for row in found]) if topic == SCORED else [value_of(row) for row in found],
        )
        for (topic, number), found in rows.items()
    ]


def _with_own_ids(values: Sequence[bytes | None]) -> list[bytes | None]:
    """The same texts, an id each: 41f6ba0 counted those twice that a feed had told again."""
    origins, changed = dict[str, Coordinates](), list[bytes | None]()
    for value in values:
        with suppress(msgspec.DecodeError, TypeError):
            text = msgspec.json.decode(value or b"", type=ScoredText)
            if origins.setdefault(text.event_id, text.origin) != text.origin:
                value = msgspec.json.encode(msgspec.structs.replace(text, event_id=f"{text.event_id}@{text.origin}"))
        changed.append(value)
    return changed


def value_of(row: Mapping[str, Any]) -> bytes | None:
    if "value_base64" in row:
        return b64decode(row["value_base64"])
    return None if row["value"] is None else row["value"].encode()


async def read_on(config: DetectionConfig) -> list[bytes]:
    """The alerts that a worker of today writes."""
    worker = Worker(ledger(), config=config)
    handler = worker.start()
    for batch in batches():
        assert await handler.assigned(batch.topic, batch.partition) == batch.offsets[0]
        await handler.apply(handler.prepare(batch))
    return [value for _, value in worker.publisher.written]


def by_fingerprint(values: list[bytes]) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for value in values:
        alert = msgspec.json.decode(value)
        kept = {name: fact for name, fact in alert.items() if name not in (*REWORDED, *HEIGHT)}
        found[alert["fingerprint"]].append(kept)
    return found


def heights(values: list[bytes]) -> list[float]:
    """The figure that each record is judged by."""
    observed: list[dict[str, float]] = [msgspec.json.decode(value)["observed"] for value in sorted(values, key=at)]
    return [figures.get("texts", 0.0) for figures in observed]


def at(value: bytes) -> tuple[str, int, str]:
    alert = msgspec.json.decode(value)
    return alert["fingerprint"], alert["updated_at"], alert["state"]


def test_stored_state_of_41f6ba0_gives_the_same_alerts(tmp_path: Path) -> None:
    expected = [value.encode() for _, value in recorded()["alerts"]]
    rules = tmp_path / "rules.yml"
    rules.write_text(recorded()["shadow_rules"])
    found = asyncio.run(read_on(DetectionConfig(shadow_rules=read_alert_rules(rules), timers=load_timers())))
    assert by_fingerprint(found) == by_fingerprint(expected)
    assert all(one >= other for one, other in zip(heights(found), heights(expected), strict=True))
    kinds = {msgspec.json.decode(value, type=Alert).kind for value in found}
    assert len(kinds) > 3, "an evening without alerts would prove nothing"


def test_stored_state_of_41f6ba0_has_no_version() -> None:
    states = [
        b64decode(value)
        for hashes in recorded()["partitions"].values()
        for suffix in ("brands", "rooms")
        for value in hashes.get(suffix, {}).values()
    ]
    assert states
    assert all(state[0] >= 0x80 for state in states)


@pytest.mark.parametrize("subject", sorted(recorded()["high_water_marks"]))
def test_high_water_mark_of_41f6ba0_is_read(subject: str) -> None:
    codec = StoredCodec(HighWaterMark)
    stored = b64decode(recorded()["high_water_marks"][subject])
    mark = codec.decode(stored)
    assert mark.day > 0
    assert codec.encode(mark) == b"\x01" + stored


# -- the state of half a day before, 3f9583f, in the middle of a crisis and of a collapse

OLDER = RECORDED.with_name("detection-state-3f9583f.json.gz")


def ledger_of_3f9583f() -> MemoryLedger:
    return stored_in(msgspec.json.decode(gzip.decompress(OLDER.read_bytes()))["partitions"])


async def go_on(stored: MemoryLedger, texts: Sequence[ScoredText] = ()) -> Worker:
    """A worker of today over what is stored, and over these texts."""
    worker = Worker(stored)
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    first = await handler.assigned(SCORED, 0)
    if texts:
        await handler.apply(handler.prepare(text_batch(texts, first)))
    return worker


async def test_stored_state_of_3f9583f_is_read_on(caplog: pytest.LogCaptureFixture) -> None:
    calm = steady(6, range(17, 40), first_offset=5_000)
    worker = await go_on(ledger_of_3f9583f(), calm)
    assert [(alert.kind, alert.state) for alert in worker.publisher.alerts() if alert.kind == "crisis"][-1:] == [
        ("crisis", "resolved")
    ]
    assert not caplog.records


async def test_room_of_3f9583f_goes_on_with_its_alert() -> None:
    worker = Worker(ledger_of_3f9583f())
    handler = worker.start()
    first = await handler.assigned(LIVE, 0)
    back = [room_event(18 + at / 3, "viewers", 100, session_id="s1") for at in range(12)]
    await handler.apply(handler.prepare(room_batch(back, first)))
    assert [(alert.kind, alert.state) for alert in worker.publisher.alerts()] == [("room_collapse", "resolved")]


CUTS = ["cut short", "empty", "garbage"]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("suffix", ["brands", "progress", "rooms", "resolved"])
async def test_state_that_cannot_be_read_begins_anew_with_one_line(
    suffix: str, cut: str, caplog: pytest.LogCaptureFixture
) -> None:
    stored = ledger()
    for shard in stored.shards.values():
        for field, value in shard.values.get(suffix, {}).items():
            shard.values[suffix][field] = {"cut short": value[: len(value) // 2], "empty": b"", "garbage": b"\x93abc"}[
                cut
            ]
    worker = Worker(stored, config=DetectionConfig())
    handler = worker.start()
    for batch in batches():
        await handler.assigned(batch.topic, batch.partition)
        await handler.apply(handler.prepare(batch))
    assert worker.publisher.written
    lines = [record.getMessage() for record in caplog.records]
    assert all("begins anew" in line for line in lines)
    assert len(lines) == len(set(lines))
    assert bool(lines) == (suffix != "resolved")
