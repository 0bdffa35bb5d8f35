"""Compares raised alerts with the expected ones: each must be raised once, with no other beside them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from streams.alerts.alert import SEVERITIES, Alert, Severity
from streams.simulate.truth import ExpectedAlert


@dataclass(frozen=True)
class Raised:
    """One alert over its whole life: its last record and its highest severity."""

    last: Alert
    max_severity: Severity

    @property
    def pages(self) -> bool:
        """Whether it paged: `info` and shadow alerts never do."""
        return self.max_severity != "info" and not self.last.shadow


@dataclass(frozen=True)
class Verdict:
    """One expectation and what was raised for it, or an alert that was not expected."""

    expected: ExpectedAlert | None
    raised: Raised | None
    fault: str | None
    """What is wrong, None where nothing is."""


def alert_histories(records: Iterable[Alert]) -> list[Raised]:
    """The alerts that ever fired, from their records in any order."""
    histories: dict[str, list[Alert]] = {}
    for record in records:
        if record.fired_at is not None:
            histories.setdefault(record.fingerprint, []).append(record)
    return [
        Raised(
            max(history, key=lambda alert: (alert.updated_at, alert.state == "resolved")),
            max((alert.severity for alert in history), key=SEVERITIES.index),
        )
        for history in histories.values()
    ]


def compare_alerts(expectations: Sequence[ExpectedAlert], records: Iterable[Alert]) -> list[Verdict]:
    """A verdict on each expectation, and one on each alert that pages and that none of them expects."""
    raised = alert_histories(records)
    verdicts = [_verdict(expected, [one for one in raised if _meets(expected, one.last)]) for expected in expectations]
    unexpected = (one for one in raised if not any(_meets(expected, one.last) for expected in expectations))
    return verdicts + [Verdict(None, one, "not expected") for one in unexpected if one.pages]


def _meets(expected: ExpectedAlert, alert: Alert) -> bool:
    return (
        (alert.kind, alert.brand_id, alert.family) == (expected.kind, expected.brand_id, expected.family)
        and expected.room_id in (None, alert.room_id)
        and expected.onset_from_ms <= alert.started_at <= expected.onset_to_ms
    )


def _verdict(expected: ExpectedAlert, found: Sequence[Raised]) -> Verdict:
    if not found:
        return Verdict(expected, None, "missing")
    return Verdict(expected, found[0], "; ".join(_faults(expected, found)) or None)


def _faults(expected: ExpectedAlert, found: Sequence[Raised]) -> Iterator[str]:
    first = found[0]
    if len(found) > 1:
        yield f"raised {len(found)} times"
    if SEVERITIES.index(first.max_severity) < SEVERITIES.index(expected.severity_at_least):
        yield f"only {first.max_severity}, should be {expected.severity_at_least}"
    if expected.must_resolve and first.last.state != "resolved":
        yield "not resolved"
