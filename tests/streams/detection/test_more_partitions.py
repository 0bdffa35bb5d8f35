"""A topic gets more partitions while detection runs: keys that move are not silent where they were."""

from collections.abc import Callable

import pytest

from streams.alerts.alert import Alert
from streams.detection.handler import DetectionHandler
from streams.events.schema import Coordinates, ScoredText
from streams.topology import LIVE, SCORED, SOCIAL
from streams.transport.batch import Batch
from tests.builders.records import at, room_batch, room_event, text, text_batch
from tests.fakes.detection_worker import Worker

BEFORE, AFTER = range(60), range(60, 150)
Grow = Callable[[DetectionHandler], None]


def said(minutes: range, brand: str, every: int, source_partition: int) -> list[ScoredText]:
    return [
        text(
            minute, 0, brand_id=brand, event_id=f"{brand}{minute}", source="weibo-search",
            origin=Coordinates(SOCIAL, source_partition, minute),
        )
        for minute in minutes[::every]
    ]  # fmt: skip


def batch(partition: int, texts: list[ScoredText], first_offset: int = 0) -> Batch:
    ordered = sorted(texts, key=lambda one: one.log_time_ms)
    made = text_batch(ordered, first_offset)
    return Batch(SCORED, partition, made.offsets, made.timestamps_ms, made.values)


async def tell(handler: DetectionHandler, one: Batch) -> None:
    await handler.apply(handler.prepare(one))


async def grown(grow: Grow, *, restarts: bool) -> list[Alert]:
    """Two brands in partition 0; the quiet one moves to 5, which another worker may have."""
    worker = Worker()
    handler = worker.start()
    handler.sized(SCORED, 4)
    for partition in range(4):
        await handler.assigned(SCORED, partition)
    before = [*said(BEFORE, "loud", 1, 0), *said(BEFORE, "quiet", 3, 1)]
    await tell(handler, batch(0, before))
    if restarts:
        handler = worker.start()
    grow(handler)
    if restarts:
        await handler.assigned(SCORED, 0)
    await handler.assigned(SCORED, 5)
    # Time passes in the source's partitions too: other brands of them are in partition 0.
    others = [*said(AFTER, "loud", 1, 0), *said(AFTER, "other", 1, 1)]
    await tell(handler, batch(0, others, len(before)))
    await tell(handler, batch(5, said(AFTER, "quiet", 3, 1)))
    return worker.publisher.alerts()


@pytest.mark.parametrize("restarts", [False, True])
async def test_brand_that_moved_to_a_new_partition_is_not_silent_in_the_old_one(restarts: bool) -> None:
    assert await grown(lambda handler: handler.sized(SCORED, 8), restarts=restarts) == []


async def test_new_partition_alone_tells_that_there_are_more() -> None:
    assert await grown(lambda _handler: None, restarts=False) == []


async def test_silence_that_lasts_while_partitions_are_added_is_over() -> None:
    worker = Worker()
    handler = worker.start()
    handler.sized(SCORED, 4)
    await handler.assigned(SCORED, 0)
    texts = [*said(range(100), "loud", 1, 0), *said(range(60), "quiet", 3, 1), *said(range(60, 100), "other", 1, 1)]
    await tell(handler, batch(0, texts))
    assert [(alert.kind, alert.state) for alert in worker.publisher.alerts()] == [("feed_silent", "firing")]
    handler.sized(SCORED, 8)
    await tell(handler, batch(0, said(range(100, 102), "loud", 1, 0), len(texts)))
    assert [alert.state for alert in worker.publisher.alerts()] == ["firing", "resolved"]


async def test_room_that_moved_is_not_silent_in_the_old_partition() -> None:
    worker = Worker()
    handler = worker.start()
    handler.sized(LIVE, 1)
    await handler.assigned(LIVE, 0)
    rooms = [room_event(minute, "viewers", 50, room_id=room) for minute in BEFORE for room in ("r1", "r2")]
    await tell(handler, room_batch(rooms))
    handler.sized(LIVE, 2)
    await tell(handler, room_batch([room_event(minute, "viewers", 50) for minute in AFTER], len(rooms)))
    assert worker.publisher.alerts() == []


async def test_worker_that_knows_only_its_own_partitions_forgets_nothing() -> None:
    worker = Worker()
    handler = worker.start()
    handler.sized(SCORED, 4)
    await handler.assigned(SCORED, 0)
    await tell(handler, batch(0, said(BEFORE, "loud", 1, 0)))
    handler.sized(SCORED, 4)
    await handler.assigned(SCORED, 3)
    texts = said(AFTER, "rest", 1, 0)
    await tell(handler, batch(0, texts, len(BEFORE)))
    assert [alert.kind for alert in worker.publisher.alerts()] == ["feed_silent"]
    assert worker.publisher.alerts()[0].fired_at == at(74)
