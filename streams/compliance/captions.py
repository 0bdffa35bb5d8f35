"""Claims that a host breaks over two captions, found once.

Speech recognition cuts where it likes: `这款是全网最` and, two seconds later, `低的价格`. Each caption is therefore
checked with the end of the one before it in front; what lies in that end alone was found before. A caption that is
recognised anew (the same subject again) is checked like the first time, and what it already reported is not repeated.

    before    …家人们这款是全网最
    caption                   低的价格，只有今天
    checked   家人们这款是全网最低的价格，只有今天     span of the finding in the caption: [0, 1)
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from streams.compliance.rulebook import Rulebook
from streams.compliance.text_reading import TextReading
from streams.events.schema import Finding, Platform

TAIL_CHARS = 30
MAX_PAUSE_MS = 15_000
MAX_SESSIONS = 1_024
_CLAUSE_END = re.compile("[,，。.!！?？;；、]")


@dataclass(frozen=True, slots=True)
class Caption:
    """Where a finished caption belongs: whose speech it is part of, which caption of it, and when it was spoken."""

    session: str
    subject: str | None
    time_ms: int


class CheckedCaption(NamedTuple):
    """A caption's own text with personal data masked, and what is new in it."""

    masked: str
    findings: list[Finding]
    """`span` and `matched` of a broken claim begin at the caption's first character."""


class _Front(NamedTuple):
    """What is read in front of a caption."""

    text: str
    rules: frozenset[str]
    """Rules that the text in front broke already."""
    reported: frozenset[str]
    """Rules that a former version of the caption broke."""


_NO_FRONT = _Front("", frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class _LastCaption:
    """The last caption of a session, as it was checked."""

    caption: Caption
    tail: str
    front: _Front
    rules: frozenset[str]
    """Rules that the caption broke, its corrections included."""


class Captions:
    """The last caption of each session of one partition, at most 1,024 sessions. Not safe to share between threads."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._last: OrderedDict[str, _LastCaption] = OrderedDict()

    def check(
        self,
        caption: Caption,
        reading: TextReading,
        platform: Platform | None = None,
        jurisdiction: str | None = None,
    ) -> CheckedCaption:
        """Checks and masks a caption's text with the end of the caption before it in front, and remembers it.

        Personal data that began in front is masked too.
        """
        front = self._front_of(caption)
        chars = len(front.text)
        together = TextReading(front.text + reading.text, reading.lang) if front.text else reading
        findings: list[Finding] = []
        broke_already: set[str] = set()
        for finding in self._rulebook.check(together, "host_speech", platform=platform, jurisdiction=jurisdiction):
            start, end = finding.span
            if finding.said_by == "likeness" and (start < chars or end >= len(together.text)):
                continue  # reported with the caption before, or not spoken to its end
            if start < chars and finding.rule in front.rules:
                broke_already.add(finding.rule)
            elif start < chars and self._are_two_sentences(front.text, reading, platform, jurisdiction, finding):
                continue
            elif end > chars:
                findings.append(_in_caption(finding, chars, reading.text))
        if broke_already:  # what the caption says by itself counts, though it runs on from the front
            alone = self._rulebook.check(reading, "host_speech", platform=platform, jurisdiction=jurisdiction)
            findings += [finding for finding in alone if finding.rule in broke_already and finding not in findings]
        rules = front.reported | {finding.rule for finding in findings}
        self._remember(_LastCaption(caption, reading.text[-TAIL_CHARS:], front, rules))
        new = [finding for finding in findings if finding.rule not in front.reported]
        return CheckedCaption(together.masked[chars:], new)

    def _are_two_sentences(
        self,
        front: str,
        reading: TextReading,
        platform: Platform | None,
        jurisdiction: str | None,
        across: Finding,
    ) -> bool:
        """Whether what was found across the border is no claim that was cut there: a cut claim ends in the clause in
        which it was cut, and the rule does not excuse its second half alone."""
        if _CLAUSE_END.search(front + reading.text, len(front), across.span[1]):
            return True
        alone = self._rulebook.explain(reading, "host_speech", platform=platform, jurisdiction=jurisdiction).considered
        return any(one.rule == across.rule and one.excuse is not None for one in alone)

    def _front_of(self, caption: Caption) -> _Front:
        last = self._last.get(caption.session)
        if last is None:
            return _NO_FRONT
        if caption.subject is not None and caption.subject == last.caption.subject:
            return last.front._replace(reported=last.rules)
        if not 0 <= caption.time_ms - last.caption.time_ms <= MAX_PAUSE_MS:
            return _NO_FRONT
        return _Front(last.tail, last.rules, frozenset())

    def _remember(self, last: _LastCaption) -> None:
        session = last.caption.session
        self._last[session] = last
        self._last.move_to_end(session)
        if len(self._last) > MAX_SESSIONS:
            self._last.popitem(last=False)


def _in_caption(finding: Finding, front_chars: int, text: str) -> Finding:
    start, end = max(0, finding.span[0] - front_chars), finding.span[1] - front_chars
    return msgspec.structs.replace(finding, span=(start, end), matched=text[start:end])
