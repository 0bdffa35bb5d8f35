"""All rule packs, compiled: what in a text breaks which rule.

`check` in steps:
1. the text is read in normal form and lower case, and a second time without disguises where it has any;
2. words and patterns are searched for in both readings; a match counts if the text has what its rule requires, and
   nothing excuses it;
3. the second opinion (see likeness) drops a match if the text scores below LIKENESS_VETO for its family, or, of a long
   text, what stands around the match;
4. personal data, which is there or is not, is added from the first reading;
5. spans go back to the characters of the text as it came; hits of one rule that overlap become one finding;
6. the second opinion adds a finding for each family that no rule matched, excused or not, if the text scores above the
   threshold, or a passage of a long text above LIKENESS_CERTAIN.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from streams.compliance.compiled_rule import CompiledRule, compile_rule
from streams.compliance.disguise import UndisguisedText
from streams.compliance.jurisdiction import Citation, Law
from streams.compliance.likeness import MAX_CHARS, FastLikeness, Likeness, load_likeness
from streams.compliance.loader import PACKS_FOLDER, read_disguises, read_packs, read_shared
from streams.compliance.matcher import Hit, Scanned, passage_around, passages
from streams.compliance.pack import Disguises, Rule
from streams.compliance.speaker_rules import SpeakerRules
from streams.compliance.text_reading import TextReading
from streams.events.schema import Finding, Platform, SaidBy, TextKind

MAX_FINDINGS = 50
LIKENESS = "likeness"
"""Follows the family in the place of a rule's name where no rule matched."""
MIN_CHARS = 10
"""The second opinion does not judge shorter texts."""
LIKENESS_VETO = 0.02
"""A match does not count if the text's probability for the family is lower."""
MAX_COMMENT_CHARS = 80
"""Longer comments are matched by rules alone."""
COMMON_STRINGS = frozenset(["赞", "粉", "粉丝", "不能", "拍", "十", "加", "拿", "单", "评论"])
"""Strings of the rules for comments that mean nothing by themselves."""
LIKENESS_CERTAIN = 0.5
"""More probably a breach than not. A comment must reach it instead of the threshold: a chat says much in few words."""
_SPEAKERS: tuple[frozenset[TextKind], ...] = (
    frozenset({"host_speech", "brand_post"}),
    frozenset({"comment", "review"}),
)


class Considered(NamedTuple):
    """A match of a rule and what became of it."""

    rule: str
    family: str
    article: str
    span: tuple[int, int]
    """In characters of the text as it came."""
    matched: str
    reading: str
    """What it matched in the text as it is read: normal form, lower case, disguises undone."""
    excuse: str | None
    """Why it does not count; None if it is a finding."""
    score: float | None
    """The probability that the text is a breach of the family, by what it reads like; None if that was not asked."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a text is read and what every rule that matches makes of it."""

    normal: str
    undisguised: str | None
    """None if the text has no disguise."""
    considered: list[Considered]


class _LikelyBreach(NamedTuple):
    """A family that the text reads like: the rule that represents it, the probability, the span in `plain`."""

    rule: CompiledRule
    score: float
    start: int
    end: int


class Rulebook:
    """Compiled packs. Immutable, safe to share between threads; `load` takes about a second."""

    def __init__(
        self,
        rules: tuple[CompiledRule, ...],
        disguises: Disguises,
        likeness: Likeness | None = None,
        jurisdiction: str | None = None,
    ) -> None:
        """`jurisdiction` is that of texts whose feed names none; None where market and language are to tell."""
        self.rules = rules
        self._jurisdiction = jurisdiction
        self.families = tuple(sorted({rule.family for rule in rules}))
        self._likeness = likeness
        self._rules_for: dict[TextKind, SpeakerRules] = {}
        for kinds in _SPEAKERS:
            chosen = tuple(rule for rule in rules if kinds.intersection(rule.rule.kinds))
            shared = SpeakerRules(chosen, disguises, spoken="host_speech" in kinds)
            self._rules_for |= dict.fromkeys(kinds, shared)
        families = sorted({rule.family for rule in rules if "comment" in rule.rule.kinds and not rule.rule.detectors})
        self._comment_likeness = None if likeness is None else FastLikeness(likeness, families, "comment")

    @classmethod
    def load(
        cls, folder: Path | None = None, *, with_likeness: bool = True, jurisdiction: str | None = None
    ) -> Rulebook:
        """The packs of a folder, or those that are shipped. Raises PackError (a UsageError) with file and line."""
        folder = folder or PACKS_FOLDER
        shared = read_shared(folder)
        rules = [compile_rule(rule, pack, shared, path) for path, pack in read_packs(folder) for rule in pack.rules]
        likeness = load_likeness(folder) if with_likeness else None
        return cls(tuple(rules), read_disguises(folder), likeness, jurisdiction)

    def undisguised(self, text: str, kind: TextKind) -> str:
        """The text as the rules read it last: normal form, lower case, its disguises undone."""
        reading = TextReading(text)
        undisguised = reading.undisguised(self._rules_for[kind].restorer)
        return reading.plain if undisguised is None else undisguised.text

    def check(
        self,
        text: str | TextReading,
        kind: TextKind,
        *,
        platform: Platform | None = None,
        jurisdiction: str | None = None,
    ) -> list[Finding]:
        """What breaks a rule, in the text's order, then the families that it only reads like; at most 50.

        `jurisdiction` is whose law the text's feed says that it is under. Never raises for what a text contains.
        """
        reading = TextReading(text) if isinstance(text, str) else text
        law = self._law(reading, platform, jurisdiction)
        rules = self._rules_for[kind]
        undisguised = reading.undisguised(rules.restorer)
        read = undisguised or UndisguisedText(reading.plain)
        scanned = rules.matcher.scan(reading.plain)
        scanned_last = scanned if undisguised is None else rules.matcher.scan(undisguised.text)
        scores = self._scores(scanned_last, kind)
        matched: set[str] = set()
        agreement: dict[int, float] = {}
        found = rules.hits(scanned, kind, platform, law, matched)
        hits = self._agreed(found, reading.plain, rules, kind, scores, agreement)
        if undisguised is not None:
            found = rules.hits(scanned_last, kind, platform, law, matched)
            agreed = self._agreed(found, undisguised.text, rules, kind, scores, agreement)
            hits += [_in_plain(hit, undisguised) for hit in agreed]
        hits += _personal_data_hits(reading, rules, law)
        likely = self._likely_breaches(rules, read, kind, law, scores, matched)
        if not hits and not likely:
            return []
        findings = [
            self._rule_finding(reading, rules.rules[hit.key], hit, law, agreement.get(hit.key)) for hit in _merged(hits)
        ]
        families = {finding.family for finding in findings}
        for rule, score, start, end in likely:
            if rule.family not in families:
                span = reading.original_span(start, end)
                findings.append(_finding(reading.text, rule, span, law, "likeness", score))
        return findings[:MAX_FINDINGS]

    def explain(
        self,
        text: str | TextReading,
        kind: TextKind,
        *,
        platform: Platform | None = None,
        jurisdiction: str | None = None,
    ) -> Explanation:
        """What `check` does with a text, the matches that are excused included."""
        reading = TextReading(text) if isinstance(text, str) else text
        law = self._law(reading, platform, jurisdiction)
        rules = self._rules_for[kind]
        undisguised = reading.undisguised(rules.restorer)
        read = undisguised or UndisguisedText(reading.plain)
        scanned = rules.matcher.scan(reading.plain)
        scanned_last = scanned if undisguised is None else rules.matcher.scan(undisguised.text)
        scores = self._scores(scanned_last, kind)
        matches = [(hit, reading.plain, hit) for hit in rules.matcher.search(scanned)]
        if undisguised is not None:
            hits = rules.matcher.search(scanned_last)
            matches += [(hit, undisguised.text, _in_plain(hit, undisguised)) for hit in hits]
        considered = []
        matched = set()
        for hit, searched, source in matches:
            rule = rules.rules[hit.key]
            excuse = rule.out_of_scope(kind, platform, law)
            if excuse is None:
                matched.add(rule.family)
                excuse = rule.excuse_in_text(searched) or rule.excuse_around(searched, hit)
            score = self._scores_around(searched, hit, kind, scores).get(rule.family)
            if excuse is None and self._is_vetoed(rule, score):
                excuse = f"{LIKENESS}: reads like a breach of {rule.family} with {score:.3f} only"
            span = reading.original_span(source.start, source.end)
            words = searched[hit.start : hit.end]
            considered.append(_considered(rule, reading.text, span, law, words, excuse, score))
        for datum in reading.personal_data:
            if datum.kind in rules.by_detector:
                rule, span = rules.rules[rules.by_detector[datum.kind]], reading.original_span(datum.start, datum.end)
                excuse = rule.out_of_scope(kind, platform, law)
                considered.append(_considered(rule, reading.text, span, law, datum.kind, excuse))
        for rule, score, start, end in self._likely_breaches(rules, read, kind, law, scores, matched):
            span = reading.original_span(start, end)
            item = _considered(rule, reading.text, span, law, reading.text[slice(*span)], None, score)
            considered.append(item._replace(rule=f"{rule.family}.{LIKENESS}"))
        distinct = {(item.rule, item.span, item.excuse is None): item for item in considered}
        return Explanation(
            reading.plain,
            None if undisguised is None else undisguised.text,
            sorted(distinct.values(), key=lambda item: (item.excuse is not None, item.span, item.rule)),
        )

    def _scores(self, scanned: Scanned, kind: TextKind) -> dict[str, float]:
        """The second opinion's probability by family; empty if it is not asked.

        A comment is only judged if it holds a string of the rules that is not an everyday one: so do one comment in
        twenty-five of recorded streams, and nearly every breach.
        """
        text = scanned.text
        if self._likeness is None or self._comment_likeness is None or len(text) < MIN_CHARS:
            return {}
        if kind != "comment":
            return self._likeness.scores(text, kind)
        asked = len(text) <= MAX_COMMENT_CHARS and any(
            text[last + 1 - size : last + 1] not in COMMON_STRINGS for last, (size, _, _) in scanned.strings
        )
        return self._comment_likeness.scores(text) if asked else {}

    def _agreed(
        self,
        hits: Iterable[Hit],
        text: str,
        rules: SpeakerRules,
        kind: TextKind,
        scores: dict[str, float],
        agreement: dict[int, float],
    ) -> list[Hit]:
        """The hits that the second opinion does not veto. Adds the highest score of each rule to `agreement`."""
        agreed = []
        for hit in hits:
            rule = rules.rules[hit.key]
            score = self._scores_around(text, hit, kind, scores).get(rule.family)
            if self._is_vetoed(rule, score):
                continue
            agreed.append(hit)
            if score is not None:
                agreement[hit.key] = max(score, agreement.get(hit.key, 0.0))
        return agreed

    def _scores_around(self, text: str, hit: Hit, kind: TextKind, scores: dict[str, float]) -> dict[str, float]:
        """The scores of a text; of a long one, whose beginning alone they tell of, those of what is around a hit."""
        if self._likeness is None or not scores or len(text) <= MAX_CHARS:
            return scores
        return self._likeness.scores(text[slice(*passage_around(text, hit.start, hit.end))], kind)

    def _is_vetoed(self, rule: CompiledRule, score: float | None) -> bool:
        """Whether a match does not count because the text reads unlike a breach. Only rules that the second opinion was
        trained with can be vetoed, and never a rule for personal data."""
        return (
            self._likeness is not None
            and score is not None
            and score < LIKENESS_VETO
            and rule.rule.id in self._likeness.rules
            and not rule.rule.detectors
        )

    def _law(self, reading: TextReading, platform: Platform | None, named: str | None) -> Law:
        return Law(lambda: reading.language, platform, named or self._jurisdiction)

    def _rule_finding(
        self, reading: TextReading, rule: CompiledRule, hit: Hit, law: Law, score: float | None
    ) -> Finding:
        if rule.rule.detectors:
            score = None
        agrees = self._likeness is not None and score is not None and score >= self._likeness.threshold
        span = reading.original_span(hit.start, hit.end)
        return _finding(reading.text, rule, span, law, "both" if agrees else "rule", score)

    def _likely_breaches(
        self,
        rules: SpeakerRules,
        read: UndisguisedText,
        kind: TextKind,
        law: Law,
        scores: dict[str, float],
        matched_families: set[str],
    ) -> list[_LikelyBreach]:
        """Families that the text reads like, of which no rule matched and none would excuse the whole text."""
        if self._likeness is None or not scores:
            return []
        least = LIKENESS_CERTAIN if kind == "comment" else self._likeness.threshold
        likeliest = {family: (score, 0, MAX_CHARS) for family, score in scores.items() if score >= least}
        for start, end in passages(read.text, MAX_CHARS):
            for family, score in self._likeness.scores(read.text[start:end], kind).items():
                if score >= max(LIKENESS_CERTAIN, likeliest.get(family, (0.0, 0, 0))[0]):
                    likeliest[family] = score, start, end
        found = []
        for family, (score, first, last) in likeliest.items():
            rule = rules.representative_rule(family, kind, read.text)
            if rule is None or rule.cited(law) is None or family in matched_families:
                continue
            if rules.excuses_all(family, kind, read.text):
                continue
            start, end = self._likeness.span(read.text[first:last], family)
            found.append(_LikelyBreach(rule, score, *read.source_span(first + start, first + end)))
        return found


def _personal_data_hits(reading: TextReading, rules: SpeakerRules, law: Law) -> list[Hit]:
    if not rules.by_detector:
        return []
    return [
        Hit(datum.start, datum.end, rules.by_detector[datum.kind])
        for datum in reading.personal_data
        if datum.kind in rules.by_detector and rules.rules[rules.by_detector[datum.kind]].cited(law) is not None
    ]


def _finding(
    text: str, rule: CompiledRule, span: tuple[int, int], law: Law, said_by: SaidBy, score: float | None
) -> Finding:
    cited = rule.cited(law) or Citation(rule.rule.article, rule.jurisdiction)
    return Finding(
        family=rule.family,
        rule=f"{rule.family}.{LIKENESS}" if said_by == "likeness" else rule.rule.id,
        article=cited.article,
        span=span,
        matched=text[span[0] : span[1]],
        severity=_severity(rule.rule, said_by, score),
        said_by=said_by,
        score=score,
        jurisdiction=cited.jurisdiction,
    )


def _severity(rule: Rule, said_by: SaidBy, score: float | None) -> Literal["info", "warning", "critical"]:
    """The rule's if one matched. A text that only reads like a breach pages nobody: it is a warning if a breach is more
    probable than not, else an info."""
    if said_by != "likeness":
        return rule.severity
    return "info" if rule.severity == "info" or score is None or score < LIKENESS_CERTAIN else "warning"


def _considered(
    rule: CompiledRule,
    text: str,
    span: tuple[int, int],
    law: Law,
    reading: str,
    excuse: str | None,
    score: float | None = None,
) -> Considered:
    matched = text[span[0] : span[1]]
    article = (rule.cited(law) or Citation(rule.rule.article, rule.jurisdiction)).article
    return Considered(rule.rule.id, rule.family, article, span, matched, reading, excuse, score)


def _in_plain(hit: Hit, undisguised: UndisguisedText) -> Hit:
    """A match in the undisguised text as the match in the text with its disguises."""
    return Hit(*undisguised.source_span(hit.start, hit.end), hit.key)


def _merged(hits: Iterable[Hit]) -> list[Hit]:
    """Hits in the text's order; those of one rule that overlap become one, from the first's start to the last's end."""
    merged: dict[int, list[Hit]] = {}
    for hit in sorted(hits):
        same = merged.setdefault(hit.key, [])
        if same and hit.start < same[-1].end:
            same[-1] = Hit(same[-1].start, max(same[-1].end, hit.end), hit.key)
        else:
            same.append(hit)
    return sorted(hit for same in merged.values() for hit in same)
