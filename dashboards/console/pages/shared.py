"""Panels' parts that several pages share."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from models.labels import SENTIMENTS
from streams.alerts.alert import Alert, Severity, State
from streams.alerts.kinds import AlertKind
from streams.control.decisions import Decision


class SentimentMinutes(msgspec.Struct, frozen=True):
    """Scored texts by sentiment, a number for each minute."""

    negative: Sequence[int]
    neutral: Sequence[int]
    positive: Sequence[int]


class AlertSummary(msgspec.Struct, frozen=True):
    """An alert as a line: what was said, and what it breaks."""

    fingerprint: str
    kind: AlertKind
    family: str
    severity: Severity
    state: State
    brand_id: str
    room_id: str
    source: str
    started_ms: int
    updated_ms: int
    summary: str
    matched: str
    article: str
    observed: Mapping[str, float]
    baseline: Mapping[str, float]
    present: Mapping[str, float]
    """What is observed now, where `observed` has the height of it."""
    calm_since_ms: int | None
    resolves_ms: int | None
    decision: Decision | None
    """The one in force."""


def summaries(alerts: Iterable[Alert], decided: Mapping[str, Decision]) -> list[AlertSummary]:
    """Lines in the order of the alerts, each with what was decided."""
    return [summary_of(alert, decided.get(alert.fingerprint)) for alert in alerts]


def summary_of(alert: Alert, decision: Decision | None = None) -> AlertSummary:
    """An alert's line; what raised a breach is its latest finding."""
    breaches = (found for evidence in alert.evidence for found in evidence.findings) if alert.family else iter(())
    finding = next(breaches, None)
    return AlertSummary(
        fingerprint=alert.fingerprint,
        kind=alert.kind,
        family=alert.family or "",
        severity=alert.severity,
        state=alert.state,
        brand_id=alert.brand_id,
        room_id=alert.room_id or "",
        source=alert.source or "",
        started_ms=alert.started_at,
        updated_ms=alert.updated_at,
        summary=alert.summary,
        matched=finding.matched if finding else "",
        article=finding.article if finding else "",
        observed=alert.observed,
        baseline=alert.baseline,
        present=alert.present,
        calm_since_ms=alert.calm_since,
        resolves_ms=alert.resolves_at,
        decision=decision,
    )


def from_first(values: Sequence[int]) -> list[int | None]:
    """Counts minute by minute; those before the first that is not zero are unknown: nothing was heard yet."""
    first = next((at for at, value in enumerate(values) if value), len(values))
    return [None if at < first else value for at, value in enumerate(values)]


def sentiment_minutes(by_minute: Mapping[int, Mapping[str, int]], numbers: range) -> SentimentMinutes:
    """The minutes of a range; those without texts are zeros."""
    lines = {name: [by_minute.get(number, {}).get(name, 0) for number in numbers] for name in SENTIMENTS}
    return SentimentMinutes(**lines)
