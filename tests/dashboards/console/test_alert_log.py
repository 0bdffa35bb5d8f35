"""The alerts topic in memory."""

import msgspec

from dashboards.console.alert_log import MAX_ALERTS, MAX_RECORDS, AlertLog
from streams.alerts.alert import Evidence
from streams.events.schema import Coordinates
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


def test_quotes_that_were_withdrawn_go_from_earlier_records_too() -> None:
    log = AlertLog()
    quotes = [Evidence(Coordinates("t", 0, at), NOON_MS, f"quote {at}", text_id=f"text-{at}") for at in range(3)]
    first = msgspec.structs.replace(an_alert(), evidence=quotes[:2])
    second = msgspec.structs.replace(an_alert(), updated_at=NOON_MS + 1, evidence=quotes)
    left = msgspec.structs.replace(second, updated_at=NOON_MS + 2, evidence=quotes[:1], withdrawn=["text-1", "text-2"])
    log.append([msgspec.json.encode(alert) for alert in (first, second, left)])
    assert [[one.text for one in alert.evidence] for alert in log.history("f1")] == [["quote 0"]] * 3
