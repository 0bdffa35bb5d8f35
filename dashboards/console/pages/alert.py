"""One alert: what, since when, how bad and compared with what, on which evidence, what to do, and who decided what."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from dashboards.console.sources import PageSources
from streams.alerts.alert import Alert, Severity, State
from streams.control.decisions import Decision, standing

RUNBOOKS = Path(__file__).parents[3] / "dashboards" / "runbooks"


class Change(msgspec.Struct, frozen=True):
    """A record of the alerts topic: the alert's state at a time."""

    at_ms: int
    state: State
    severity: Severity
    summary: str


class DecisionHistory(msgspec.Struct, frozen=True):
    """All decisions, oldest first, and the one in force."""

    made: Sequence[Decision]
    standing: Decision | None


class AlertPage(msgspec.Struct, frozen=True):
    """The page. `alert` is None where no record of it is known any more."""

    alert: Alert | None
    timeline: Sequence[Change]
    judged: DecisionHistory
    runbook: str
    """Markdown; empty where there is none of that name."""


def view(sources: PageSources, fingerprint: str) -> AlertPage:
    """Raises Unavailable."""
    history = sources.topics.alert_log.history(fingerprint)
    alert = find(sources, fingerprint)
    made = sources.readers.decisions.of(fingerprint)
    return AlertPage(
        alert=alert,
        timeline=_timeline(history or ([alert] if alert else [])),
        judged=DecisionHistory(made, standing(made)),
        runbook=_runbook(alert.runbook) if alert else "",
    )


def find(sources: PageSources, fingerprint: str) -> Alert | None:
    """The alert's present state: from Redis, which is never behind, else from the topic, which keeps it longer."""
    for alert in [*sources.readers.alerts.active(), *sources.readers.alerts.resolved()]:
        if alert.fingerprint == fingerprint:
            return alert
    return next(reversed(sources.topics.alert_log.history(fingerprint)), None)


def _timeline(history: Sequence[Alert]) -> list[Change]:
    """One line for each change of state or severity, and for each rewriting with new figures."""
    return [Change(alert.updated_at, alert.state, alert.severity, alert.summary) for alert in history]


def _runbook(name: str) -> str:
    """A file beside the others: the name comes with the alert, so it is looked up, never joined to a path."""
    known = {path.name: path for path in RUNBOOKS.glob("*.md")}
    return known[name].read_text() if name in known else ""
