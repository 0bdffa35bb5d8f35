"""One alert: what, since when, how bad and compared with what, on which evidence, what to do, and who decided what."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from dashboards.console.sources import PageSources
from streams.alerts.alert import Alert, Severity, State
from streams.alerts.kinds import AlertKind
from streams.chinese import in_traditional
from streams.control.decisions import Decision, Silence, silence_of, standing
from streams.notification.sentences import Reader, key_sentence
from streams.notification.words import Language

FOLDER = Path(__file__).parents[2] / "runbooks"
RUNBOOKS: Mapping[str, str] = MappingProxyType({path.name: path.read_text() for path in FOLDER.glob("*.md")})
"""By name: names come with alerts, so they are looked up, never joined to a path."""
LANGUAGES: Mapping[str, Language] = MappingProxyType({"en": "en", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW"})
"""The pages' languages as messages call them."""
CHINESE_RUNBOOKS: Mapping[str, str] = MappingProxyType({path.name: path.read_text() for path in FOLDER.glob("zh/*.md")})


class Change(msgspec.Struct, frozen=True):
    """A record of the alerts topic: the alert's state at a time, and how bad it was."""

    at_ms: int
    state: State
    severity: Severity
    summary: str
    kind: AlertKind
    observed: Mapping[str, float]
    baseline: Mapping[str, float]


class DecisionHistory(msgspec.Struct, frozen=True):
    """All decisions, oldest first, the one in force, and the silence that it made."""

    made: Sequence[Decision]
    standing: Decision | None
    silence: Silence | None
    """None where people are told again."""


class AlertPage(msgspec.Struct, frozen=True):
    """The page. `alert` is None where no record of it is known any more."""

    alert: Alert | None
    said: Mapping[str, str]
    """How bad it is, in one sentence in each of the pages' languages; empty for an alert without figures."""
    timeline: Sequence[Change]
    judged: DecisionHistory
    runbook: str
    """Markdown, in English; empty where there is none of that name."""
    runbook_in: Mapping[str, str]
    """The same by language, where it is translated: `zh-Hans`, `zh-Hant`."""


def view(sources: PageSources, fingerprint: str) -> AlertPage:
    """Raises Unavailable."""
    history = sources.topics.alert_log.history(fingerprint)
    alert = find(sources, fingerprint)
    made = sources.readers.decisions.of(fingerprint)
    return AlertPage(
        alert=alert,
        said=_said(alert) if alert else {},
        timeline=_timeline(history or ([alert] if alert else [])),
        judged=DecisionHistory(made, standing(made), silence_of(made, sources.readers.clock())),
        runbook=RUNBOOKS.get(alert.runbook, "") if alert else "",
        runbook_in=_translated(alert.runbook) if alert else {},
    )


def _said(alert: Alert) -> dict[str, str]:
    said = {page: key_sentence(alert, Reader(language)) for page, language in LANGUAGES.items()}
    return {page: sentence for page, sentence in said.items() if sentence}


def find(sources: PageSources, fingerprint: str) -> Alert | None:
    """The alert's present state: from Redis, which is never behind, else from the topic, which keeps it longer."""
    for alert in [*sources.readers.alerts.active(), *sources.readers.alerts.resolved()]:
        if alert.fingerprint == fingerprint:
            return alert
    return next(reversed(sources.topics.alert_log.history(fingerprint)), None)


def _timeline(history: Sequence[Alert]) -> list[Change]:
    """One line for each change of state or severity, and for each rewriting with new figures."""
    return [
        Change(one.updated_at, one.state, one.severity, one.summary, one.kind, one.observed, one.baseline)
        for one in history
    ]


@cache
def _translated(name: str) -> Mapping[str, str]:
    text = CHINESE_RUNBOOKS.get(name)
    return {} if text is None else {"zh-Hans": text, "zh-Hant": in_traditional(text)}
