"""Alerts that fired while nobody could be told."""

from streams.alerts.alert import Alert
from streams.clock import DAY_MS
from streams.notification.records import Told
from streams.notification.untold import WAIT_MS, UntoldAlerts, as_alertmanager_has_it
from tests.builders.episodes import MINUTE_MS, NOW_MS, ONSET_MS, breach, crisis

OVER = crisis(state="resolved", resolved_at=ONSET_MS + 4 * MINUTE_MS)


NOTHING = Told()
BEGINNING = Told(frozenset({"f1"}))
ALL = Told(frozenset({"f1"}), frozenset({"f1"}))


def late(*alerts: Alert, told: Told = NOTHING) -> list[str]:
    """Those that are due after the wait."""
    untold = UntoldAlerts()
    assert untold.due(alerts, told, NOW_MS) == []
    return [alert.fingerprint for alert in untold.due(alerts, told, NOW_MS + WAIT_MS)]


def test_alert_that_was_over_before_anybody_was_told_is_told() -> None:
    assert late(OVER) == ["f1"]


def test_alert_that_somebody_was_told_of_is_not() -> None:
    assert late(crisis(), told=BEGINNING) == []
    assert late(OVER, told=ALL) == []


def test_end_that_nobody_was_told_of_is_told() -> None:
    """Alertmanager forgets whom it told after twice the time of a repetition: an acknowledged alert may last longer."""
    assert late(OVER, told=BEGINNING) == ["f1"]


def test_info_and_yesterday_are_no_news() -> None:
    assert late(crisis(severity="info", kind="surge")) == []
    assert late(crisis(state="resolved", resolved_at=NOW_MS - DAY_MS)) == []


def test_firing_alert_that_was_handed_over_is_kept_up_until_it_is_over() -> None:
    untold, after = UntoldAlerts(), NOW_MS + WAIT_MS
    untold.due([crisis()], NOTHING, NOW_MS)
    assert untold.due([crisis()], NOTHING, after) == [crisis()]
    assert untold.due([crisis()], BEGINNING, after + MINUTE_MS) == [crisis()]
    assert untold.due([OVER], ALL, after + 2 * MINUTE_MS) == []
    assert untold.due([crisis()], BEGINNING, after + 3 * MINUTE_MS) == []


def test_alert_that_was_told_the_usual_way_is_not_kept_up() -> None:
    untold = UntoldAlerts()
    untold.due([crisis()], NOTHING, NOW_MS)
    assert untold.due([crisis()], BEGINNING, NOW_MS + WAIT_MS) == []


def test_handed_over_alert_has_the_labels_of_the_rules() -> None:
    given = as_alertmanager_has_it(breach(), NOW_MS)
    assert given["labels"] == {
        "alertname": "Compliance", "kind": "compliance", "severity": "warning", "brand": "acme", "room": "room-105",
        "platform": "douyin", "family": "medical_claim", "fingerprint": "f2", "runbook": "compliance.md",
        "first_severity": "warning",
    }  # fmt: skip
    assert given["endsAt"] > "2026-11-30T10:12"
