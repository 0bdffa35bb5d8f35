"""What the screen takes of a reading."""

from dashboards.lag import Lag
from dashboards.snapshot import RoomFigures, Snapshot, TextCount
from dashboards.terminal.collect import snapshot
from dashboards.terminal.snapshot import BrandLine, LagLine, RoomLine
from tests.builders.alerts import NOON_MS, an_alert


def test_snapshot_has_the_figures_in_their_order() -> None:
    figures = Snapshot(
        NOON_MS,
        redis_up=True,
        kafka_up=False,
        rooms=[RoomFigures("r-1", {"comments": 2, "paid_value": 500, "views": 9}, 7)],
        texts=[TextCount("b-1", "weibo", 3, {"negative": 1}, {"abuse": 1}), TextCount("b-1", "x", 1)],
        lags=[Lag("scoring", "live.events", 0, 3), Lag("scoring", "live.events", 1, 4)],
        trouble="Kafka does not answer",
    )
    shown = snapshot(figures, {"Prometheus": "http://p"}, "feeding")
    assert shown.rooms == [RoomLine("r-1", 7, comments=2, paid_value=500)]
    assert shown.brands == [BrandLine("b-1", 4, {"negative": 1}, {"abuse": 1})]
    assert shown.lags == [LagLine("scoring", "live.events", 7)]
    assert (shown.progress, shown.trouble, shown.addresses) == (
        "feeding",
        "Kafka does not answer",
        {"Prometheus": "http://p"},
    )


def test_firing_alerts_come_first_and_pending_ones_not_at_all() -> None:
    active = [an_alert("pending", "pending"), an_alert("firing", "firing")]
    figures = Snapshot(NOON_MS, True, True, active=active, resolved=[an_alert("over", "resolved")])
    assert [alert.fingerprint for alert in snapshot(figures, {}).alerts] == ["firing", "over"]
