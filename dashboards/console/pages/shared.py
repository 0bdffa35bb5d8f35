"""What several pages show alike."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from models.labels import SENTIMENTS
from streams.alerts.alert import Alert


class Moods(msgspec.Struct, frozen=True):
    """Scored texts by sentiment, a number for each minute."""

    negative: Sequence[int]
    neutral: Sequence[int]
    positive: Sequence[int]


class AlertSummary(msgspec.Struct, frozen=True):
    """An alert as a line: what was said, and what it breaks."""

    fingerprint: str
    kind: str
    family: str
    severity: str
    state: str
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


def notice(alert: Alert) -> AlertSummary:
    """The line of an alert."""
    finding = next((found for evidence in alert.evidence for found in evidence.findings), None)
    return AlertSummary(
        alert.fingerprint, alert.kind, alert.family or "", alert.severity, alert.state, alert.brand_id,
        alert.room_id or "", alert.source or "", alert.started_at, alert.updated_at, alert.summary,
        finding.matched if finding else "", finding.article if finding else "", alert.observed, alert.baseline,
    )  # fmt: skip


def latest_first(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: (alert.updated_at, alert.fingerprint), reverse=True)


def moods_of(by_minute: Mapping[int, Mapping[str, int]], numbers: range) -> Moods:
    """The minutes of a range; those without texts are zeros."""
    lines = {name: [by_minute.get(number, {}).get(name, 0) for number in numbers] for name in SENTIMENTS}
    return Moods(**lines)
