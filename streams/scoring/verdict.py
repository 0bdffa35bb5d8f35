"""One verdict on a text's lawfulness from three parts: rules that match, likeness, and the model.

    part       gives                                                   alone it makes
    rule       which article a stretch of the text breaks              a breach
    likeness   how much the text reads like a family's breaches        a breach from 0.5, a suspicion below
    model      how probably the promotion is misleading                a suspicion, in sellers' texts only

The verdict keeps each part's result, so that a reader sees whether they agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from streams.compliance.rulebook import LIKENESS_CERTAIN
from streams.events.schema import Finding, TextKind

MISLEADING = "misleading"
_SELLERS: tuple[TextKind, ...] = ("host_speech", "brand_post")

Outcome = Literal["breach", "suspected", "clean"]


class FamilyVerdict(NamedTuple):
    """What the parts make of one family."""

    family: str
    outcome: Outcome
    rules: tuple[str, ...]
    """Rules that match; empty if the text only reads like a breach."""
    likeness: float | None
    """None if it was not asked: for short texts, personal data and most comments."""


class Verdict(NamedTuple):
    """What all parts make of a text: the worst of its families, or the model's suspicion alone."""

    outcome: Outcome
    families: tuple[FamilyVerdict, ...]
    misleading: float | None
    """The model's probability; None if it did not answer."""

    def as_row(self) -> dict[str, Any]:
        """As JSON, where an outcome is called `says`."""
        return {
            "says": self.outcome,
            "families": [
                {"family": one.family, "says": one.outcome, "rules": one.rules, "likeness": one.likeness}
                for one in self.families
            ],
            "misleading": self.misleading,
        }


def verdict(findings: Sequence[Finding], risks: Mapping[str, float], flagged: Sequence[str], kind: TextKind) -> Verdict:
    """The verdict from a text's findings and the model's probabilities, which are empty if it did not answer."""
    by_family: dict[str, list[Finding]] = {}
    for finding in findings:
        by_family.setdefault(finding.family, []).append(finding)
    families = tuple(_of_family(family, found) for family, found in by_family.items())
    suspected = bool(families) or (MISLEADING in flagged and kind in _SELLERS)
    outcome: Outcome = (
        "breach" if any(family.outcome == "breach" for family in families) else "suspected" if suspected else "clean"
    )
    return Verdict(outcome, families, risks.get(MISLEADING))


def _of_family(family: str, found: Sequence[Finding]) -> FamilyVerdict:
    rules = tuple(sorted({finding.rule for finding in found if finding.said_by != "likeness"}))
    likeness = max((finding.score for finding in found if finding.score is not None), default=None)
    sure = bool(rules) or (likeness is not None and likeness >= LIKENESS_CERTAIN)
    return FamilyVerdict(family, "breach" if sure else "suspected", rules, likeness)
