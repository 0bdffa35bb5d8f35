"""One reading: the events' own present, rooms in order, and what remains when a server is away."""

from collections.abc import Mapping

import pytest

from dashboards.lag import Lag
from dashboards.snapshot import LogBounds, Rooms, SnapshotReader, TextCount, by_brand
from streams.clock import HOUR_MS
from streams.detection.views.reader import BrandTexts
from streams.kafka.bounds import Offsets
from streams.topology import LIVE
from tests.builders.alerts import NOON_MS, an_alert
from tests.fakes.readers import HeldAlerts, HeldLog, HeldRooms, HeldViews, NoLog, NoRooms


def reader(
    rooms: Rooms,
    alerts: HeldAlerts | None = None,
    stored: Mapping[str, Offsets] | None = None,
    log: LogBounds | None = None,
    views: HeldViews | None = None,
) -> SnapshotReader:
    return SnapshotReader(
        rooms,
        alerts or HeldAlerts(),
        views or HeldViews(),
        lambda: stored or {},
        log or HeldLog(),
        clock=lambda: NOON_MS,
    )


def test_replay_of_old_events_has_its_windows_at_their_own_time() -> None:
    rooms = HeldRooms({"r-1": {"comments": 3}}, {LIVE: NOON_MS - 300 * HOUR_MS, "social.interactions": 5})
    snapshot = reader(rooms).read()
    assert rooms.asked_at_ms == NOON_MS - 300 * HOUR_MS
    assert [room.room_id for room in snapshot.rooms] == ["r-1"]
    assert snapshot.newest_event_ms[LIVE] == NOON_MS - 300 * HOUR_MS


def test_rooms_come_by_viewers_then_by_events() -> None:
    rooms = HeldRooms(
        {
            "few": {"viewers_now": 5, "likes": 900},
            "busy": {"likes": 9},
            "calm": {"likes": 1},
            "many": {"viewers_now": 50},
        }
    )
    assert [room.room_id for room in reader(rooms).read().rooms] == ["many", "few", "busy", "calm"]


def test_room_has_the_inauthentic_shares_of_its_view() -> None:
    views = HeldViews(fakes={"r-1": {"likes": 0.4}, "gone": {"likes": 0.9}})
    snapshot = reader(HeldRooms({"r-1": {"likes": 2}, "r-2": {"likes": 1}}), views=views).read()
    assert [(room.room_id, room.fake_shares, room.brand_id) for room in snapshot.rooms] == [
        ("r-1", {"likes": 0.4}, "b-1"), ("r-2", {}, ""),
    ]  # fmt: skip


def test_largest_rooms_have_the_people_of_their_session() -> None:
    rooms = HeldRooms({"r-1": {"likes": 2}, "r-2": {"likes": 1}}, people={"r-1": {"clickers": 40, "payers": 10}})
    snapshot = reader(rooms).read()
    assert [(room.room_id, room.people) for room in snapshot.rooms] == [
        ("r-1", {"clickers": 40, "payers": 10}), ("r-2", {}),
    ]  # fmt: skip


def test_reading_has_alerts_and_lag() -> None:
    alerts = HeldAlerts(alerts=[an_alert()], over=[an_alert("f2", "resolved")])
    log = HeldLog({(LIVE, 0): 0}, {(LIVE, 0): 10})
    snapshot = reader(HeldRooms(), alerts, {"scoring": {(LIVE, 0): 4}}, log).read()
    assert [alert.fingerprint for alert in snapshot.active] == ["f1"]
    assert [alert.fingerprint for alert in snapshot.resolved] == ["f2"]
    assert snapshot.lags == [Lag("scoring", LIVE, 0, 6)]
    assert (snapshot.redis_up, snapshot.kafka_up, snapshot.trouble) == (True, True, "")


def test_without_redis_nothing_is_said_of_rooms_and_alerts() -> None:
    snapshot = reader(NoRooms(), HeldAlerts(alerts=[an_alert()])).read()
    assert (snapshot.redis_up, snapshot.kafka_up) == (False, True)
    assert (snapshot.rooms, snapshot.active, snapshot.lags) == ((), (), ())
    assert "Redis does not answer" in snapshot.trouble


def test_without_kafka_only_the_lag_is_missing() -> None:
    snapshot = reader(HeldRooms({"r-1": {"likes": 1}}), HeldAlerts(alerts=[an_alert()]), log=NoLog()).read()
    assert (snapshot.redis_up, snapshot.kafka_up) == (True, False)
    assert len(snapshot.rooms) == len(snapshot.active) == 1
    assert snapshot.trouble == "Kafka does not answer at nowhere"


@pytest.mark.parametrize("rooms", [HeldRooms(), NoRooms()], ids=["redis", "no-redis"])
def test_without_kafka_and_whatever_redis_does_nothing_is_raised(rooms: HeldRooms) -> None:
    assert reader(rooms, log=NoLog()).read().kafka_up is False


def test_texts_are_sorted_into_sentiments_and_risks() -> None:
    labels = {"texts": 9, "unscored": 2, "negative": 3, "positive": 4, "abuse": 1, "neutral": 0}
    views = HeldViews(counts=[BrandTexts("b-1", "weibo", labels)])
    [count] = reader(HeldRooms(), views=views).read().texts
    assert count == TextCount("b-1", "weibo", 9, {"negative": 3, "positive": 4}, {"abuse": 1})


def test_brands_are_their_platforms_together_the_most_talked_of_first() -> None:
    texts = [
        TextCount("b-2", "weibo", 5, {"negative": 2}, {"abuse": 1}),
        TextCount("b-1", "douyin", 4, {"neutral": 4}),
        TextCount("b-2", "x", 1, {"negative": 1}, {"abuse": 1, "rumor": 1}),
    ]
    assert by_brand(texts) == [
        TextCount("b-2", "", 6, {"negative": 3}, {"abuse": 2, "rumor": 1}),
        TextCount("b-1", "", 4, {"neutral": 4}, {}),
    ]
