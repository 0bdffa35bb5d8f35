"""Every record has one fate, the same for all stages: no record leaves an exception, whatever it holds."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compliance.rulebook import Rulebook
from streams.detection.decode import room_events
from streams.engagement.dictionary import CONTRIBUTIONS
from streams.engagement.handler import EngagementHandler
from streams.events.codec import contradiction
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import RUNNING_TOTAL_KINDS, Actor, Event, ScoredText
from streams.ledger.memory import MemoryLedger
from streams.scoring.handler import ScoringHandler
from streams.scoring.model import ServedModel
from streams.topology import LIVE, SCORED
from streams.transport.batch import Batch
from tests.builders.records import text
from tests.fakes.detection_worker import Worker
from tests.fakes.scoring import MemoryTexts, WordClassifier

NOW_MS = 1_795_000_000_000
GOOD: dict[str, Any] = msgspec.to_builtins(
    Event(
        "e1", "douyin-live", "douyin", "comment", "b1", NOW_MS, NOW_MS + 20, Actor("p1", followers=7), "r1",
        session_id="s1", product_id="q1", subject_id="x1", text="好看", lang="zh", source_seq=3,
    )
)  # fmt: skip
GOOD_TEXT: dict[str, Any] = msgspec.to_builtins(
    text(0, log_time_ms=NOW_MS, event_time_ms=NOW_MS, room_id="r1", findings=[], risks={"complaint": 0.4})
)
KINDS = ("like", "comment", "gift", "viewers", "retraction", "enter", "leave", "watch", "speech", "order", "refund")
ODD: Sequence[Any] = (
    0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**10, 10**10 + 1, 10**20, 10**30, 1e20, 1e30, 1e308, 1.5,
    -0.0, True, None, "", "x", "x" * 129, "1" * 20_001, "\u2028\u202e", {}, [], {"id": "p"},
    {"id": "p", "followers": 1e20},    [[[[]]]], {"a": {"b": {"c": 1}}}, NOW_MS, str(NOW_MS),
)  # fmt: skip


@st.composite
def record(draw: st.DrawFn, good: dict[str, Any]) -> bytes:
    """A record that is valid, or nearly: some of its fields are odd, missing, twice there, or no JSON at all."""
    fields = dict(good)
    if "ingest_time" in fields:
        fields["kind"] = draw(st.sampled_from(KINDS))
        fields["value_mode"] = draw(st.sampled_from(("delta", "delta", "snapshot", "aggregate")))
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=2)):
        fields[name] = draw(st.sampled_from(ODD))
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=1)):
        del fields[name]
    raw = msgspec.json.encode(fields)
    if not draw(st.integers(0, 4)):
        extra = draw(
            st.sampled_from(
                (rb',"value":1e400', b',"value":NaN', rb',"text":"\ud800"', b',"value":7', b',"text":"\xff"',
                 b',"z":[[', b',"actor":{"id":"p","id":"q"}',
                 b',"amount":123456789012345678901234567890',)
            )
        )  # fmt: skip
        raw = raw[:-1] + extra + b"}"
    return raw


class Stages:
    """The three handlers over ledgers of their own."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.letters = MemoryDeadLetterSink()
        self.engagement = EngagementHandler(MemoryLedger(), self.letters, session_ttl_seconds=60, clock=lambda: NOW_MS)
        self.texts = MemoryTexts()
        model = ServedModel(WordClassifier(), "words")
        self.scoring = ScoringHandler(MemoryLedger(), self.texts, rulebook, model, lambda: NOW_MS)
        self.worker = Worker()
        self.detection = self.worker.start()

    def handlers(self) -> Iterator[Any]:
        yield from (self.engagement, self.scoring, self.detection)


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return Rulebook.load()


@settings(max_examples=60, deadline=None)
@given(values=st.lists(record(GOOD), min_size=1, max_size=12))
async def test_stages_agree_on_the_fate_of_every_record(rulebook: Rulebook, values: list[bytes]) -> None:
    values = [value.replace(b'"e1"', b'"e%d"' % at) for at, value in enumerate(values)]
    batch = Batch(LIVE, 0, range(len(values)), [NOW_MS] * len(values), values)
    stages = Stages(rulebook)
    for handler in stages.handlers():
        await handler.assigned(LIVE, 0)
        await handler.apply(handler.prepare(batch))
    refused = {origin.offset for origin in stages.letters.letters}
    seen = {one.origin.offset for one, _, _ in room_events(batch).readable if one.origin is not None}
    assert not seen & refused
    assert not {one.origin.offset for one in stages.texts.texts} & refused
    assert not stages.worker.dead_letters.letters


@settings(max_examples=60, deadline=None)
@given(values=st.lists(record(GOOD_TEXT), min_size=1, max_size=12))
async def test_detection_takes_or_dead_letters_every_scored_text(values: list[bytes]) -> None:
    batch = Batch(SCORED, 0, range(len(values)), [NOW_MS] * len(values), values)
    worker = Worker()
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    await handler.apply(handler.prepare(batch))
    assert worker.ledger.shards[SCORED, 0].next_offset == len(values)


@pytest.mark.parametrize(
    ("field", "value"),
    [("value", 10**30), ("value", 2**53 + 1), ("amount", 2**64), ("actor", {"id": "p", "followers": 10**20}),
     ("brand_id", "b" * 1_100_000), ("ingest_time", 10**30), ("source_seq", 2**64), ("schema_version", 10**25),
     ("source", "s" * 129), ("lang", "l" * 17)],
)  # fmt: skip
async def test_record_beyond_the_bounds_is_dead_lettered_once(rulebook: Rulebook, field: str, value: Any) -> None:
    bad = msgspec.json.encode(GOOD | {"kind": "like", field: value})
    batch = Batch(LIVE, 0, [0], [NOW_MS], [bad])
    stages = Stages(rulebook)
    for handler in stages.handlers():
        await handler.assigned(LIVE, 0)
        await handler.apply(handler.prepare(batch))
    (letter,) = stages.letters.letters.values()
    assert letter.reason in ("out_of_range", "too_large")
    assert not room_events(batch).readable
    assert not stages.worker.dead_letters.letters


async def test_large_numbers_within_the_bounds_never_overflow_detection() -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    values = [msgspec.json.encode(GOOD | {"event_id": f"e{at}", "kind": "like", "value": 2**53}) for at in range(3_000)]
    await handler.apply(handler.prepare(Batch(LIVE, 0, range(3_000), [NOW_MS] * 3_000, values)))
    assert worker.ledger.shards[LIVE, 0].next_offset == 3_000


@pytest.mark.parametrize("log_time_ms", [-1, 0, NOW_MS])
async def test_text_of_a_log_without_times_is_no_dead_letter(log_time_ms: int) -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    value = msgspec.json.encode(GOOD_TEXT | {"log_time": log_time_ms})
    await handler.apply(handler.prepare(Batch(SCORED, 0, [0], [log_time_ms], [value])))
    assert not worker.dead_letters.letters


def test_kinds_with_a_running_total_are_those_that_engagement_sums() -> None:
    summed = {kind for kind, one in CONTRIBUTIONS.items() if [measure for _, measure in one.adds] == ["value"]}
    assert summed == RUNNING_TOTAL_KINDS


def test_mirrored_event_contradicts_nothing() -> None:
    gift = msgspec.convert(GOOD | {"kind": "order", "value_mode": "snapshot"}, Event)
    assert contradiction(gift) == ("contradiction", "a snapshot of order")
    assert contradiction(msgspec.structs.replace(gift, is_mirror=True)) is None


def test_scored_text_that_scoring_writes_is_within_the_bounds() -> None:
    assert msgspec.convert(GOOD_TEXT, ScoredText).brand_id == "acme"
