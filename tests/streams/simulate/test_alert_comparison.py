import msgspec
import pytest

from streams.alerts.alert import Alert, fingerprint
from streams.clock import MINUTE_MS
from streams.simulate.alert_comparison import alert_histories, compare_alerts
from streams.simulate.truth import ExpectedAlert

ONSET_MS = 1_790_000_040_000
EXPECTED = ExpectedAlert(
    "crisis", "shanye", "warning", ONSET_MS - 5 * MINUTE_MS, ONSET_MS + 5 * MINUTE_MS, must_resolve=True
)
FIRING = Alert(
    fingerprint=fingerprint("crisis", "shanye", None, None, ONSET_MS),
    kind="crisis",
    severity="critical",
    state="firing",
    brand_id="shanye",
    started_at=ONSET_MS,
    updated_at=ONSET_MS + MINUTE_MS,
    summary="",
    explanation="",
    runbook="",
    fired_at=ONSET_MS + MINUTE_MS,
)
RESOLVED = msgspec.structs.replace(
    FIRING, state="resolved", severity="warning", updated_at=ONSET_MS + 9 * MINUTE_MS, resolved_at=ONSET_MS
)


def changed(alert: Alert, **changes: object) -> Alert:
    other = msgspec.structs.replace(alert, **changes)
    name = fingerprint(other.kind, other.brand_id, other.room_id, other.family, other.started_at)
    return msgspec.structs.replace(other, fingerprint=name)


def faults(*records: Alert) -> list[str | None]:
    return [verdict.fault for verdict in compare_alerts([EXPECTED], records)]


def test_alert_that_fires_and_resolves_as_expected_has_no_fault() -> None:
    assert faults(FIRING, RESOLVED) == [None]


def test_alerts_severity_is_the_worst_that_it_ever_was() -> None:
    (life,) = alert_histories([RESOLVED, FIRING])
    assert (life.max_severity, life.last.state) == ("critical", "resolved")


def test_alert_that_never_came_is_missing() -> None:
    assert faults() == ["missing"]


def test_alert_that_was_only_pending_is_missing() -> None:
    assert faults(msgspec.structs.replace(FIRING, state="pending", fired_at=None)) == ["missing"]


def test_alert_that_stays_is_not_resolved() -> None:
    assert faults(FIRING) == ["not resolved"]


def test_alert_that_is_too_mild_says_so() -> None:
    assert faults(*(changed(alert, severity="info") for alert in (FIRING, RESOLVED))) == [
        "only info, should be warning"
    ]


def test_alert_that_comes_twice_is_a_fault() -> None:
    again = [changed(alert, started_at=ONSET_MS + MINUTE_MS) for alert in (FIRING, RESOLVED)]
    assert faults(FIRING, RESOLVED, *again) == ["raised 2 times"]


@pytest.mark.parametrize(
    "change",
    [{"kind": "cyber_violence"}, {"brand_id": "lumo"}, {"started_at": ONSET_MS + 6 * MINUTE_MS}, {"family": "minors"}],
)
def test_alert_of_another_kind_place_or_time_is_missing_and_unexpected(change: dict[str, object]) -> None:
    assert faults(changed(RESOLVED, **change)) == ["missing", "not expected"]


def test_unexpected_alert_that_pages_nobody_is_no_fault() -> None:
    surge = changed(FIRING, kind="surge", severity="info")
    assert faults(FIRING, RESOLVED, surge) == [None]
