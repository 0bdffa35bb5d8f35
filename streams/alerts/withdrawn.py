"""Texts that were taken back by those who wrote them: an alert stops quoting them, and says how many it did quote.

Who keeps an alert's earlier records takes the same quotes out of them (`without`): `Alert.withdrawn` names the texts.
"""

from collections.abc import Callable, Collection

import msgspec

from streams.alerts.alert import Alert, Evidence

MAX_WITHDRAWN = 200
"""Names that an alert carries, the latest."""


def text_names(alert: Alert) -> frozenset[str]:
    """The texts that an alert quotes, by `Evidence.text_id`, and their authors."""
    texts = {evidence.text_id for evidence in alert.evidence}
    return frozenset(texts | {evidence.actor_id for evidence in alert.evidence if evidence.actor_id} - {""})


def withdraw(alert: Alert, is_gone: Callable[[Evidence], bool], actor_id: str | None = None) -> Alert:
    """The alert without these quotes, and without an account that is gone; the same one where it has neither."""
    gone = {evidence.text_id for evidence in alert.evidence if is_gone(evidence)}
    spreads = actor_id is not None and actor_id in alert.spreaders
    if not gone and not spreads:
        return alert
    rest = without(alert, gone)
    return msgspec.structs.replace(
        rest,
        withdrawn=[*alert.withdrawn, *sorted(gone)][-MAX_WITHDRAWN:],
        spreaders={name: worth for name, worth in alert.spreaders.items() if name != actor_id},
    )


def without(alert: Alert, text_ids: Collection[str]) -> Alert:
    """The alert without the quotes of these texts, in its sentences too."""
    kept = [evidence for evidence in alert.evidence if evidence.text_id not in text_ids]
    said = {finding.matched for evidence in kept for finding in evidence.findings}
    summary, explanation = alert.summary, alert.explanation
    for evidence in alert.evidence:
        if evidence.text_id in text_ids:
            for phrase in (evidence.text, *(finding.matched for finding in evidence.findings)):
                if phrase and phrase not in said:
                    summary, explanation = (_masked(words, phrase) for words in (summary, explanation))
    return msgspec.structs.replace(alert, evidence=kept, summary=summary, explanation=explanation)


def _masked(words: str, phrase: str) -> str:
    return words.replace(f"“{phrase}”", "“…”")
