"""The simulator's second stream in a room, played as the next day's through the stages' own handlers.

Its figures are held against a recount, and its collapse is seen."""

from dataclasses import dataclass, replace

import msgspec
import pytest

from streams.alerts.alert import Alert
from streams.clock import DAY_MS, MINUTE_MS
from streams.detection.room.room import CODEC, RoomState
from streams.engagement.handler import EngagementHandler
from streams.events.codec import decode_one
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Event
from streams.ledger.memory import MemoryLedger
from streams.simulate.generate import generate
from streams.simulate.scenarios import UNKIND
from streams.topology import LIVE
from streams.transport.batch import Batch
from tests.fakes.detection_worker import Worker
from tests.fakes.engagement_worker import Counted
from tests.oracle.recount import recount

ENDED_AT_MS = 1_790_000_012_345
ROOM, NEIGHBOUR = "room-203", "room-201"
QUIET = replace(UNKIND, incidents=(), disorder=replace(UNKIND.disorder, retractions=0))
EMPTY_MINUTES = 6


@dataclass
class Told:
    """An event as it arrives."""

    at_ms: int
    event: Event

    def next_day(self, mark: str = "") -> "Told":
        event = self.event
        later = msgspec.structs.replace(
            event, event_id=event.event_id + mark, event_time_ms=event.event_time_ms + DAY_MS,
            ingest_time_ms=event.ingest_time_ms + DAY_MS,
        )  # fmt: skip
        return Told(self.at_ms + DAY_MS, later)


@pytest.fixture(scope="module")
def two_days() -> list[Told]:
    """Two evenings of two rooms: the one's second stream is the next evening's, the other's evening comes again; the
    first loses its audience at the end."""
    read = [(one, decode_one(one.value, 0, one.due_ms)) for one in generate(QUIET, ENDED_AT_MS).records]
    said = [Told(one.due_ms, event) for one, event in read if isinstance(event, Event) and one.topic == LIVE]
    ours = [one for one in said if one.event.room_id == ROOM]
    other = [one for one in said if one.event.room_id == NEIGHBOUR]
    begins_ms = max(one.event.event_time_ms for one in ours if one.event.kind == "session_start") - 2 * MINUTE_MS
    first = [one for one in ours if one.at_ms < begins_ms]
    second = [one.next_day() for one in ours if one.at_ms >= begins_ms]
    gone_ms = second[-1].at_ms - EMPTY_MINUTES * MINUTE_MS
    viewers = next(one.event for one in second if one.event.kind == "viewers")
    empty = [
        Told(at_ms, msgspec.structs.replace(viewers, event_id=f"empty:{at_ms}", event_time_ms=at_ms, value=1))
        for at_ms in range(gone_ms, gone_ms + EMPTY_MINUTES * MINUTE_MS, 20_000)
    ]
    everything = [*first, *(one for one in second if one.at_ms < gone_ms), *empty]
    everything += [*other, *(one.next_day(":again") for one in other)]
    return sorted(everything, key=lambda one: one.at_ms)


def batches(said: list[Told], size: int = 700) -> list[Batch]:
    values = [msgspec.json.encode(one.event) for one in said]
    return [
        Batch(LIVE, 0, range(at, at + len(part)), [one.at_ms for one in part], values[at : at + len(part)])
        for at in range(0, len(said), size)
        if (part := said[at : at + size])
    ]


async def test_figures_of_both_days_are_those_of_a_recount(two_days: list[Told]) -> None:
    ledger = MemoryLedger()
    handler = EngagementHandler(
        ledger, MemoryDeadLetterSink(), session_ttl_seconds=86_400, clock=lambda: ENDED_AT_MS + DAY_MS
    )
    await handler.assigned(LIVE, 0)
    for batch in batches(two_days):
        await handler.apply(handler.prepare(batch))
    log = [(at, msgspec.json.encode(one.event), one.at_ms) for at, one in enumerate(two_days)]
    expected = {scoped: {name: n for name, n in sums.items() if n} for scoped, sums in recount([log]).sums.items()}
    found = {scoped: sums for scoped, sums in Counted(ledger.shards[LIVE, 0]).sums().items() if sums}
    assert found == {scoped: sums for scoped, sums in expected.items() if sums}
    days = {int(bucket.partition(":")[2]) // 24 for bucket, name in found if bucket[0] == "h" and name == f"r:{ROOM}"}
    assert len(days) == 2


async def heard(said: list[Told], deaths: bool) -> tuple[list[Alert], RoomState]:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    for batch in batches(said):
        if deaths:
            handler = worker.start()
            await handler.assigned(LIVE, 0)
        await handler.apply(handler.prepare(batch))
    return worker.publisher.alerts(), CODEC.decode(worker.ledger.shards[LIVE, 0].values["rooms"][ROOM])


@pytest.mark.parametrize("deaths", [False, True])
async def test_collapse_of_the_next_days_stream_is_seen(two_days: list[Told], deaths: bool) -> None:
    alerts, room = await heard(two_days, deaths)
    told = [alert for alert in alerts if alert.room_id == ROOM]
    assert [(alert.kind, alert.state) for alert in told if alert.state == "firing"][:1] == [("room_collapse", "firing")]
    ends_ms = two_days[-1].at_ms
    assert all(ends_ms - alert.started_at < (EMPTY_MINUTES + 2) * MINUTE_MS for alert in told), "none stood for a day"
    assert not room.ended
    assert ends_ms - room.session.began_ms < 25 * MINUTE_MS
