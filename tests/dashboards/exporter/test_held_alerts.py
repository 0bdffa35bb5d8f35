"""What a scrape tells of alerts while Redis is not what it was."""

from collections.abc import Sequence

from dashboards.exporter.held_alerts import HELD_SECONDS, HeldAlerts
from streams.alerts.alert import Alert
from tests.builders.alerts import an_alert

SCORED, LIVE = ("scored.texts", 0), ("live.events", 0)


class Redis:
    """What is read, as a test sets it."""

    def __init__(self) -> None:
        self.alerts: Sequence[Alert] = [an_alert("a"), an_alert("b")]
        self.offsets = {SCORED: 200, LIVE: 50}
        self.now = 0.0
        self.held = HeldAlerts(lambda: self.alerts, lambda: dict(self.offsets), lambda: self.now)

    def told(self) -> list[str]:
        return sorted(alert.fingerprint for alert in self.held())


def test_alerts_are_as_they_are_while_redis_goes_on() -> None:
    redis = Redis()
    assert redis.told() == ["a", "b"]
    redis.offsets, redis.alerts = {SCORED: 210, LIVE: 50}, [an_alert("b"), an_alert("c")]
    assert redis.told() == ["b", "c"]


def test_emptied_redis_resolves_nothing_until_detection_has_caught_up() -> None:
    redis = Redis()
    redis.told()
    redis.offsets, redis.alerts = {}, []
    assert redis.told() == ["a", "b"]
    redis.offsets, redis.alerts = {SCORED: 150}, [an_alert("a"), an_alert("new")]
    assert redis.told() == ["a", "b", "new"]
    redis.offsets = {SCORED: 200, LIVE: 50}
    assert redis.told() == ["a", "new"]


def test_restored_redis_resolves_nothing_either() -> None:
    redis = Redis()
    redis.told()
    redis.offsets, redis.alerts = {SCORED: 190, LIVE: 50}, [an_alert("old")]
    assert redis.told() == ["a", "b", "old"]


def test_alerts_of_a_log_that_never_comes_back_are_held_for_an_hour() -> None:
    redis = Redis()
    redis.told()
    redis.offsets, redis.alerts = {SCORED: 10}, []
    assert redis.told() == ["a", "b"]
    redis.now = HELD_SECONDS + 1
    assert redis.told() == []
    redis.alerts = [an_alert("c")]
    assert redis.told() == ["c"]
