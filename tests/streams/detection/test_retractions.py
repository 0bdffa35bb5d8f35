"""Texts that are taken back: nothing quotes them any more, and nothing counts them that still could."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from streams.alerts.alert import Alert
from streams.alerts.keys import ACTIVE, RESOLVED, SHADOW
from streams.detection.brand.brand import CODEC
from streams.detection.views.keys import ten_minute_suffix, ten_minutes_of
from streams.events.schema import Actor, Coordinates, ScoredText
from streams.topology import SCORED, SOCIAL
from tests.builders.records import at, speech, steady, text, text_batch
from tests.fakes.detection_worker import Worker

USUAL = steady(4, range(30))
CRISIS = steady(60, range(30, 35), first_offset=10_000, mood="negative")


def retraction(minute: float, offset: int, retracts: str | None, **changes: Any) -> ScoredText:
    facts: dict[str, Any] = {
        "kind": "retraction", "text": "", "scored": False, "sentiment": None, "actor": None, "retracts": retracts,
    }  # fmt: skip
    return text(minute, offset, **(facts | changes))


def retractions(minute: float, texts: Sequence[ScoredText], first_offset: int = 50_000) -> list[ScoredText]:
    return [retraction(minute, first_offset + number, one.event_id) for number, one in enumerate(texts)]


async def play(*batches: Sequence[ScoredText], worker: Worker | None = None) -> Worker:
    """A worker that dies after each batch."""
    worker = worker or Worker()
    for batch in batches:
        handler = worker.start()
        first = await handler.assigned(SCORED, 0)
        await handler.apply(handler.prepare(text_batch(batch, first)))
    return worker


def kept(worker: Worker, suffix: str) -> list[Alert]:
    shard = worker.ledger.shards[SCORED, 0]
    return [msgspec.json.decode(value, type=Alert) for value in shard.values[suffix].values()]


def latest(worker: Worker) -> dict[str, Alert]:
    """The alerts topic after compaction."""
    return {alert.fingerprint: alert for alert in worker.publisher.alerts()}


def state(worker: Worker) -> Any:
    return CODEC.decode(worker.ledger.shards[SCORED, 0].values["brands"]["acme"])


def terms(worker: Worker, minute: float) -> dict[str, int]:
    suffix = ten_minute_suffix("terms", ten_minutes_of(at(minute)), "acme")
    return {name: n for name, n in worker.ledger.shards[SCORED, 0].numbers[suffix].items() if n}


async def test_quotes_of_a_firing_alert_go_with_their_texts() -> None:
    worker = await play([*USUAL, *CRISIS])
    [firing] = [alert for alert in kept(worker, ACTIVE) if alert.kind == "crisis"]
    assert firing.evidence
    await play(retractions(36, CRISIS), worker=worker)
    for alert in (*kept(worker, ACTIVE), *latest(worker).values()):
        assert alert.evidence == []
    assert set(latest(worker)[firing.fingerprint].withdrawn) >= {evidence.text_id for evidence in firing.evidence}


async def test_quotes_of_an_alert_that_is_over_go_too() -> None:
    quiet = steady(4, range(35, 75), first_offset=20_000)
    worker = await play([*USUAL, *CRISIS, *quiet])
    [over] = [alert for alert in kept(worker, RESOLVED) if alert.kind == "crisis"]
    quoted = [one for one in CRISIS if str(one.origin) in {str(evidence.origin) for evidence in over.evidence}]
    await play(retractions(76, quoted[:1]), worker=worker)
    [left] = [alert for alert in kept(worker, RESOLVED) if alert.kind == "crisis"]
    assert len(left.evidence) == len(over.evidence) - 1
    assert latest(worker)[over.fingerprint] == left
    assert left.state == "resolved"
    await play(retractions(77, quoted[1:], 60_000), worker=worker)
    [left] = [alert for alert in kept(worker, RESOLVED) if alert.kind == "crisis"]
    assert (left.evidence, len(left.withdrawn)) == ([], len(over.evidence))


async def test_window_and_views_lose_what_is_taken_back() -> None:
    one = text(31, 9_000, mood="negative", text="the zipper broke", actor=Actor("a-1"))
    without, taken = (
        await play([*USUAL, *steady(4, [32], first_offset=9_500)]),
        await play([*USUAL, one, *steady(4, [32], first_offset=9_500)], retractions(32.9, [one])),
    )
    assert "zipper" not in terms(taken, 31)
    assert terms(taken, 31) == terms(without, 31)
    minutes = state(taken).conversation.windows.minutes
    assert minutes[at(31) // 60_000].texts == minutes[at(31) // 60_000].harm == 0
    assert "a-1" not in state(taken).conversation.evidence.accounts


async def test_crisis_that_is_taken_back_is_calm() -> None:
    worker = await play([*USUAL, *CRISIS], retractions(35.5, CRISIS), steady(4, range(36, 50), first_offset=60_000))
    assert [alert.kind for alert in kept(worker, ACTIVE)] == []
    [over] = [alert for alert in kept(worker, RESOLVED) if alert.kind == "crisis"]
    assert over.resolved_at is not None
    assert over.resolved_at <= at(48)


async def test_text_is_taken_back_once() -> None:
    one = text(31, 9_000, text="zipper zipper")
    other = text(31, 9_001, text="zipper", event_id="another")
    worker = await play([*USUAL, one, other], retractions(32, [one]), retractions(33, [one], 51_000))
    assert terms(worker, 31)["zipper"] == 1


async def test_text_that_comes_after_its_retraction_counts_nothing() -> None:
    one = text(32, 9_000, text="zipper", event_id="late-1")
    worker = await play([*USUAL, retraction(31.5, 8_999, "late-1"), one])
    assert "zipper" not in terms(worker, 32)


async def test_scores_that_come_after_the_retraction_count_nothing() -> None:
    unscored = text(31, 9_000, mood="unscored", text="zipper")
    scored = msgspec.structs.replace(unscored, scored=True, sentiment="negative")
    worker = await play([*USUAL, unscored], retractions(32, [unscored]), [scored])
    assert state(worker).conversation.windows.minutes[at(31) // 60_000].harm == 0
    assert "zipper" not in terms(worker, 31)


async def test_retraction_by_another_source_takes_nothing() -> None:
    one = text(31, 9_000, text="zipper", event_id="7")
    other = retraction(32, 9_001, "7", source="another-feed")
    assert terms(await play([*USUAL, one, other]), 31)["zipper"] == 1


async def test_breach_stays_and_its_quote_goes() -> None:
    said = speech(30, 9_000, "absolute_claim", text="最好 zipper")
    worker = await play([*USUAL, said], retractions(31, [said]))
    [breach] = [alert for alert in kept(worker, ACTIVE) if alert.kind == "compliance"]
    assert (breach.evidence, breach.observed["findings"]) == ([], 1.0)
    assert "最好" not in breach.summary + breach.explanation


async def test_account_that_is_gone_takes_its_texts_along() -> None:
    gone, stays = Actor("gone"), Actor("stays")
    texts = [
        text(31, 9_000 + number, mood="negative", text=f"zipper broke {number}", actor=actor)
        for number, actor in enumerate([gone, stays] * 40)
    ]
    worker = await play([*USUAL, *texts])
    assert {evidence.actor_id for alert in kept(worker, ACTIVE) for evidence in alert.evidence} >= {"gone"}
    await play([retraction(32, 9_900, None, actor=gone)], worker=worker)
    for alert in (*kept(worker, ACTIVE), *latest(worker).values()):
        assert "gone" not in {evidence.actor_id for evidence in alert.evidence} | alert.spreaders.keys()
    assert terms(worker, 31)["zipper"] == 40
    assert state(worker).conversation.windows.minutes[at(31) // 60_000].harm == 40


async def test_account_that_a_room_sends_away_keeps_its_texts_elsewhere() -> None:
    gone = Actor("gone")
    texts = [
        text(31, 9_000 + number, mood="negative", text=f"zipper broke {number}", actor=gone, room_id=room_id)
        for number, room_id in enumerate(["r1", "r2", None] * 30)
    ]
    worker = await play([*USUAL, *texts], [retraction(32, 9_900, None, actor=gone, room_id="r1")])
    quoted = {evidence.room_id for alert in kept(worker, ACTIVE) for evidence in alert.evidence}
    assert quoted
    assert "r1" not in quoted
    assert terms(worker, 31)["zipper"] == 60
    assert state(worker).conversation.windows.minutes[at(31) // 60_000].harm == 60


async def test_text_that_two_collectors_tell_is_counted_once() -> None:
    told = [
        text(31, 9_000 + at, text="zipper", event_id=f"{source}:7", source=source, platform="douyin")
        for at, source in enumerate(["douyin-live-a", "douyin-live-b", "douyin-live-c"])
    ]
    other = text(31, 9_100, text="zipper", event_id="douyin-live-a:8", source="douyin-live-a", platform="douyin")
    for batches in ([told, [other]], [[one] for one in [*told, other]]):
        worker = await play(USUAL, *batches)
        assert terms(worker, 31)["zipper"] == 2
        assert state(worker).conversation.windows.minutes[at(31) // 60_000].texts == 2


async def test_retraction_about_an_unknown_brand_makes_none() -> None:
    worker = await play([retraction(1, 1, "nothing", brand_id="unknown")])
    assert worker.ledger.shards[SCORED, 0].values["brands"] == {}


@pytest.mark.parametrize("suffix", [ACTIVE, RESOLVED, SHADOW])
async def test_alerts_of_before_are_kept_without_their_texts_ids(suffix: str) -> None:
    """What an earlier version stored quotes texts without an id: it is left as it is."""
    worker = await play(USUAL)
    old = {"origin": Coordinates(SOCIAL, 0, 1), "event_time": at(1), "text": "old"}
    alert = Alert("f1", "crisis", "warning", "resolved", "acme", at(1), at(2), "s", "e", "r")
    value = msgspec.json.encode(msgspec.to_builtins(alert) | {"evidence": [msgspec.to_builtins(old)]})
    worker.ledger.shards[SCORED, 0].values[suffix]["f1"] = value
    await play([retraction(31, 9_000, "e1")], worker=worker)
    assert worker.ledger.shards[SCORED, 0].values[suffix]["f1"] == value
