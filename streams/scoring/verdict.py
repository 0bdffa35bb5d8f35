"""One verdict on a text's lawfulness from three parts: rules that match, likeness, and the model.

    part       gives                                                   alone it makes
    rule       which article a stretch of the text breaks              a breach
    likeness   how much the text reads like a family's breaches        a breach from 0.5, a suspicion below
    model      how probably the promotion is misleading                a suspicion, in sellers' texts only

The verdict keeps each part's result, so that a reader sees whether they agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from streams.compliance.rulebook import LIKENESS_CERTAIN
from streams.compliance.text_reading import MASK
from streams.events.schema import Finding, TextKind

MISLEADING = "misleading"
PRIVACY = "privacy"
PRIVACY_LEAK = "privacy_leak"
_NUMBER = re.compile(r"[a-z0-9]*\d[\d\- ]{3,}\d", re.IGNORECASE)
_SPEAKS_OF_PRIVACY = re.compile(
    "隐私|隱私|泄露|洩露|泄漏|个人信息|個人資料|人肉|开盒|開盒|身份证|身份證|住址|地址|住在|家住|手机|手機|电话|電話"
    r"|姓名|真名|微信号|定位|偷拍|监控|privacy|personal|dox|leak|stalk|breach|address|phone|\bssn\b|passport"
    "|lives? (?:at|in)",
    re.IGNORECASE,
)
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


def agreed_flags(flagged: Sequence[str], masked: str, findings: Sequence[Finding]) -> list[str]:
    """The model's flags without those that the rules refute, from a text in which personal data is masked.

    A number alone is enough for the model to see a matter of privacy. The rules for personal data know an order's
    number from a person's: where they read numbers, masked none, and the text does not speak of privacy, the flag does
    not count.
    """
    if PRIVACY not in flagged or MASK in masked or _NUMBER.search(masked) is None:
        return list(flagged)
    if any(finding.family == PRIVACY_LEAK for finding in findings) or _SPEAKS_OF_PRIVACY.search(masked):
        return list(flagged)
    return [flag for flag in flagged if flag != PRIVACY]


def _of_family(family: str, found: Sequence[Finding]) -> FamilyVerdict:
    rules = tuple(sorted({finding.rule for finding in found if finding.said_by != "likeness"}))
    likeness = max((finding.score for finding in found if finding.score is not None), default=None)
    sure = bool(rules) or (likeness is not None and likeness >= LIKENESS_CERTAIN)
    return FamilyVerdict(family, "breach" if sure else "suspected", rules, likeness)
