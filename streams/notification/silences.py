"""Acknowledgements as Alertmanager's silences: who acknowledges an alert ends its repetition, and nothing else.

    decided     acknowledged ─────────────── reopened
    alert       F F F F F F F F F F F F F F F F F R       F fires  R resolved
    silence       s s s s s s s s s s s s               ends with the decision, its time, or the alert

A silence names the episode with the severity that it had: growth is told. It is made for half an hour and prolonged
while it is due, so that one whose relay died does not stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.alerts.alert import Alert
from streams.control.decisions import Silence
from streams.notification.alertmanager import read_time, written_time
from streams.notification.alertmanager_api import AlertmanagerApi, AlertmanagerSilence, Matcher

COMMENT = "Acknowledged in Pulsewatch"
"""What the comment of each silence of ours begins with."""
LASTS_MS = 30 * 60_000
PROLONGED_MS = 15 * 60_000
"""A silence that ends sooner is prolonged."""


@dataclass(frozen=True)
class SilenceChanges:
    """What Alertmanager has to be told."""

    made: Sequence[AlertmanagerSilence]
    ended: Sequence[str]
    """By id."""


def silence_changes(
    firing: Sequence[Alert], wanted: Mapping[str, Silence], found: Sequence[AlertmanagerSilence], now_ms: int
) -> SilenceChanges:
    """From what is decided and what Alertmanager has to what is missing and what is too much. Silences of others are
    left alone."""
    ours = {_key(one): one for one in found if one.comment.startswith(COMMENT)}
    due = {
        (name, silence.kind, silence.severity): silence
        for name, silence in wanted.items()
        if any(alert.fingerprint == name for alert in firing)
    }
    made = [fresh for key, silence in due.items() if (fresh := _fresh(key, silence, ours.get(key), now_ms)) is not None]
    ended = [one.id for key, one in ours.items() if key not in due and one.id is not None]
    return SilenceChanges(made, ended)


async def apply_silences(api: AlertmanagerApi, changes: SilenceChanges) -> None:
    """Raises Unavailable."""
    for silence in changes.made:
        await api.silence(silence)
    for silence_id in changes.ended:
        await api.end_silence(silence_id)


def _fresh(
    key: tuple[str, str, str], silence: Silence, found: AlertmanagerSilence | None, now_ms: int
) -> AlertmanagerSilence | None:
    """The silence to make or to prolong; None where the one that there is will do."""
    ends_ms = min(now_ms + LASTS_MS, silence.until_ms or now_ms + LASTS_MS)
    if found is not None:
        left_ms = (read_time(found.ends_at) or 0) - now_ms
        if left_ms <= ends_ms - now_ms + 1000 and (left_ms > PROLONGED_MS or left_ms >= ends_ms - now_ms - 1000):
            return None
    matchers = [Matcher(name, value) for name, value in zip(("fingerprint", "kind", "severity"), key, strict=True)]
    note = f": {silence.note}" if silence.note else ""
    return AlertmanagerSilence(
        matchers=matchers,
        starts_at=found.starts_at if found else written_time(now_ms),
        ends_at=written_time(ends_ms),
        created_by=silence.author,
        comment=COMMENT + note,
        id=found.id if found else None,
    )


def _key(silence: AlertmanagerSilence) -> tuple[str, str, str]:
    labels = {matcher.name: matcher.value for matcher in silence.matchers}
    return labels.get("fingerprint", ""), labels.get("kind", ""), labels.get("severity", "")
