"""What the alerts topic says of each alert."""

import msgspec

from dashboards.console.alert_log import MAX_ALERTS, MAX_RECORDS, AlertLog
from tests.builders.alerts import NOON_MS, an_alert


def test_history_is_in_the_topics_order_and_repeats_add_nothing() -> None:
    archive = AlertLog()
    pending, firing = (msgspec.json.encode(an_alert(state=state)) for state in ("pending", "firing"))
    archive.take([pending, firing, firing, pending])
    assert [alert.state for alert in archive.history("f1")] == ["pending", "firing"]
    assert archive.version == 2


def test_what_cannot_be_read_is_passed_over() -> None:
    archive = AlertLog()
    archive.take([None, b"", b"{", b'{"fingerprint": 3}', b"[" * 100_000, msgspec.json.encode(an_alert())])
    assert len(archive.history("f1")) == 1


def test_archive_is_bounded() -> None:
    archive = AlertLog()
    moments = (msgspec.structs.replace(an_alert(), updated_at=NOON_MS + at) for at in range(MAX_RECORDS + 5))
    archive.take([msgspec.json.encode(alert) for alert in moments])
    assert [len(archive.history("f1")), archive.history("f1")[-1].updated_at] == [
        MAX_RECORDS,
        NOON_MS + MAX_RECORDS + 4,
    ]
    archive.take([
        msgspec.json.encode(msgspec.structs.replace(an_alert(f"n{number}"), updated_at=NOON_MS + 10**6 + number))
        for number in range(MAX_ALERTS)
    ])  # fmt: skip
    assert archive.history("f1") == []
    assert archive.history("n1")
