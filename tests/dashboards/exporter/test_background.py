"""A scrape's alerts are of its own moment, and it waits for no room."""

import threading
from collections.abc import Callable, Sequence

from dashboards.exporter.background import BackgroundSnapshot
from dashboards.snapshot import RoomFigures, Snapshot
from streams.alerts.alert import Alert
from streams.errors import Unavailable
from tests.builders.alerts import NOON_MS, an_alert

ROOMS = Snapshot(
    NOON_MS, redis_up=True, kafka_up=True, rooms=[RoomFigures("r-1", {"likes": 1})], active=[an_alert("old")]
)
OUTAGE = Snapshot(NOON_MS, redis_up=False, kafka_up=True)


def firing(*fingerprints: str) -> Callable[[], Sequence[Alert]]:
    return lambda: [an_alert(fingerprint) for fingerprint in fingerprints]


def away() -> Sequence[Alert]:
    raise Unavailable("Redis does not answer")


def test_scrape_has_the_alerts_of_its_moment_and_the_rooms_of_the_last_reading() -> None:
    with BackgroundSnapshot(lambda: ROOMS, firing("new")) as readings:
        figures = readings()
    assert [alert.fingerprint for alert in figures.active] == ["new"]
    assert [room.room_id for room in figures.rooms] == ["r-1"]


def test_scrape_does_not_wait_for_a_reading_under_way() -> None:
    slow, first = threading.Event(), iter([ROOMS])

    def read() -> Snapshot:
        found = next(first, None)
        if found is None:
            slow.wait(30)
        return ROOMS

    with BackgroundSnapshot(read, firing("new"), period_seconds=0) as readings:
        assert [alert.fingerprint for alert in readings().active] == ["new"]
        slow.set()


def test_without_redis_a_scrape_says_so_at_once_and_keeps_what_it_knows_of_kafka() -> None:
    with BackgroundSnapshot(lambda: ROOMS, away) as readings:
        figures = readings()
    assert (figures.redis_up, figures.kafka_up, figures.rooms) == (False, True, ())


def test_redis_that_is_back_is_told_before_the_next_reading() -> None:
    with BackgroundSnapshot(lambda: OUTAGE, firing("f1")) as readings:
        figures = readings()
    assert (figures.redis_up, len(figures.active)) == (True, 1)


def test_reading_that_is_too_old_is_none() -> None:
    with BackgroundSnapshot(lambda: ROOMS, firing("new"), oldest_seconds=-1) as readings:
        figures = readings()
    assert (figures.redis_up, figures.kafka_up, figures.active) == (False, False, ())
