"""Claims that a host breaks over two captions, found once.

Speech recognition cuts where it likes: `这款是全网最` and, two seconds later, `低的价格`. Each caption is therefore
checked with the end of the one before it in front; what lies in that end alone was found before. A caption that is
recognised anew (the same subject again) is checked like the first time, and what it already told is not told twice.

    before    …家人们这款是全网最
    caption                   低的价格，只有今天
    checked   家人们这款是全网最低的价格，只有今天     span of the finding in the caption: [0, 1)
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass

from streams.compliance.personal_data import mask
from streams.compliance.rulebook import Rulebook
from streams.events.schema import Finding, Platform

TAIL_CHARS = 30
MAX_PAUSE_MS = 15_000
MAX_SESSIONS = 1_024
_CLAUSE_END = re.compile("[,，。.!！?？;；、]")


@dataclass(frozen=True, slots=True)
class Caption:
    """A finished caption; `session` tells whose speech it is part of, `subject` which caption of it."""

    session: str
    subject: str | None
    text: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The last caption of a session, and what stood in front of it when it was checked."""

    caption: Caption
    front: str
    front_rules: frozenset[str]
    rules: frozenset[str]
    """Rules that were found in the caption, its corrections included."""


class Captions:
    """What the hosts of one partition said last, at most 1,024 sessions. Not safe to share between threads."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._last: OrderedDict[str, _Spoken] = OrderedDict()

    def check(self, caption: Caption, platform: Platform | None = None) -> list[Finding]:
        """What is new in this caption; spans and `matched` of a broken claim begin at the caption's first character."""
        front, front_rules, told = self._before(caption)
        findings: list[Finding] = []
        broke_already: set[str] = set()
        for finding in self._rulebook.check(front + caption.text, "host_speech", platform=platform):
            if finding.said_by == "likeness" and (
                finding.span[0] < len(front) or finding.span[1] >= len(front) + len(caption.text)
            ):
                continue  # told with the caption before it, or not spoken to its end
            if finding.span[0] < len(front) and finding.rule in front_rules:
                broke_already.add(finding.rule)
            elif finding.span[0] < len(front) and self._are_two_sentences(front, caption.text, platform, finding):
                continue
            elif finding.span[1] > len(front):
                findings.append(_in_caption(finding, len(front), caption.text))
        if broke_already:  # what the caption says by itself counts, though it runs on from there
            alone = self._rulebook.check(caption.text, "host_speech", platform=platform)
            findings += [finding for finding in alone if finding.rule in broke_already and finding not in findings]
        rules = told | {finding.rule for finding in findings}
        self._last[caption.session] = _Spoken(caption, front, front_rules, rules)
        self._last.move_to_end(caption.session)
        if len(self._last) > MAX_SESSIONS:
            self._last.popitem(last=False)
        return [finding for finding in findings if finding.rule not in told]

    def mask(self, caption: Caption) -> str:
        """The caption with personal data masked, a number's second half too; to be asked before `check`."""
        front, _, _ = self._before(caption)
        return mask(front + caption.text)[len(front) :]

    def _are_two_sentences(self, front: str, text: str, platform: Platform | None, across: Finding) -> bool:
        """Whether what was found across the border is no claim that was cut there: such a claim ends in the clause that
        it was cut in, and its second half alone is nothing that the rule knows and excuses."""
        if _CLAUSE_END.search(front + text, len(front), across.span[1]):
            return True
        alone = self._rulebook.explain(text, "host_speech", platform=platform).considered
        return any(one.rule == across.rule and one.excuse is not None for one in alone)

    def _before(self, caption: Caption) -> tuple[str, frozenset[str], frozenset[str]]:
        """What stands in front of a caption, which rules that broke already, and which a former version of it did."""
        last = self._last.get(caption.session)
        if last is None:
            return "", frozenset(), frozenset()
        if caption.subject is not None and caption.subject == last.caption.subject:
            return last.front, last.front_rules, last.rules
        if not 0 <= caption.time_ms - last.caption.time_ms <= MAX_PAUSE_MS:
            return "", frozenset(), frozenset()
        return last.caption.text[-TAIL_CHARS:], last.rules, frozenset()


def _in_caption(finding: Finding, front_chars: int, text: str) -> Finding:
    start, end = max(0, finding.span[0] - front_chars), finding.span[1] - front_chars
    return Finding(
        family=finding.family,
        rule=finding.rule,
        article=finding.article,
        span=(start, end),
        matched=text[start:end],
        severity=finding.severity,
        said_by=finding.said_by,
        score=finding.score,
    )
