"""Rooms of which a collector's clock is hours ahead, while the broker stamps its records."""

import msgspec
import pytest

from streams.alerts.alert import Alert
from streams.detection.room.room import CODEC, RoomState
from streams.detection.room_event import RoomEvent
from streams.topology import LIVE
from streams.transport.batch import Batch
from tests.builders.records import at, room_batch, room_event
from tests.fakes.detection_worker import Worker


async def heard(events: list[RoomEvent], ahead_minutes: list[float]) -> tuple[list[Alert], RoomState]:
    """The alerts, and the room at the end; each event says a time so far ahead of its arrival."""
    worker = Worker()
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    said = [
        msgspec.structs.replace(event, event_time_ms=event.event_time_ms + round(by * 60_000))
        for event, by in zip(events, ahead_minutes, strict=True)
    ]
    batch = room_batch(said)
    stamps_ms = [event.event_time_ms for event in events]
    await handler.apply(handler.prepare(Batch(LIVE, 0, batch.offsets, stamps_ms, batch.values)))
    return worker.publisher.alerts(), CODEC.decode(worker.ledger.shards[LIVE, 0].values["rooms"]["r1"])


def stream() -> list[RoomEvent]:
    """Fifteen minutes with a hundred viewers and eight comments a minute, then an empty room, and its end."""
    full = [
        room_event(minute + part / 10, kind, value, session_id="s1")
        for minute in range(15)
        for part, kind, value in ((0, "viewers", 100), *((part, "comment", 1) for part in range(1, 9)))
    ]
    gone = [room_event(15 + part / 2, "viewers", 2, session_id="s1") for part in range(8)]
    return [*full, *gone, room_event(20, "session_end", session_id="s1")]


@pytest.mark.parametrize("by", [6, 8 * 60, 25 * 60])
async def test_collapse_and_end_are_seen_in_their_minutes(by: float) -> None:
    events = stream()
    alerts, room = await heard(events, [by] * len(events))
    assert [(alert.kind, alert.state) for alert in alerts] == [
        ("room_collapse", "firing"),
        ("room_collapse", "resolved"),
    ]
    assert alerts[0].started_at == at(15)
    assert room.ended
    assert room.late_records == 0
    assert room.times["douyin-live"].offset_ms == pytest.approx(-by * 60_000, abs=1_000)


async def test_stray_first_event_keeps_no_stream_from_ending() -> None:
    events = stream()
    alerts, room = await heard(events, [480, *[0] * (len(events) - 1)])
    assert [alert.kind for alert in alerts] == ["room_collapse"] * 2
    assert room.ended
    assert room.times["douyin-live"].offset_ms == 0
    assert room.times["douyin-live"].ahead_records == 1
