"""What a person is told, before any format."""

from streams.notification.message import WORDS, Links, compose
from tests.builders.notifications import notice, notification
from tests.oracle.shipped_rules import alerts

NOWHERE = Links()


def test_firing_and_grave_come_first() -> None:
    told = notification(
        notice("f1", "resolved", "critical"), notice("f2", "firing", "warning"), notice("f3", "firing", "critical")
    )
    message = compose(told, NOWHERE, "en")
    assert [item.fingerprint for item in message.items] == ["am-f3", "am-f2", "am-f1"]
    assert (message.severity, message.firing) == ("critical", True)
    assert message.title == "[FIRING ×3] Crisis · b1"


def test_line_says_state_severity_and_summary() -> None:
    message = compose(notification(notice()), NOWHERE, "en")
    assert message.head(message.items[0]) == "FIRING · critical · crisis: brand b1"
    assert message.items[0].since == "2026-11-25 10:00:00 UTC"


def test_alert_of_detection_leads_to_its_own_view_and_one_of_the_monitor_to_operations() -> None:
    links = Links("http://console/", "")
    alerts = [notice("f/1?x"), notice("other"), notice("")]
    views = [item.view for item in compose(notification(*alerts), links, "en").items]
    assert views == ["http://console/alert/f%2F1%3Fx", "http://console/operations", "http://console/operations"]


def test_without_settings_there_are_no_links() -> None:
    [item] = compose(notification(notice()), NOWHERE, "en").items
    assert (item.view, item.runbook) == ("", "")


def test_unknown_alert_keeps_its_name_in_chinese() -> None:
    told = notification(notice(alertname="Other"))
    assert compose(told, NOWHERE, "zh").title == "[告警] Other · b1"


def test_every_alert_has_a_name_in_chinese() -> None:
    assert {rule["alert"] for rule in alerts()} <= WORDS["zh"].keys()
