"""Two collectors of one room and workers that die: each event is taken once, and its alert is one."""

import asyncio
import time
from contextlib import closing
from typing import Any

import msgspec
import pytest
from redis import Redis

from streams.clock import MINUTE_MS
from streams.detection.dedup import DIGEST_BYTES
from streams.detection.room.room import CODEC
from streams.events.schema import Event, Kind
from streams.ingest.player import TimedRecord
from streams.ledger.redis import key_prefix
from streams.simulate.alert_comparison import alert_histories
from streams.topology import LIVE
from streams.transport.batch import Batch
from tests.fakes.detection_worker import Worker
from tests.faults.crisis import alerts
from tests.faults.kills import kill_while_it_goes_on
from tests.servers.site import PARTITIONS, Site
from tests.servers.waiting import until

ROOM = "room-1"
FULL_MINUTES, EMPTY_MINUTES, COMMENTS = 15, 4, 12
KILLS = 4


def collapse() -> list[TimedRecord]:
    """A room that loses its audience, told by two collectors: the other one says each event a second later."""
    started_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS - 25 * MINUTE_MS
    said = list[tuple[int, Kind, int]]()
    for minute in range(FULL_MINUTES + EMPTY_MINUTES):
        full, at_ms = minute < FULL_MINUTES, started_ms + minute * MINUTE_MS
        said += [(at_ms + third * 20_000, "viewers", 100 if full else 3) for third in range(3)]
        said += [(at_ms + n * 4_000, "comment", 1) for n in range(COMMENTS if full else 0)]
    told = [
        _told(collector, number, *one, delay_ms=1_000 * nth)
        for number, one in enumerate(sorted(said))
        for nth, collector in enumerate(("douyin-live-a", "douyin-live-b"))
    ]
    return sorted(told, key=lambda record: record.due_ms)


def _told(collector: str, number: int, at_ms: int, kind: Kind, value: int, *, delay_ms: int) -> TimedRecord:
    event = Event(
        event_id=f"{collector}:{number}", source=collector, platform="douyin", kind=kind, brand_id="acme", value=value,
        value_mode="snapshot" if kind == "viewers" else "delta", event_time_ms=at_ms, ingest_time_ms=at_ms + delay_ms,
        room_id=ROOM, session_id="s",
    )  # fmt: skip
    return TimedRecord(LIVE, ROOM.encode(), msgspec.json.encode(event), at_ms + delay_ms, at_ms)


def seen(state: bytes) -> dict[str, Any]:
    """What is known of the room, but for when its events arrived."""
    room = CODEC.decode(state)
    kept = {name: getattr(room, name) for name in ("minutes", "late_records", "session", "ended")}
    return kept | {"records": room.activity.records}


async def undisturbed(records: list[TimedRecord]) -> dict[str, Any]:
    """The same by one worker that never dies."""
    worker = Worker()
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    times_ms = [record.due_ms for record in records]
    batch = Batch(LIVE, 0, range(len(records)), times_ms, [record.value for record in records])
    await handler.apply(handler.prepare(batch))
    return seen(worker.ledger.shards[LIVE, 0].values["rooms"][ROOM])


def stored(site: Site, suffix: str) -> list[bytes]:
    """The strings and the room's fields that the ledger has under a suffix, over all partitions."""
    found = list[bytes]()
    with closing(Redis.from_url(site.redis.url, socket_timeout=5)) as client:
        for number in range(PARTITIONS):
            key = key_prefix(site.settings.namespace, "detection", LIVE, number) + suffix
            value: Any = client.hget(key, ROOM) if client.type(key) == b"hash" else client.get(key)
            found += [value] if value else []
    return found


@pytest.mark.slow
def test_events_of_two_collectors_count_once_whenever_workers_die(site: Site) -> None:
    records, worker = collapse(), site.worker("detection")
    with site.feeding("detection", records, ahead=80):
        deaths = kill_while_it_goes_on(site, worker, KILLS, len(records), seed=3)
        worker.launch()
    ends = site.ends([LIVE])
    until(lambda: site.caught_up("detection", ends), "the last worker has read all")
    worker.stop()
    assert deaths >= 2
    (digests,) = stored(site, "told:0")
    assert len(digests) == DIGEST_BYTES * len(records) // 2
    (state,) = stored(site, "rooms")
    assert seen(state) == asyncio.run(undisturbed(records))
    histories = alert_histories(alerts(site))
    assert [(life.last.kind, life.last.room_id) for life in histories] == [("room_collapse", ROOM)]
    assert len({life.last.fingerprint for life in histories}) == 1
