"""One verdict of a text's lawfulness out of what three parts say: rules that match, likeness, and the model.

    part       says                                                    alone it makes
    rule       which article a stretch of the text breaks              a breach
    likeness   how much the text reads like a family's breaches        a breach from 0.5, a suspicion below
    model      how probably the promotion is misleading                a suspicion, of what sellers say

Each part's word stays visible, so that a reader sees whether they agree.
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
    """What the parts say of one family."""

    family: str
    says: Outcome
    rules: tuple[str, ...]
    """Rules that match; none where only the likeness speaks."""
    likeness: float | None
    """None where it is not asked: short texts, personal data, most comments."""


class Verdict(NamedTuple):
    """What all parts say of a text; the worst of its families, or a suspicion of the model's alone."""

    says: Outcome
    families: tuple[FamilyVerdict, ...]
    misleading: float | None
    """The model's probability; None where it did not answer."""

    def as_row(self) -> dict[str, Any]:
        """As JSON."""
        return {**self._asdict(), "families": [family._asdict() for family in self.families]}


def verdict(findings: Sequence[Finding], risks: Mapping[str, float], flagged: Sequence[str], kind: TextKind) -> Verdict:
    """The verdict of a text's findings and the model's probabilities (empty where it did not answer)."""
    by_family: dict[str, list[Finding]] = {}
    for finding in findings:
        by_family.setdefault(finding.family, []).append(finding)
    families = tuple(_of_family(family, found) for family, found in by_family.items())
    suspected = bool(families) or (MISLEADING in flagged and kind in _SELLERS)
    says: Outcome = (
        "breach" if any(family.says == "breach" for family in families) else "suspected" if suspected else "clean"
    )
    return Verdict(says, families, risks.get(MISLEADING))


def _of_family(family: str, found: Sequence[Finding]) -> FamilyVerdict:
    rules = tuple(sorted({finding.rule for finding in found if finding.said_by != "likeness"}))
    likeness = max((finding.score for finding in found if finding.score is not None), default=None)
    sure = bool(rules) or (likeness is not None and likeness >= LIKENESS_CERTAIN)
    return FamilyVerdict(family, "breach" if sure else "suspected", rules, likeness)
