"""Whatever a feed writes, every record has a fate, no stage fails, and honest records around it are counted exactly."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.json import encode
from prometheus_client import REGISTRY

from streams.compliance.rulebook import Rulebook
from streams.detection.handler import DetectionHandler
from streams.detection.room.room import CODEC as ROOM
from streams.engagement.handler import EngagementHandler
from streams.events.codec import Reason, decode_one
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Event
from streams.ledger.memory import MemoryLedger
from streams.scoring.handler import ScoringHandler
from streams.scoring.model import ServedModel
from streams.topology import LIVE, SCORED, SOCIAL
from streams.transport.batch import Batch
from streams.transport.handler import BatchHandler
from tests.builders.hostile_records import (
    HONEST,
    NOW_MS,
    ODD_LOGS,
    TIMES,
    decoded_text,
    honest_event,
    hostile_events,
    hostile_texts,
)
from tests.fakes.detection_worker import Worker
from tests.fakes.engagement_worker import Counted
from tests.fakes.scoring import MemoryTexts, WordClassifier
from tests.oracle.recount import recount

STEP_MS = 1_500
"""Between two records of the log."""
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))
RECORDS = st.lists(hostile_events(), min_size=1, max_size=14)

Log = tuple[Sequence[bytes | None], Sequence[int]]


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return Rulebook.load()


def with_honest(values: Sequence[bytes | None]) -> tuple[Log, int]:
    """The records with an honest one before and behind each, stamped by the broker; how many honest ones there are."""
    log: list[bytes | None] = []
    stamps_ms: list[int] = []
    for at in range(2 * len(values) + 1):
        stamps_ms.append(NOW_MS + at * STEP_MS)
        log.append(encode(honest_event(at // 2, stamps_ms[-1])) if at % 2 == 0 else values[at // 2])
    return (log, stamps_ms), len(values) + 1


def batch_of(topic: str, log: Log) -> Batch:
    return Batch(topic, 0, range(len(log[0])), log[1], log[0])


def fates(stage: str) -> Counter[str]:
    """How many records of the stage had which fate, since the process began."""
    metric = next(one for one in REGISTRY.collect() if one.name == "pulsewatch_events")
    samples = [one for one in metric.samples if one.name.endswith("_total") and one.labels["stage"] == stage]
    return Counter({one.labels["fate"]: int(one.value) for one in samples})


async def run(handler: BatchHandler[Any], batch: Batch) -> Counter[str]:
    """The fates of a batch's records."""
    before = fates(handler.stage)
    await handler.assigned(batch.topic, batch.partition)
    await handler.apply(handler.prepare(batch))
    return fates(handler.stage) - before


async def check_engagement(log: Log, honest: int) -> MemoryDeadLetterSink:
    """Every record is counted, a duplicate, late or a dead letter, and the sums are those of a recount."""
    ledger, letters = MemoryLedger(), MemoryDeadLetterSink()
    handler = EngagementHandler(ledger, letters, session_ttl_seconds=3_600, clock=lambda: NOW_MS)
    assert (await run(handler, batch_of(LIVE, log))).total() == len(log[0])
    assert {one.reason for one in letters.letters.values()} <= set(get_args(Reason))
    decoded = [decode_one(value, at, ms) for at, (value, ms) in enumerate(zip(*log, strict=True))]
    read = [(at, encode(one), log[1][at]) for at, one in enumerate(decoded) if isinstance(one, Event)]
    expected = recount([read])  # events that contradict themselves keep others of their id out, so they are in it
    assert len(log[0]) - len(read) + expected.fates["dead_letter"] == len(letters.letters)
    counted = {scoped: {name: n for name, n in sums.items() if n} for scoped, sums in expected.sums.items()}
    found = Counted(ledger.shards[LIVE, 0]).sums()
    assert {k: v for k, v in found.items() if v} == {k: v for k, v in counted.items() if v}
    session = found[f"session:{HONEST}", "s"]
    assert session.get("likes", 0) + session.get("comments", 0) == honest
    return letters


async def check_scoring(topic: str, log: Log, rulebook: Rulebook, refused: set[int]) -> MemoryTexts:
    """Every text goes out once, every other record is skipped."""
    texts = MemoryTexts()
    model = ServedModel(WordClassifier(), "words")
    handler = ScoringHandler(MemoryLedger(), texts, rulebook, model, lambda: NOW_MS)
    told = await run(handler, batch_of(topic, log))
    written = [one.origin.offset for one in texts.texts]
    assert len(written) == len(set(written))
    assert refused.isdisjoint(written)
    taken_back = sum(one.kind == "retraction" for one in texts.texts)
    assert told["skipped"] + told["applied"] + taken_back == len(log[0])
    return texts


async def check_rooms(log: Log, refused: set[int]) -> None:
    """Every event of a room is applied, a duplicate or late; the honest room has all of its own."""
    worker = Worker()
    handler = worker.start()
    told = await run(handler, batch_of(LIVE, log))
    assert told.total() <= len(log[0]) - len(refused)
    assert not worker.dead_letters.letters
    shard = worker.ledger.shards[LIVE, 0]
    assert shard.next_offset == len(log[0])
    assert ROOM.decode(shard.values["rooms"][HONEST]).late_records == 0


async def check_brands(values: Sequence[bytes | None], comments: int) -> None:
    """Every scored text has a fate, and the honest brand all of its own."""
    worker = Worker()
    handler: DetectionHandler = worker.start()
    told = await run(handler, Batch(SCORED, 0, range(len(values)), [NOW_MS] * len(values), values))
    assert told.total() == len(values)
    shard = worker.ledger.shards[SCORED, 0]
    assert shard.next_offset == len(values)
    views = [sums for suffix, sums in shard.numbers.items() if _is_of_honest_texts(suffix)]
    assert sum(n for sums in views for name, n in sums.items() if name.endswith("|texts")) == comments


def _is_of_honest_texts(suffix: str) -> bool:
    return suffix.startswith("texts:") and suffix.endswith(f":{HONEST}")


async def check_everything(values: Sequence[bytes | None], rulebook: Rulebook) -> None:
    log, honest = with_honest(values)
    refused = {origin.offset for origin in (await check_engagement(log, honest)).letters}
    texts = await check_scoring(LIVE, log, rulebook, refused)
    await check_scoring(SOCIAL, log, rulebook, refused)
    await check_rooms(log, refused)
    written = [value for _, value in texts.records]
    comments = sum(decoded_text(value).brand_id == HONEST for value in written)
    assert comments == (honest + 1) // 2
    await check_brands(written, comments)


@FEW
@given(values=RECORDS)
async def test_hostile_records_have_a_fate_and_harm_no_honest_one(
    rulebook: Rulebook, values: list[bytes | None]
) -> None:
    await check_everything(values, rulebook)


@pytest.mark.parametrize("values", ODD_LOGS.values(), ids=ODD_LOGS)
async def test_odd_records_have_a_fate_and_harm_no_honest_one(rulebook: Rulebook, values: list[bytes]) -> None:
    await check_everything(values, rulebook)


@pytest.mark.slow
@MANY
@given(values=RECORDS)
async def test_many_hostile_records_have_a_fate_and_harm_no_honest_one(
    rulebook: Rulebook, values: list[bytes | None]
) -> None:
    await check_everything(values, rulebook)


async def check_stamps(values: Sequence[bytes | None], stamps_ms: Sequence[int], rulebook: Rulebook) -> None:
    """A log that a feed stamps, as it likes."""
    log = values, [stamps_ms[at % len(stamps_ms)] for at in range(len(values))]
    letters = MemoryDeadLetterSink()
    engagement = EngagementHandler(MemoryLedger(), letters, session_ttl_seconds=3_600, clock=lambda: NOW_MS)
    assert (await run(engagement, batch_of(LIVE, log))).total() == len(values)
    refused = {origin.offset for origin in letters.letters}
    texts = await check_scoring(LIVE, log, rulebook, refused)
    detection = Worker()
    assert (await run(detection.start(), batch_of(LIVE, log))).total() <= len(values) - len(refused)
    if texts.records:
        await check_brands([value for _, value in texts.records], 0)


@FEW
@given(values=RECORDS, stamps_ms=st.lists(st.sampled_from(TIMES), min_size=1, max_size=8))
async def test_stamps_of_any_time_stop_no_stage(
    rulebook: Rulebook, values: list[bytes | None], stamps_ms: list[int]
) -> None:
    await check_stamps(values, stamps_ms, rulebook)


@pytest.mark.slow
@MANY
@given(values=RECORDS, stamps_ms=st.lists(st.sampled_from(TIMES), min_size=1, max_size=8))
async def test_many_stamps_of_any_time_stop_no_stage(
    rulebook: Rulebook, values: list[bytes | None], stamps_ms: list[int]
) -> None:
    await check_stamps(values, stamps_ms, rulebook)


async def check_texts(values: Sequence[bytes | None]) -> None:
    worker = Worker()
    told = await run(worker.start(), Batch(SCORED, 0, range(len(values)), [NOW_MS] * len(values), values))
    assert told.total() == len(values)
    assert worker.ledger.shards[SCORED, 0].next_offset == len(values)
    assert {one.reason for one in worker.dead_letters.letters.values()} <= set(get_args(Reason))


@FEW
@given(values=st.lists(hostile_texts(), min_size=1, max_size=20))
async def test_scored_texts_of_strangers_stop_no_detection(values: list[bytes | None]) -> None:
    await check_texts(values)


@pytest.mark.slow
@MANY
@given(values=st.lists(hostile_texts(), min_size=1, max_size=20))
async def test_many_scored_texts_of_strangers_stop_no_detection(values: list[bytes | None]) -> None:
    await check_texts(values)


@pytest.mark.parametrize(
    "text", ["最好" * 10_000, "1 " * 10_000, "<b>" * 6_600, "&#26368;" * 2_500, "電" * 20_000, "a." * 10_000]
)
async def test_longest_texts_have_a_fate_in_every_stage(rulebook: Rulebook, text: str) -> None:
    made = {"event_id": "e1", "source": "feed", "platform": "weibo", "kind": "comment", "brand_id": "acme",
            "event_time": NOW_MS, "ingest_time": NOW_MS, "text": text}  # fmt: skip
    await check_everything([encode(made)], rulebook)
