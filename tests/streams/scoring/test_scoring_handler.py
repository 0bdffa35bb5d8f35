"""The scoring stage: what goes out, in which order with the ledger, and the backlog of a model that is away."""

from collections.abc import Callable

import pytest

from streams.compliance.rulebook import Rulebook
from streams.errors import Fenced
from streams.events.schema import Actor
from streams.ledger.memory import MemoryLedger
from streams.scoring.handler import BACKLOG, MAX_BACKLOG, SLICE_COST, SLICE_TEXTS, ScoringHandler, cost_of
from streams.scoring.judge import QUOTED_CHARACTERS
from streams.scoring.model import ServedModel
from tests.fakes.scoring import NOW_MS, MemoryTexts, WordClassifier, batch, comment

LIVE = ("live.events", 0)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def topic() -> MemoryTexts:
    return MemoryTexts()


@pytest.fixture
def model() -> WordClassifier:
    return WordClassifier()


Handlers = Callable[[], ScoringHandler]


@pytest.fixture
def new_handler(ledger: MemoryLedger, topic: MemoryTexts, model: WordClassifier, rulebook: Rulebook) -> Handlers:
    return lambda: ScoringHandler(ledger, topic, rulebook, ServedModel(model, "r1"), lambda: NOW_MS)


@pytest.fixture
async def handler(new_handler: Handlers) -> ScoringHandler:
    handler = new_handler()
    await handler.assigned(*LIVE)
    return handler


async def test_text_goes_out_with_scores_findings_and_origin(handler: ScoringHandler, topic: MemoryTexts) -> None:
    speech = comment(1, "这是全网第一的面霜", kind="speech", session_id="s1", subject_id="c1")
    await handler.apply(handler.prepare(batch(comment(0, "bad parcel"), speech)))
    first, second = topic.texts
    assert (first.sentiment, first.flagged, first.scored, first.model_revision) == (
        "negative",
        ["complaint"],
        True,
        "r1",
    )
    assert (str(second.origin), second.kind, second.log_time_ms) == ("live.events:0:1", "host_speech", NOW_MS + 1001)
    assert {finding.family for finding in second.findings} == {"absolute_claim"}
    assert [key for key, _ in topic.records] == ["acme", "acme"]


async def test_only_finished_texts_of_this_room_are_scored(
    handler: ScoringHandler, topic: MemoryTexts, ledger: MemoryLedger
) -> None:
    events = (
        comment(0, "a growing caption", kind="speech", final=False),
        comment(1, "seen from another room", is_mirror=True),
        comment(2, "   "),
        comment(3, "not a text", kind="like"),
        b"not json",
        comment(5, "kept"),
    )
    await handler.apply(handler.prepare(batch(*events)))
    assert [text.event_id for text in topic.texts] == ["e5"]
    assert ledger.shards[LIVE].next_offset == 6


async def test_batch_without_texts_moves_the_offset(
    handler: ScoringHandler, topic: MemoryTexts, ledger: MemoryLedger
) -> None:
    await handler.apply(handler.prepare(batch(comment(0, "", kind="like"))))
    assert topic.records == []
    assert ledger.shards[LIVE].next_offset == 1


async def test_stored_text_and_its_findings_are_masked(handler: ScoringHandler, topic: MemoryTexts) -> None:
    await handler.apply(handler.prepare(batch(comment(0, "我电话13812345678，打给我"))))
    (text,) = topic.texts
    assert text.text == "我电话***********，打给我"
    assert [(finding.family, finding.span, finding.matched) for finding in text.findings] == [
        ("privacy_leak", (3, 14), "***********")
    ]


async def test_long_batch_is_stored_slice_by_slice(
    handler: ScoringHandler, topic: MemoryTexts, model: WordClassifier, ledger: MemoryLedger
) -> None:
    count = 2 * SLICE_TEXTS + 5
    await handler.apply(handler.prepare(batch(*(comment(n, f"text {n}") for n in range(count)))))
    assert [len(asked) for asked in model.asked] == [SLICE_TEXTS, SLICE_TEXTS, 5]
    assert [text.event_id for text in topic.texts] == [f"e{n}" for n in range(count)]
    assert ledger.shards[LIVE].next_offset == count


async def test_slices_of_long_texts_hold_fewer_of_them(handler: ScoringHandler, model: WordClassifier) -> None:
    long = "long " * 200
    count = SLICE_COST // cost_of(long)
    await handler.apply(handler.prepare(batch(*(comment(n, long) for n in range(count + 1)))))
    assert [len(asked) for asked in model.asked] == [count, 1]


async def test_slices_are_made_by_what_rules_read_too(handler: ScoringHandler, model: WordClassifier) -> None:
    texts = [comment(n, "1 " * 10_000) for n in range(20)]
    await handler.apply(handler.prepare(batch(*texts)))
    assert max(map(len, model.asked)) <= 9
    assert sum(map(len, model.asked)) == 20


async def test_match_of_a_whole_text_is_quoted_by_its_beginning(handler: ScoringHandler, topic: MemoryTexts) -> None:
    await handler.apply(handler.prepare(batch(comment(0, "好" * 19_000 + "加微信abc12345"))))
    (text,) = topic.texts
    assert all(len(finding.matched) <= QUOTED_CHARACTERS for finding in text.findings)
    assert text.findings


async def test_nothing_is_stored_before_kafka_has_it(
    handler: ScoringHandler, topic: MemoryTexts, ledger: MemoryLedger
) -> None:
    topic.refusals = 1
    await handler.apply(handler.prepare(batch(comment(0, "hello"))))
    assert len(topic.records) == 1
    assert ledger.shards[LIVE].next_offset == 1


async def test_worker_that_lost_its_partition_stops(
    handler: ScoringHandler, new_handler: Handlers, ledger: MemoryLedger
) -> None:
    await new_handler().assigned(*LIVE)
    with pytest.raises(Fenced):
        await handler.apply(handler.prepare(batch(comment(0, "hello"))))
    assert ledger.shards[LIVE].next_offset == 0


async def test_without_the_model_rules_go_on_and_texts_are_scored_later(
    handler: ScoringHandler, topic: MemoryTexts, model: WordClassifier, ledger: MemoryLedger
) -> None:
    model.down = True
    await handler.apply(handler.prepare(batch(comment(0, "bad, my phone is 415-555-2671"))))
    (unscored,) = topic.texts
    assert not unscored.scored
    assert unscored.sentiment is None
    assert {finding.family for finding in unscored.findings} == {"privacy_leak"}
    assert list(ledger.shards[LIVE].values[BACKLOG]) == ["0"]

    model.down = False
    await handler.apply(handler.prepare(batch(comment(1, "fine"), first_offset=1)))
    _, amended, new = topic.texts
    assert (amended.origin, amended.scored, amended.sentiment) == (unscored.origin, True, "negative")
    assert amended.findings == unscored.findings
    assert new.event_id == "e1"
    assert ledger.shards[LIVE].values[BACKLOG] == {}


async def test_successor_rescores_its_predecessors_backlog(
    handler: ScoringHandler, new_handler: Handlers, topic: MemoryTexts, model: WordClassifier
) -> None:
    model.down = True
    await handler.apply(handler.prepare(batch(comment(0, "bad"))))
    model.down = False
    successor = new_handler()
    assert await successor.assigned(*LIVE) == 1
    await successor.apply(successor.prepare(batch(comment(1, "", kind="like"), first_offset=1)))
    assert [(text.event_id, text.scored) for text in topic.texts] == [("e0", False), ("e0", True)]


async def test_text_that_the_model_cannot_read_is_not_in_the_backlog(
    handler: ScoringHandler, topic: MemoryTexts, ledger: MemoryLedger
) -> None:
    await handler.apply(handler.prepare(batch(comment(0, "strange"), comment(1, "fine"))))
    assert [text.scored for text in topic.texts] == [False, True]
    assert ledger.shards[LIVE].values[BACKLOG] == {}


async def test_backlog_is_bounded_and_the_oldest_leave(
    handler: ScoringHandler, model: WordClassifier, ledger: MemoryLedger
) -> None:
    model.down = True
    await handler.apply(handler.prepare(batch(*(comment(n, "bad") for n in range(MAX_BACKLOG + 3)))))
    backlog = ledger.shards[LIVE].values[BACKLOG]
    assert len(backlog) == MAX_BACKLOG
    assert min(map(int, backlog)) == 3


async def test_stage_without_any_model_leaves_texts_unscored(
    ledger: MemoryLedger, topic: MemoryTexts, rulebook: Rulebook
) -> None:
    handler = ScoringHandler(ledger, topic, rulebook, None, lambda: NOW_MS)
    await handler.assigned(*LIVE)
    await handler.apply(handler.prepare(batch(comment(0, "bad"))))
    assert [text.scored for text in topic.texts] == [False]


async def test_claim_broken_over_two_captions_is_found_once(handler: ScoringHandler, topic: MemoryTexts) -> None:
    first = comment(0, "家人们这款是全网最", kind="speech", session_id="s1", subject_id="c1")
    second = comment(1, "低价的一次，快来", kind="speech", session_id="s1", subject_id="c2")
    await handler.apply(handler.prepare(batch(first, second)))
    assert [[finding.family for finding in text.findings] for text in topic.texts] == [[], ["absolute_claim"]]


async def test_revoked_partition_is_forgotten(handler: ScoringHandler) -> None:
    await handler.revoked(*LIVE)
    with pytest.raises(KeyError):
        await handler.apply(handler.prepare(batch(comment(0, "hello"))))


async def test_retraction_goes_on_to_those_who_hold_texts_in_its_order(
    handler: ScoringHandler, topic: MemoryTexts, ledger: MemoryLedger
) -> None:
    events = (
        comment(0, "bad parcel"),
        comment(1, "", kind="retraction", retracts="e0"),
        comment(2, "kept"),
        comment(3, "", kind="account_deletion", actor=Actor("gone")),
        comment(4, "", kind="retraction", retracts="e2", is_mirror=True),
    )
    await handler.apply(handler.prepare(batch(*events)))
    assert [(text.event_id, text.kind, text.retracts) for text in topic.texts] == [
        ("e0", "comment", None), ("e1", "retraction", "e0"), ("e2", "comment", None), ("e3", "retraction", None),
    ]  # fmt: skip
    assert [text.scored for text in topic.texts] == [True, False, True, False]
    assert topic.texts[3].actor is not None
    assert ledger.shards[LIVE].values[BACKLOG] == {}


async def test_retraction_waits_for_no_model(new_handler: Handlers, topic: MemoryTexts, ledger: MemoryLedger) -> None:
    """It joins no backlog, and goes out where every text of its slice stays unscored."""
    handler = new_handler()
    await handler.assigned(*LIVE)
    await handler.apply(handler.prepare(batch(comment(0, "", kind="retraction", retracts="e9"))))
    assert [text.kind for text in topic.texts] == ["retraction"]
    assert not ledger.shards[LIVE].values[BACKLOG]


async def test_text_in_a_foreign_language_goes_out_unscored_with_its_reason(
    handler: ScoringHandler, topic: MemoryTexts, model: WordClassifier
) -> None:
    foreign = comment(0, "llegó todo roto y nadie responde, 13800138000", lang="en")
    await handler.apply(handler.prepare(batch(foreign, comment(1, "bad parcel"), comment(2, "もう二度と買わない"))))
    first = topic.texts[0]
    assert [(text.scored, text.unscored) for text in topic.texts] == [
        (False, "language"),
        (True, None),
        (False, "language"),
    ]
    assert (first.sentiment, first.flagged, first.text) == (None, [], "llegó todo roto y nadie responde, ***********")
    assert {finding.family for finding in first.findings} == {"privacy_leak"}


async def test_foreign_texts_wait_for_no_model(
    handler: ScoringHandler, ledger: MemoryLedger, topic: MemoryTexts
) -> None:
    await handler.apply(handler.prepare(batch(comment(0, "muito bom"), comment(1, "진짜 예뻐요"))))
    assert [text.unscored for text in topic.texts] == ["language", "language"]
    claim = await ledger.acquire("live.events", 0)
    assert await ledger.load_hash(claim, "unscored") == {}
