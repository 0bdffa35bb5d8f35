"""The alerts topic in memory."""

import msgspec

from dashboards.console.alert_log import MAX_ALERTS, MAX_RECORDS, AlertLog
from tests.builders.alerts import NOON_MS, an_alert


def test_history_is_in_the_topics_order_and_repeats_add_nothing() -> None:
    log = AlertLog()
    pending, firing = (msgspec.json.encode(an_alert(state=state)) for state in ("pending", "firing"))
    log.append([pending, firing, firing, pending])
    assert [alert.state for alert in log.history("f1")] == ["pending", "firing"]
    assert log.version == 2


def test_what_cannot_be_read_is_passed_over() -> None:
    log = AlertLog()
    log.append([None, b"", b"{", b'{"fingerprint": 3}', b"[" * 100_000, msgspec.json.encode(an_alert())])
    assert len(log.history("f1")) == 1


def test_log_is_bounded() -> None:
    log = AlertLog()
    moments = (msgspec.structs.replace(an_alert(), updated_at=NOON_MS + at) for at in range(MAX_RECORDS + 5))
    log.append([msgspec.json.encode(alert) for alert in moments])
    assert [len(log.history("f1")), log.history("f1")[-1].updated_at] == [
        MAX_RECORDS,
        NOON_MS + MAX_RECORDS + 4,
    ]
    log.append([
        msgspec.json.encode(msgspec.structs.replace(an_alert(f"n{number}"), updated_at=NOON_MS + 10**6 + number))
        for number in range(MAX_ALERTS)
    ])  # fmt: skip
    assert log.history("f1") == []
    assert log.history("n1")
