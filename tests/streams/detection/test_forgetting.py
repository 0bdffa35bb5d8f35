"""What is stored of rooms and brands goes when nothing came of them for long, and not before."""

from collections.abc import Sequence

from streams.detection.forgetting import BRANDS_KEPT_DAYS, ROOMS_KEPT_DAYS
from streams.detection.room_event import RoomEvent
from streams.detection.views.keys import HEARD
from streams.topology import LIVE, SCORED
from tests.builders.records import room_batch, room_event, text, text_batch
from tests.fakes.detection_worker import Worker

DAY = 24 * 60


def on(day: int, room: str) -> list[RoomEvent]:
    """A day's first minutes of a room: one record alone, a day after the last, may be a wrong clock's."""
    return [room_event(day * DAY + minute, "enter", room_id=room) for minute in range(3)]


async def play_rooms(worker: Worker, *batches: list[RoomEvent]) -> None:
    """Each batch is a worker's life."""
    for batch in batches:
        handler = worker.start()
        first = await handler.assigned(LIVE, 0)
        await handler.apply(handler.prepare(room_batch(batch, first)))


def rooms(worker: Worker) -> Sequence[set[str]]:
    values = worker.ledger.shards[LIVE, 0].values
    return [set(values["rooms"]), set(values["room_views"])]


async def test_room_of_which_nothing_came_is_forgotten() -> None:
    worker = Worker()
    old = [room_event(0, "enter", room_id="old"), room_event(1, "session_end", room_id="old")]
    days = range(1, ROOMS_KEPT_DAYS + 3)
    await play_rooms(worker, old, *(on(day, "other") for day in days[:-2]))
    assert rooms(worker) == [{"old", "other"}] * 2
    await play_rooms(worker, *(on(day, "other") for day in days[-2:]))
    assert rooms(worker) == [{"other"}] * 2


async def test_room_that_came_again_is_kept() -> None:
    worker = Worker()
    seen = {0: "old", 5: "old"} | dict.fromkeys(range(6, ROOMS_KEPT_DAYS + 3), "other")
    await play_rooms(worker, *(on(day, room) for day, room in seen.items()))
    assert rooms(worker) == [{"old", "other"}] * 2


async def test_brand_of_which_nothing_came_is_forgotten() -> None:
    worker = Worker()
    brands = ["old", *["other"] * (BRANDS_KEPT_DAYS + 2)]
    for day, brand in enumerate(brands):
        handler = worker.start()
        first = await handler.assigned(SCORED, 0)
        texts = [text(day * DAY + minute, 3 * day + minute, brand_id=brand) for minute in range(3)]
        await handler.apply(handler.prepare(text_batch(texts, first)))
    shard = worker.ledger.shards[SCORED, 0]
    assert set(shard.values["brands"]) == set(shard.values["brand_views"]) == {"other"}
    assert set(shard.hash_fields(HEARD)) == {"other"}


async def test_hashes_have_a_time_to_live_that_is_set_once_a_day() -> None:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    await handler.apply(handler.prepare(room_batch([room_event(0, "enter")])))
    ttl = worker.ledger.shards[LIVE, 0].ttl_seconds
    assert ttl["rooms"] == ttl["room_views"] > ROOMS_KEPT_DAYS * 86_400
    ttl.clear()
    await handler.apply(handler.prepare(room_batch([room_event(1, "enter")], 1)))
    assert "rooms" not in ttl
    await handler.apply(handler.prepare(room_batch(on(1, "room"), 2)))
    assert "rooms" in ttl
