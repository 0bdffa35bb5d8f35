"""The stage over the ledger in memory: the same records give the same alerts, whatever dies when."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.alerts.alert import Alert
from streams.alerts.keys import ACTIVE, RESOLVED, SHADOW
from streams.alerts.rule import AlertRule
from streams.clock import HOUR_MS
from streams.detection.config import DetectionConfig
from streams.detection.handler import KEPT_RESOLVED, KEPT_SHADOW
from streams.detection.views.keys import HEARD, texts_suffix
from streams.errors import Fenced
from streams.events.schema import Coordinates, ScoredText
from streams.topology import LIVE, SCORED, SOCIAL
from streams.transport.batch import Batch
from tests.builders.records import (
    START_MS,
    at,
    room_batch,
    room_event,
    speech,
    steady,
    text,
    text_batch,
)
from tests.fakes.detection_worker import Died, MemoryAlerts, Worker


def story() -> list[ScoredText]:
    """Two brands for forty minutes: a crisis, a silent feed, breaches by a host, repeats, and scores that come late."""
    acme = [*steady(6, range(40)), *steady(30, range(12, 18), first_offset=1_000, mood="negative")]
    other = [
        *steady(3, range(40), brand_id="other"),
        *steady(2, range(12), brand_id="other", source="bluesky-jetstream"),
        *(speech(minute, 0, "absolute_claim", brand_id="other") for minute in (8, 10, 11)),
        *steady(1, range(20, 24), brand_id="other", mood="unscored"),
    ]
    ordered = sorted([*acme, *other], key=lambda one: one.log_time_ms)
    texts = [
        msgspec.structs.replace(
            one,
            origin=Coordinates(LIVE if one.room_id or number % 3 == 0 else SOCIAL, 0, number),
            event_id=f"e{number}",
        )
        for number, one in enumerate(ordered)
    ]
    amended = [msgspec.structs.replace(one, scored=True, sentiment="negative") for one in texts if not one.scored]
    return [*texts[:250], *texts[200:], *amended]


STORY = story()
CUTS = st.lists(st.integers(1, len(STORY) - 1), max_size=12)


async def tell(worker: Worker, cuts: Sequence[int], deaths: Sequence[int]) -> list[Alert]:
    """The story in batches that end at the cuts, with a new worker before each of the batches in `deaths`."""
    handler, borders = worker.start(), sorted({0, *cuts, len(STORY)})
    next_offset = await handler.assigned(SCORED, 0)
    for number, (start, end) in enumerate(pairwise(borders)):
        if number in deaths:
            handler = worker.start()
            next_offset = await handler.assigned(SCORED, 0)
        assert next_offset == start
        await handler.apply(handler.prepare(text_batch(STORY[start:end], start)))
        next_offset = end
    return worker.publisher.alerts()


EXPECTED = asyncio.run(tell(Worker(), [], []))


def test_story_has_the_alerts_that_it_should() -> None:
    last = {alert.fingerprint: alert for alert in EXPECTED}
    assert {(alert.kind, alert.brand_id, alert.state) for alert in last.values()} == {
        ("crisis", "acme", "resolved"),
        ("feed_silent", "other", "firing"),
        ("compliance", "other", "resolved"),
    }


@settings(max_examples=40, deadline=None)
@given(cuts=CUTS, deaths=st.sets(st.integers(0, 12)))
def test_same_records_give_the_same_alerts_whatever_the_batches_and_restarts(cuts: list[int], deaths: set[int]) -> None:
    assert asyncio.run(tell(Worker(), cuts, sorted(deaths))) == EXPECTED


async def test_alert_survives_the_death_of_the_worker_that_raised_it() -> None:
    worker = Worker(publisher=MemoryAlerts(dies_before=1))
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    with pytest.raises(Died):
        await handler.apply(handler.prepare(text_batch(STORY)))
    assert worker.publisher.written == []

    assert await worker.start().assigned(SCORED, 0) == len(STORY)
    assert worker.publisher.alerts() == EXPECTED
    assert worker.ledger.shards[SCORED, 0].outbox == []


async def test_alert_that_kafka_has_and_the_ledger_still_keeps_is_written_again_under_its_key() -> None:
    worker = Worker(publisher=MemoryAlerts(dies_after=1))
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    with pytest.raises(Died):
        await handler.apply(handler.prepare(text_batch(STORY)))
    await worker.start().assigned(SCORED, 0)
    assert len(worker.publisher.written) == 2 * len(EXPECTED)
    assert worker.publisher.alerts() == EXPECTED


async def test_worker_that_was_replaced_writes_nothing() -> None:
    worker = Worker()
    zombie = worker.start()
    await zombie.assigned(SCORED, 0)
    await worker.start().assigned(SCORED, 0)
    with pytest.raises(Fenced):
        await zombie.apply(zombie.prepare(text_batch(STORY)))
    assert worker.publisher.written == []


async def test_alert_hashes_hold_what_runs_and_what_resolved() -> None:
    worker = Worker()
    await tell(worker, [], [])
    shard = worker.ledger.shards[SCORED, 0]
    active = [msgspec.json.decode(value, type=Alert) for value in shard.values[ACTIVE].values()]
    resolved = [msgspec.json.decode(value, type=Alert) for value in shard.values[RESOLVED].values()]
    assert [alert.kind for alert in active] == ["feed_silent"]
    assert {alert.kind for alert in resolved} == {"crisis", "compliance"}


async def test_resolved_alerts_that_are_kept_are_few() -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    said = [speech(10 * number, number, "absolute_claim") for number in range(KEPT_RESOLVED + 50)]
    await handler.apply(handler.prepare(text_batch(said)))
    assert len(worker.ledger.shards[SCORED, 0].values[RESOLVED]) == KEPT_RESOLVED


async def test_draft_rules_are_recorded_apart_from_the_alerts_that_page() -> None:
    worker = Worker(config=DetectionConfig(shadow_rules=(AlertRule("anger", "negative", at_least=20),)))
    await tell(worker, [], [])
    shard = worker.ledger.shards[SCORED, 0]
    (shadow,) = [msgspec.json.decode(value, type=Alert) for value in shard.values[SHADOW].values()]
    assert (shadow.rule, shadow.brand_id, shadow.state, shadow.shadow) == ("anger", "acme", "resolved", True)
    paging = {*shard.values[ACTIVE], *shard.values[RESOLVED]}
    assert shadow.fingerprint not in paging
    assert [alert for alert in worker.publisher.alerts() if not alert.shadow] == EXPECTED
    assert [alert.state for alert in worker.publisher.alerts() if alert.shadow] == ["firing", "resolved"]


async def test_alerts_of_draft_rules_that_are_kept_are_few() -> None:
    worker = Worker(config=DetectionConfig(shadow_rules=(AlertRule("any", "texts", at_least=1),)))
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    said = [text(20 * number, number) for number in range(KEPT_SHADOW + 50)]
    await handler.apply(handler.prepare(text_batch(said)))
    assert len(worker.ledger.shards[SCORED, 0].values[SHADOW]) == KEPT_SHADOW


async def test_texts_are_counted_by_minute_platform_and_label() -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    texts = [
        text(0, 1, mood="negative", flagged=["crisis"]),
        text(0.5, 2, platform="douyin"),
        text(1, 3, mood="unscored"),
        text(1, 3, mood="positive"),
    ]
    await handler.apply(handler.prepare(text_batch(texts)))
    shard = worker.ledger.shards[SCORED, 0]
    suffix = texts_suffix(START_MS // HOUR_MS, "acme")
    assert {name: count for name, count in shard.numbers[suffix].items() if count} == {
        "0|weibo|texts": 1, "0|weibo|negative": 1, "0|weibo|crisis": 1,
        "0|douyin|texts": 1, "0|douyin|neutral": 1,
        "1|weibo|texts": 1, "1|weibo|positive": 1,
    }  # fmt: skip
    assert shard.ttl_seconds[suffix] == 3 * 3600
    assert shard.numbers[HEARD] == {"acme": at(1)}


async def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on() -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    good = msgspec.json.encode(text(0, 1))
    late = msgspec.json.encode(text(0, 2, event_time_ms=at(10_000)))
    values = [None, b"{", b'{"more":' + b"[" * 1_000_000, b"{}", good.replace(b'"weibo"', b'"letter"'), late, good]
    batch = Batch(SCORED, 0, range(len(values)), [at(0)] * len(values), values)
    await handler.apply(handler.prepare(batch))
    assert {origin.offset: letter.reason for origin, letter in worker.dead_letters.letters.items()} == {
        0: "empty", 1: "bad_json", 2: "too_deep", 3: "missing_field", 4: "wrong_type", 5: "time_out_of_range",
    }  # fmt: skip
    shard = worker.ledger.shards[SCORED, 0]
    assert shard.next_offset == len(values)
    assert list(shard.values["brands"]) == ["acme"]


async def test_rooms_are_watched_by_counts_alone() -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    full = [room_event(minute, kind, 100) for minute in range(15) for kind in ("viewers", "comment", "like")]
    gone = [room_event(minute, "viewers", 2) for minute in range(15, 19)]
    batch = room_batch([*full, *gone])
    unreadable = Batch(LIVE, 0, [*batch.offsets, 900], [*batch.timestamps_ms, at(19)], [*batch.values, b"{"])
    await handler.apply(handler.prepare(unreadable))
    assert [(alert.kind, alert.state) for alert in worker.publisher.alerts()] == [("room_collapse", "firing")]
    assert not worker.dead_letters.letters


async def test_partition_that_was_revoked_is_forgotten() -> None:
    handler = Worker().start()
    await handler.assigned(SCORED, 0)
    await handler.revoked(SCORED, 0)
    with pytest.raises(KeyError):
        await handler.apply(handler.prepare(text_batch(STORY[:1])))


async def test_firing_alert_follows_within_its_batch_and_is_not_written_to_the_topic_again() -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    await handler.apply(handler.prepare(text_batch([speech(0, 0, "absolute_claim")])))
    for number in range(1, 9):
        await handler.apply(handler.prepare(text_batch([speech(number, number, "absolute_claim")], number)))
    [fired] = worker.publisher.alerts()
    assert fired.observed["findings"] == 1
    [shown] = worker.ledger.shards[SCORED, 0].values[ACTIVE].values()
    assert msgspec.json.decode(shown, type=Alert).observed["findings"] == 9


async def test_alert_that_resolves_is_shown_no_more() -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    texts = [speech(0, 0, "absolute_claim"), *(text(minute, minute) for minute in range(1, 12))]
    for number, one in enumerate(texts):
        await handler.apply(handler.prepare(text_batch([one], number)))
    assert worker.publisher.alerts()[-1].state == "resolved"
    assert worker.ledger.shards[SCORED, 0].values[ACTIVE] == {}


async def test_room_alerts_follow_too() -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    steady_room = [
        room_event(minute + step / 20, *(("viewers", 500) if not step else ("comment", 1)))
        for minute in range(12) for step in range(20)
    ]  # fmt: skip
    empty = [room_event(minute, "viewers", viewers) for minute, viewers in ((12, 90), (13, 80), (14, 60), (15, 130))]
    await handler.apply(handler.prepare(room_batch([*steady_room, *empty, room_event(16, "viewers", 130)])))
    [shown] = worker.ledger.shards[LIVE, 0].values[ACTIVE].values()
    alert = msgspec.json.decode(shown, type=Alert)
    assert (alert.kind, alert.observed["viewers"], alert.present["viewers"]) == ("room_collapse", 60, 130)
