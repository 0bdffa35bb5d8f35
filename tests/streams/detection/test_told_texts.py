"""Texts that a feed tells again, with their ids but by other coordinates, as after its death: they count once."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from streams.detection.brand.brand import CODEC
from streams.detection.dedup import TOLD_OVER_TTL_SECONDS, TOLD_TTL_SECONDS
from streams.engagement.dedup import BLOCK_BITS
from streams.events.schema import Actor, Coordinates, ScoredText
from streams.topology import SCORED, SOCIAL
from tests.builders.records import at, steady, text, text_batch
from tests.fakes.detection_worker import Worker

USUAL = steady(4, range(30))
CRISIS = steady(60, range(30, 35), first_offset=10_000, mood="negative")
CALM = steady(4, range(35, 40), first_offset=20_000)


def again(
    texts: Sequence[ScoredText], first_offset: int, minute: float | None = None, **changes: Any
) -> list[ScoredText]:
    """The same texts, told again: behind the others, with the same ids and times, and another stamp in Kafka."""
    return [
        msgspec.structs.replace(
            one,
            origin=Coordinates(SOCIAL, 0, first_offset + number),
            log_time_ms=one.log_time_ms if minute is None else at(minute),
            **changes,
        )
        for number, one in enumerate(texts)
    ]


async def play(*lives: Sequence[ScoredText], batch_size: int = 1_000, worker: Worker | None = None) -> Worker:
    """Each life is a worker, which reads on from what is stored."""
    worker = worker or Worker()
    for life in lives:
        handler = worker.start()
        first = await handler.assigned(SCORED, 0)
        for start in range(0, len(life), batch_size):
            part = life[start : start + batch_size]
            await handler.apply(handler.prepare(text_batch(part, first + start)))
    return worker


def state(worker: Worker, brand_id: str = "acme") -> Any:
    return CODEC.decode(worker.ledger.shards[SCORED, 0].values["brands"][brand_id])


def told(worker: Worker, brand_id: str = "acme") -> dict[str, Any]:
    """What is known of a brand and shown of it, and its alerts; without when its records came."""
    shard, conversation = worker.ledger.shards[SCORED, 0], state(worker, brand_id).conversation
    views = {name: {one: n for one, n in counts.items() if n} for name, counts in shard.numbers.items()}
    return {
        "windows": conversation.windows,
        "evidence": conversation.evidence,
        "late": state(worker, brand_id).late_records,
        "views": {name: counts for name, counts in views.items() if counts},
        "alerts": [
            (alert.fingerprint, alert.state, alert.observed, alert.evidence) for alert in worker.publisher.alerts()
        ],
    }


def texts_counted(worker: Worker, minute: float, brand_id: str = "acme") -> int:
    return int(state(worker, brand_id).conversation.windows.minutes[at(minute) // 60_000].texts)


@pytest.mark.parametrize("batch_size", [1, 7, 1_000])
async def test_text_that_a_feed_tells_again_counts_once_whatever_the_batches(batch_size: int) -> None:
    repeats = again(CRISIS[-40:], 15_000)
    known = await play([*USUAL, *CRISIS, *CALM], batch_size=batch_size)
    repeated = await play([*USUAL, *CRISIS, *repeats, *CALM], batch_size=batch_size)
    assert told(known)["alerts"]
    assert told(repeated) == told(known)


async def test_new_owner_knows_which_texts_were_told_before_it() -> None:
    repeats = again(CRISIS[-40:], 15_000)
    known = await play([*USUAL, *CRISIS], CALM)
    assert told(await play([*USUAL, *CRISIS], [*repeats, *CALM])) == told(known)
    assert told(await play(USUAL, CRISIS, repeats, CALM)) == told(known)


async def test_texts_beyond_those_that_a_retraction_finds_count_once() -> None:
    many = [text(31, number) for number in range(6_000)]
    assert texts_counted(await play(many, again(many, 7_000)), 31) == 6_000


async def test_same_id_of_another_source_is_another_text() -> None:
    one = text(31, 9_000, event_id="7")
    assert texts_counted(await play([*USUAL, one, *again([one], 9_001, source="another-feed")]), 31) == 2


async def test_text_about_several_brands_counts_once_for_each() -> None:
    one = text(31, 9_000)
    for_other = again([one], 9_001, brand_id="rival")
    repeats = [*again([one], 9_002), *again([one], 9_003, brand_id="rival")]
    worker = await play([one, *for_other], repeats)
    assert (texts_counted(worker, 31), texts_counted(worker, 31, "rival")) == (1, 1)


async def test_edit_counts_beside_what_it_replaces() -> None:
    one = text(31, 9_000, event_id="weibo-search:7")
    edit = text(31, 9_001, event_id="weibo-search:7~1")
    assert texts_counted(await play([one, edit], again([one, edit], 9_002)), 31) == 2


async def test_scores_of_a_repeat_amend_nothing() -> None:
    unscored = text(31, 9_000, mood="unscored", text="zipper")
    [repeat] = again([unscored], 9_001)
    amendments = [msgspec.structs.replace(one, scored=True, sentiment="negative") for one in (unscored, repeat)]
    once = await play([*USUAL, unscored], amendments[:1])
    assert told(await play([*USUAL, unscored, repeat], amendments)) == told(once)
    assert told(await play([*USUAL, unscored, repeat], amendments[::-1])) == told(once)
    assert state(once).conversation.windows.minutes[at(31) // 60_000].harm == 1


async def test_repeat_of_a_text_that_was_taken_back_stays_so() -> None:
    one = text(31, 9_000, mood="negative", text="zipper", actor=Actor("a-1"))
    gone = text(
        32, 9_001, event_id="gone", kind="retraction", text="", scored=False, sentiment=None, actor=None,
        retracts=one.event_id,
    )  # fmt: skip
    taken = await play([*USUAL, one], [gone])
    assert texts_counted(taken, 31) == 0
    assert told(await play([*USUAL, one], [gone], again([one], 9_002, 32))) == told(taken)


async def test_window_that_nobody_reads_any_more_leaves_the_ledger() -> None:
    worker, block = Worker(), 1 << BLOCK_BITS
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    for number in range(4):
        await handler.apply(handler.prepare(text_batch([text(31, number)], number * block)))
    shard = worker.ledger.shards[SCORED, 0]
    assert {number: shard.ttl_seconds[f"told:{number}"] for number in range(4)} == {
        0: TOLD_OVER_TTL_SECONDS, 1: TOLD_OVER_TTL_SECONDS, 2: TOLD_TTL_SECONDS, 3: TOLD_TTL_SECONDS,
    }  # fmt: skip
