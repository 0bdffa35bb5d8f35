"""Events of a room that come twice, by two collectors or by one: the detectors take them once, as engagement does."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from streams.detection.dedup import ToldEvents, told_suffixes
from streams.detection.room.room import CODEC
from streams.engagement.dedup import BLOCK_BITS
from streams.topology import LIVE
from streams.transport.batch import Batch
from tests.builders.events import TEN_MS, event
from tests.fakes.detection_worker import Worker

COLLECTORS = "douyin-live-a", "douyin-live-b"
KINDS: Sequence[Any] = ("comment", "like", "enter", "gift", "viewers")
Told = tuple[int, bytes]


def told(collector: str, number: int) -> Told:
    """The number-th event of the room, as a collector tells it: when, and how."""
    made = event(
        KINDS[number % len(KINDS)], number / 60, f"p{number % 7}", event_id=f"{collector}:{number}", source=collector,
        value=100 if KINDS[number % len(KINDS)] == "viewers" else 1, session_id="s1",
    )  # fmt: skip
    return made.event_time_ms, msgspec.json.encode(made)


def once(count: int) -> list[Told]:
    return [told(COLLECTORS[0], number) for number in range(count)]


async def play(*lives: Sequence[Told], batch_size: int = 50) -> Worker:
    """Each life is a worker, which reads on."""
    worker, log = Worker(), list[Told]()
    for life in lives:
        log += life
        handler = worker.start()
        start = await handler.assigned(LIVE, 0)
        for first in range(start, len(log), batch_size):
            times_ms, values = zip(*log[first : first + batch_size], strict=True)
            offsets = range(first, first + len(values))
            await handler.apply(handler.prepare(Batch(LIVE, 0, offsets, times_ms, values)))
    return worker


def room(worker: Worker) -> dict[str, Any]:
    """What is known of the room, but for the clocks of its sources."""
    state = CODEC.decode(worker.ledger.shards[LIVE, 0].values["rooms"]["r1"])
    kept = [name for name in state.__struct_fields__ if name not in ("times", "source", "last_log_ms")]
    return {name: getattr(state, name) for name in kept}


async def test_events_of_two_collectors_count_once() -> None:
    alternating = [told(collector, number) for number in range(600) for collector in COLLECTORS]
    assert room(await play(alternating)) == room(await play(once(600)))


async def test_second_collector_that_tells_all_again_changes_nothing() -> None:
    again = [(TEN_MS + 600_000, value) for _, value in (told(COLLECTORS[1], number) for number in range(100))]
    known = once(600)
    assert room(await play([*known, *again])) == room(await play(known))


@pytest.mark.parametrize("batch_size", [1, 7, 1_000])
async def test_records_that_come_again_count_once_whatever_the_batches(batch_size: int) -> None:
    known = once(120)
    log = [one for at in range(len(known)) for one in (known[at], known[max(0, at - 3)])]
    assert room(await play(log, batch_size=batch_size)) == room(await play(known))


async def test_new_owner_knows_what_was_told_before_it() -> None:
    known = once(120)
    second = [told(COLLECTORS[1], number) for number in range(60, 120)]
    assert room(await play(known, second)) == room(await play(known))


def test_told_events_are_those_of_this_block_and_the_one_before() -> None:
    events, block = ToldEvents(0, None, None), 1 << BLOCK_BITS
    assert events.is_new("a", 0)
    assert not events.is_new("a", block)
    assert events.is_new("b", block + 1)
    assert not events.is_new("b", 2 * block)
    assert events.is_new("a", 2 * block + 1)
    assert events.is_new("a", 9 * block)


def test_told_events_are_known_to_who_reads_what_is_stored() -> None:
    events, block = ToldEvents(0, None, None), 1 << BLOCK_BITS
    assert [events.is_new(name, at) for name, at in (("a", 0), ("人", 1), ("b", block))] == [True] * 3
    stored = events.pop_new()
    assert {suffix: len(digests) for suffix, digests in stored.items()} == {"told:0": 16, "told:1": 8}
    assert not events.pop_new()
    successor = ToldEvents(1, *(stored.get(suffix) for suffix in told_suffixes(block + 1)))
    assert [successor.is_new(name, block + 1) for name in ("a", "人", "b", "c")] == [False, False, False, True]
