"""All rule packs, compiled: what in a text breaks which rule.

`check` in steps:
1. the normal form in lower case, and the second reading without disguises where it differs;
2. hits of words and patterns in both, personal data in the first;
3. each hit against what the rule requires and what excuses it, in the reading where it was found;
4. spans back to the characters of the text as it came, one finding where hits of a rule overlap;
5. a second opinion (see likeness): what a rule matched in a text that reads nothing like a breach is none, and the
   families that no rule matched, excused or not, but that the text reads like, are found by it alone.

Sellers' and viewers' texts have an automaton and a set each, so that a comment does not pay for advertising's rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from models.normalise import HAN, has_han, lower, normalise, normalise_mapped
from streams.compliance.disguise import Reading, Restorer
from streams.compliance.likeness import FastLikeness, Likeness, load_likeness
from streams.compliance.loader import (
    PACKS_FOLDER,
    read_disguises,
    read_packs,
    read_shared,
)
from streams.compliance.matcher import Hit, Matcher, sentence_around
from streams.compliance.pack import Disguises, Exemption, Family, Pack, Rule, Shared
from streams.compliance.pack_entry import PackEntry
from streams.compliance.personal_data import find_personal_data
from streams.events.schema import Finding, Platform, SaidBy, TextKind

MAX_FINDINGS = 50
LIKENESS = "likeness"
"""Stands behind the family in the place of a rule's name where no rule matched."""
MIN_CHARS = 10
"""A shorter text reads like nothing."""
LIKENESS_VETO = 0.02
"""What a rule matches is no finding where the text reads so unlike a breach of its family."""
MAX_COMMENT_CHARS = 80
"""A longer comment is matched by rules alone."""
COMMON_STRINGS = frozenset(["赞", "粉", "粉丝", "不能", "拍", "十", "加", "拿", "单", "评论"])
"""Strings of the rules for comments that say nothing by themselves."""
LIKENESS_CERTAIN = 0.5
"""More probably a breach than none. A comment must reach it instead of the threshold: a chat says much in few words."""
_SPEAKERS: tuple[frozenset[TextKind], ...] = (
    frozenset({"host_speech", "brand_post"}),
    frozenset({"comment", "review"}),
)


class Excuse(NamedTuple):
    """A pattern that takes a match back, under the name that the pack gives it."""

    name: str
    pattern: Any

    def __str__(self) -> str:
        return f"{self.name}: {self.pattern.pattern}"


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its lists filled in and its patterns compiled."""

    rule: Rule
    family: Family
    words: tuple[str, ...]
    patterns: tuple[str, ...]
    requires: tuple[Excuse, ...]
    safe: tuple[Excuse, ...]
    unless: tuple[Excuse, ...]
    unless_text: tuple[Excuse, ...]
    before: tuple[Excuse, ...]
    after: tuple[Excuse, ...]


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
    """Why it is no finding; None where it is one."""
    score: float | None
    """The probability that the text is a breach of the family, by what it reads like; None where that is not asked."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a text is read and what every rule that matches makes of it."""

    normal: str
    undisguised: str | None
    """None where the text has no disguise."""
    considered: list[Considered]


class _KindRules:
    """The rules for the kinds of text that one sort of speaker writes."""

    def __init__(self, rules: tuple[CompiledRule, ...], disguises: Disguises, *, spoken: bool) -> None:
        self.rules = rules
        words = [(word, key) for key, rule in enumerate(rules) for word in rule.words]
        patterns = [(pattern, key) for key, rule in enumerate(rules) for pattern in rule.patterns]
        self.matcher = Matcher(words, patterns)
        self.by_detector = {detector: key for key, rule in enumerate(rules) for detector in rule.rule.detectors}
        literal, sources = [word for word, _ in words], [pattern for pattern, _ in patterns]
        terms = _han_runs(literal) | _han_runs(sources)
        if not spoken:  # live chat comes at a speed where 我们 and 一个 should cost nothing
            terms = {term for term in terms if not _is_ordinary(term, disguises.common)}
        self._rules_of: dict[tuple[str, TextKind], list[CompiledRule]] = {}
        for rule in rules:
            for kind in rule.rule.kinds:
                self._rules_of.setdefault((rule.family, kind), []).append(rule)
        self.restorer = Restorer(terms, _latin_terms([*literal, *sources]), disguises, spoken=spoken)

    def representative_rule(self, family: str, kind: TextKind, text: str) -> CompiledRule | None:
        """The rule whose article and severity hold for a text that only reads like a breach; None where none holds."""
        rules = self._rules_of.get((family, kind), [])
        if any(rule.rule.detectors for rule in rules):
            return None
        english = not has_han(text)
        return next((rule for rule in rules if english == _is_english(rule)), rules[0] if rules else None)

    def excuses(self, family: str, kind: TextKind, text: str) -> bool:
        """Whether a rule of the family would excuse whatever it matches in the text."""
        rules = self._rules_of.get((family, kind), [])
        return any(excuse.pattern.search(text) is not None for rule in rules for excuse in rule.unless_text)


def _is_english(rule: CompiledRule) -> bool:
    return not any(map(has_han, (*rule.words, *rule.patterns)))


class Rulebook:
    """Compiled packs. Immutable, safe to share between threads; `load` takes about a second."""

    def __init__(self, rules: tuple[CompiledRule, ...], disguises: Disguises, likeness: Likeness | None = None) -> None:
        self.rules = rules
        self._likeness = likeness
        self._kinds: dict[TextKind, _KindRules] = {}
        for kinds in _SPEAKERS:
            chosen = tuple(rule for rule in rules if kinds.intersection(rule.rule.kinds))
            shared = _KindRules(chosen, disguises, spoken="host_speech" in kinds)
            self._kinds |= dict.fromkeys(kinds, shared)
        families = sorted({rule.family for rule in rules if "comment" in rule.rule.kinds and not rule.rule.detectors})
        self._glance = None if likeness is None else FastLikeness(likeness, families, "comment")

    @classmethod
    def load(cls, folder: Path | None = None, *, with_likeness: bool = True) -> Rulebook:
        """The packs of a folder, or those that are shipped. Raises PackError (a UsageError) with file and line."""
        folder = folder or PACKS_FOLDER
        shared = read_shared(folder)
        rules = [_compile_rule(rule, pack, shared, path) for path, pack in read_packs(folder) for rule in pack.rules]
        return cls(tuple(rules), read_disguises(folder), load_likeness(folder) if with_likeness else None)

    def reading(self, text: str, kind: TextKind) -> str:
        """The text as the rules read it: normal form, lower case, its disguises undone."""
        plain = lower(normalise(text))
        restored = self._kinds[kind].restorer.read(plain)
        return plain if restored is None else restored.text

    def check(self, text: str, kind: TextKind, *, platform: Platform | None = None) -> list[Finding]:
        """What breaks a rule, in the text's order; at most 50. Never raises for what a text contains.

        Behind it come the families that no rule matched and that the text reads like, each with its score.
        """
        rules = self._kinds[kind]
        plain = lower(normalise(text))
        matched: set[Family] = set()
        hits = self._hits(rules, plain, kind, platform, matched)
        restored = rules.restorer.read(plain)
        if restored is not None:
            read = self._hits(rules, restored.text, kind, platform, matched)
            hits += [in_plain(hit, restored) for hit in read]
        reading = Reading(plain) if restored is None else restored
        scores = self._scores(rules, reading.text, kind)
        hits = [hit for hit in hits if not self._is_vetoed(rules.rules[hit.key], scores)]
        hits += [
            Hit(datum.start, datum.end, rules.by_detector[datum.kind])
            for datum in (find_personal_data(plain) if rules.by_detector else ())
            if datum.kind in rules.by_detector
        ]
        alike = self._alike(rules, reading, kind, scores, matched)
        if not hits and not alike:
            return []
        mapped = normalise_mapped(text)
        found = [
            self._matched(text, rules.rules[hit.key], mapped.original_span(hit.start, hit.end), scores)
            for hit in _merged(hits)
        ]
        families = {finding.family for finding in found}
        for rule, score, start, end in alike:
            if rule.family not in families:
                span = mapped.original_span(start, end)
                found.append(_finding(text, rule, span, "likeness", score))
        return found[:MAX_FINDINGS]

    def _scores(self, rules: _KindRules, text: str, kind: TextKind) -> dict[str, float]:
        """What the second opinion says of each family; nothing where it is not asked.

        A live chat is asked about only where a string of the rules stands in it that is no everyday one: one comment in
        twenty-five of recorded streams, and nearly every breach.
        """
        if self._likeness is None or self._glance is None or len(text) < MIN_CHARS:
            return {}
        if kind != "comment":
            return self._likeness.scores(text, kind)
        asked = len(text) <= MAX_COMMENT_CHARS and any(
            string not in COMMON_STRINGS for string in rules.matcher.known_strings(text)
        )
        return self._glance.scores(text) if asked else {}

    def _is_vetoed(self, rule: CompiledRule, scores: dict[str, float]) -> bool:
        """Whether what a rule matched reads so unlike a breach that it is none: only of a rule that the second opinion
        has learnt, since of a new one it knows nothing, and never of personal data, which is there or is not."""
        return (
            self._likeness is not None
            and scores.get(rule.family, 1) < LIKENESS_VETO
            and rule.rule.id in self._likeness.rules
            and not rule.rule.detectors
        )

    def _matched(self, text: str, rule: CompiledRule, span: tuple[int, int], scores: dict[str, float]) -> Finding:
        score = None if rule.rule.detectors else scores.get(rule.family)
        agrees = self._likeness is not None and score is not None and score >= self._likeness.threshold
        return _finding(text, rule, span, "both" if agrees else "rule", score)

    def _alike(
        self, rules: _KindRules, reading: Reading, kind: TextKind, scores: dict[str, float], matched: set[Family]
    ) -> list[tuple[CompiledRule, float, int, int]]:
        """Families that the text reads like, with the rule that stands for each: what a rule excused is none.

        Personal data is there or is not: nothing reads like it.
        """
        found = []
        for family, score in scores.items():
            if self._likeness is None or score < (LIKENESS_CERTAIN if kind == "comment" else self._likeness.threshold):
                continue
            rule = rules.representative_rule(family, kind, reading.text)
            if rule is None or rule.family in matched or rules.excuses(family, kind, reading.text):
                continue
            start, end = self._likeness.span(reading.text, family)
            found.append((rule, score, *reading.source_span(start, end)))
        return found

    def explain(self, text: str, kind: TextKind, *, platform: Platform | None = None) -> Explanation:
        """What `check` does with a text, the matches that are excused included."""
        rules = self._kinds[kind]
        plain = lower(normalise(text))
        reading = rules.restorer.read(plain)
        mapped = normalise_mapped(text)
        scores = self._scores(rules, plain if reading is None else reading.text, kind)
        matches = [(hit, plain, hit) for hit in rules.matcher.search(plain)]
        if reading is not None:
            matches += [(hit, reading.text, in_plain(hit, reading)) for hit in rules.matcher.search(reading.text)]
        considered = []
        for hit, read, source in matches:
            rule = rules.rules[hit.key]
            excuse = _not_asked(rule.rule, kind, platform) or _text_excuse(rule, read) or _place_excuse(rule, read, hit)
            if excuse is None and self._is_vetoed(rule, scores):
                excuse = f"{LIKENESS}: reads like a breach of {rule.family} with {scores[rule.family]:.3f} only"
            span = mapped.original_span(source.start, source.end)
            score = scores.get(rule.family)
            considered.append(_considered(rule, text, span, read[hit.start : hit.end], excuse, score))
        for datum in find_personal_data(plain):
            if datum.kind in rules.by_detector:
                span = mapped.original_span(datum.start, datum.end)
                considered.append(_considered(rules.rules[rules.by_detector[datum.kind]], text, span, datum.kind, None))
        asked = [rules.rules[hit.key] for hit, _, _ in matches]
        matched = {rule.family for rule in asked if not _not_asked(rule.rule, kind, platform)}
        for rule, score, start, end in self._alike(rules, reading or Reading(plain), kind, scores, matched):
            span = mapped.original_span(start, end)
            told = _considered(rule, text, span, text[span[0] : span[1]], None, score)
            considered.append(told._replace(rule=f"{rule.family}.{LIKENESS}"))
        distinct = {(item.rule, item.span, item.excuse is None): item for item in considered}
        return Explanation(
            plain,
            None if reading is None else reading.text,
            sorted(distinct.values(), key=lambda item: (item.excuse is not None, item.span, item.rule)),
        )

    def _hits(
        self, rules: _KindRules, text: str, kind: TextKind, platform: Platform | None, matched: set[Family]
    ) -> list[Hit]:
        """What is found; the families of whatever matched, excused or not, are added to `matched`."""
        excused: dict[int, bool] = {}
        kept = []
        for hit in rules.matcher.search(text):
            rule = rules.rules[hit.key]
            if _not_asked(rule.rule, kind, platform):
                continue
            matched.add(rule.family)
            if hit.key not in excused:
                excused[hit.key] = _text_excuse(rule, text) is not None
            if not excused[hit.key] and _place_excuse(rule, text, hit) is None:
                kept.append(hit)
        return kept


def _finding(text: str, rule: CompiledRule, span: tuple[int, int], said_by: SaidBy, score: float | None) -> Finding:
    return Finding(
        family=rule.family,
        rule=f"{rule.family}.{LIKENESS}" if said_by == "likeness" else rule.rule.id,
        article=rule.rule.article,
        span=span,
        matched=text[span[0] : span[1]],
        severity=_severity(rule.rule, said_by, score),
        said_by=said_by,
        score=score,
    )


def _severity(rule: Rule, said_by: SaidBy, score: float | None) -> Literal["info", "warning", "critical"]:
    """The rule's where one matched. What only reads like a breach wakes nobody: a warning where that is probable."""
    if said_by != "likeness":
        return rule.severity
    return "info" if rule.severity == "info" or score is None or score < LIKENESS_CERTAIN else "warning"


def _considered(
    rule: CompiledRule,
    text: str,
    span: tuple[int, int],
    reading: str,
    excuse: str | None,
    score: float | None = None,
) -> Considered:
    matched = text[span[0] : span[1]]
    return Considered(rule.rule.id, rule.family, rule.rule.article, span, matched, reading, excuse, score)


def _not_asked(rule: Rule, kind: TextKind, platform: Platform | None) -> str | None:
    """Why the rule has nothing to say of such texts."""
    if kind not in rule.kinds:
        return f"kinds: not for {kind}"
    if platform is not None and rule.platforms and platform not in rule.platforms:
        return f"platforms: not on {platform}"
    return None


def _text_excuse(rule: CompiledRule, text: str) -> str | None:
    """What the text lacks, or what in it excuses every match of the rule."""
    for needed in rule.requires:
        if needed.pattern.search(text) is None:
            return str(needed)
    return next((str(excuse) for excuse in rule.unless_text if excuse.pattern.search(text) is not None), None)


def _place_excuse(rule: CompiledRule, text: str, hit: Hit) -> str | None:
    """What makes the match a part of an innocent word, or excuses it in its sentence or beside it."""
    start, end = sentence_around(text, hit.start, hit.end)
    sentence = text[start:end]
    for excuse in rule.unless:
        if excuse.pattern.search(sentence):
            return str(excuse)
    for excuse in rule.safe:
        for match in excuse.pattern.finditer(sentence):
            if match.start() + start < hit.end and match.end() + start > hit.start:
                return str(excuse)
    for excuse in rule.before:
        if excuse.pattern.search(text[start : hit.start]):
            return str(excuse)
    return next((str(excuse) for excuse in rule.after if excuse.pattern.search(text[hit.end : end])), None)


def in_plain(hit: Hit, reading: Reading) -> Hit:
    """A match in a reading as the match in the text that was read."""
    return Hit(*reading.source_span(hit.start, hit.end), hit.key)


def _merged(hits: Iterable[Hit]) -> list[Hit]:
    """One hit where those of a rule overlap: the first's start to the last's end; in the text's order."""
    merged: dict[int, list[Hit]] = {}
    for hit in sorted(hits):
        same = merged.setdefault(hit.key, [])
        if same and hit.start < same[-1].end:
            same[-1] = Hit(same[-1].start, max(same[-1].end, hit.end), hit.key)
        else:
            same.append(hit)
    return sorted(hit for same in merged.values() for hit in same)


def _compile_rule(rule: Rule, pack: Pack, shared: Shared, path: Path) -> CompiledRule:
    entry = PackEntry(path, rule.id, {**shared.lists, **pack.lists})

    def compiled(name: str, patterns: Iterable[str]) -> list[Excuse]:
        return [Excuse(name, entry.pattern(pattern)[1]) for pattern in patterns]

    excuses: dict[str, list[Excuse]] = {"before": [], "after": [], "sentence": [], "text": []}
    for name in rule.exempt:
        if name not in shared.exemptions:
            raise entry.mistake(f"no shared exemption is called {name}", name)
        exemption = shared.exemptions[name]
        excuses[exemption.where] += compiled(name, _placed(exemption))
    return CompiledRule(
        rule=rule,
        family=pack.family,
        words=tuple(sorted(set(entry.words(rule.words)))),
        patterns=tuple(entry.pattern(pattern)[0] for pattern in rule.patterns),
        requires=tuple(compiled("requires", rule.requires)),
        safe=tuple(compiled("safe", rule.safe)),
        unless=(*compiled("unless", rule.unless), *excuses["sentence"]),
        unless_text=(*compiled("unless_text", rule.unless_text), *excuses["text"]),
        before=tuple(excuses["before"]),
        after=tuple(excuses["after"]),
    )


def _placed(exemption: Exemption) -> list[str]:
    """An excuse right before or right after a match, with at most `within` characters of one clause between."""
    gap = f"[^,。!?;]{{0,{exemption.within}}}"
    if exemption.where == "before":
        return [f"(?:{pattern}){gap}$" for pattern in exemption.patterns]
    if exemption.where == "after":
        return [f"^{gap}(?:{pattern})" for pattern in exemption.patterns]
    return list(exemption.patterns)


_HAN_RUN = re.compile(f"[{HAN}]{{2,}}")
_ESCAPE = re.compile(r"\\[a-zA-Z]")
_LATIN_RUN = re.compile("[a-z]{4,}")
_CLASS = re.compile(r"\[[^\]]*\]")


def _han_runs(sources: Iterable[str]) -> set[str]:
    """What a disguise may hide: every run of two or more Han characters in words and patterns."""
    return {run for source in sources for run in _HAN_RUN.findall(_CLASS.sub(" ", source))}


def _is_ordinary(run: str, common: str) -> bool:
    """Whether nobody disguises it: 我们, 一个, 这个, which patterns have in between."""
    return len(run) == 2 and all(character in common for character in run)


def _latin_terms(sources: Iterable[str]) -> set[str]:
    return {run for source in sources for run in _LATIN_RUN.findall(_ESCAPE.sub(" ", source).lower())}
