"""From pending to firing to resolved: one episode, one alert, however the input flickers.

    input      . . # # # . # # . . . . .        # it holds     . it is calm
    state      - - P F F F F F F F F R -        P pending  F firing  R resolved: the fingerprint is one throughout

An alert fires once its cause has held for `fire_after_ms`, and resolves once it has been calm for `resolve_after_ms`;
between "holds" and "calm" nothing changes. A pending alert whose cause goes before it fires resolves unfired.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from streams.alerts.alert import SEVERITIES, Alert, Evidence, Severity, fingerprint
from streams.alerts.kinds import KINDS, AlertKind
from streams.alerts.withdrawn import withdraw
from streams.ledger.stored import Stored


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """How long a cause must hold before the alert fires, and be gone before it resolves."""

    fire_after_ms: int
    resolve_after_ms: int


class Episode(Stored):
    """An alert that is pending or firing, with what its hysteresis needs; dropped once resolved."""

    alert: Alert
    since_ms: int
    calm_since_ms: int | None = None

    @property
    def firing(self) -> bool:
        return self.alert.state == "firing"

    @property
    def over(self) -> bool:
        return self.alert.state == "resolved"

    def step(self, now_ms: int, *, holds: bool, calm: bool, hysteresis: Hysteresis) -> bool:
        """Advance to `now_ms`; True if the state changed and the alert is to be written."""
        if holds:
            self.calm_since_ms = None
            return self.due(now_ms, hysteresis) and self.fire(now_ms)
        if not calm:
            return False
        if self.calm_since_ms is None:
            self.calm_since_ms = now_ms
        if not self.firing or now_ms - self.calm_since_ms >= hysteresis.resolve_after_ms:
            return self.resolve(now_ms)
        return False

    def due(self, now_ms: int, hysteresis: Hysteresis) -> bool:
        """Whether the alert fires now if its cause holds."""
        return not self.firing and now_ms - self.since_ms >= hysteresis.fire_after_ms

    def fire(self, now_ms: int) -> bool:
        self.revise(now_ms, state="firing", fired_at=now_ms, first_severity=self.alert.severity)
        return True

    def resolve(self, now_ms: int) -> bool:
        self.revise(now_ms, state="resolved", resolved_at=now_ms)
        return True

    def note(self, **changes: Any) -> None:
        """Keep fields of the alert for its next record, which stays due when it was."""
        self.alert = msgspec.structs.replace(self.alert, **changes)

    def as_of(self, calm_since_ms: int | None, hysteresis: Hysteresis, **changes: Any) -> Alert:
        """The alert as screens show it now, with when it resolves if it stays calm; the episode is unchanged."""
        resolves_at = None if calm_since_ms is None else calm_since_ms + hysteresis.resolve_after_ms
        return msgspec.structs.replace(self.alert, calm_since=calm_since_ms, resolves_at=resolves_at, **changes)

    def withdraw(self, is_gone: Callable[[Evidence], bool], actor_id: str | None, now_ms: int) -> bool:
        """Take quotes out that were deleted, and an account that is gone; True where the alert is to be written."""
        left = withdraw(self.alert, is_gone, actor_id)
        if left is self.alert:
            return False
        self.alert = msgspec.structs.replace(left, updated_at=max(now_ms, left.updated_at))
        return True

    def revise(self, now_ms: int, **changes: Any) -> None:
        """Replace fields of the alert; a severity never falls while the episode lasts."""
        if "severity" in changes:
            changes["severity"] = max_severity(self.alert.severity, changes["severity"])
        self.alert = msgspec.structs.replace(self.alert, updated_at=max(now_ms, self.alert.updated_at), **changes)


def max_severity(one: Severity, other: Severity) -> Severity:
    return max(one, other, key=SEVERITIES.index)


def new_alert(
    kind: AlertKind,
    brand_id: str,
    *,
    started_at_ms: int,
    now_ms: int,
    severity: Severity,
    summary: str,
    explanation: str,
    room_id: str | None = None,
    subject: str | None = None,
    **facts: Any,
) -> Alert:
    """The pending alert of a new episode. `subject` parts episodes of one kind and start: a rule family, a source."""
    return Alert(
        fingerprint=fingerprint(kind, brand_id, room_id, subject, started_at_ms),
        kind=kind,
        severity=severity,
        state="pending",
        brand_id=brand_id,
        started_at=started_at_ms,
        updated_at=now_ms,
        summary=summary,
        explanation=explanation,
        runbook=KINDS[kind].runbook,
        room_id=room_id,
        **facts,
    )
