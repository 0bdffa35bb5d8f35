"""An alert to draw."""

from streams.alerts.alert import Alert, Severity, State

MINUTE_MS = 60_000
NOON_MS = 1_790_000_000_000 // 86_400_000 * 86_400_000 + 12 * 60 * MINUTE_MS


def an_alert(
    fingerprint: str = "f1",
    state: State = "firing",
    severity: Severity = "critical",
    summary: str = "negative texts at nine times the baseline",
    room_id: str | None = None,
) -> Alert:
    return Alert(
        fingerprint=fingerprint,
        kind="crisis",
        severity=severity,
        state=state,
        brand_id="b-1",
        started_at=NOON_MS,
        updated_at=NOON_MS + MINUTE_MS,
        summary=summary,
        explanation="",
        runbook="crisis.md",
        room_id=room_id,
    )
