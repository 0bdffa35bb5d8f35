"""All rule packs, compiled: what in a text breaks which rule.

`check` in steps:
1. the normal form in lower case, and the second reading without disguises where it differs;
2. hits of words and patterns in both, personal data in the first;
3. each hit against what the rule requires and what excuses it, in the reading where it was found;
4. spans back to the characters of the text as it came, one finding where hits of a rule overlap.

Sellers' and viewers' texts have an automaton and a set each, so that a comment does not pay for advertising's rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from streams.compliance.disguise import Reading, Restorer
from streams.compliance.loader import (
    PACKS_FOLDER,
    Lists,
    PackError,
    expand_pattern,
    expand_word,
    line_of_text,
    read_disguises,
    read_packs,
    read_shared,
)
from streams.compliance.matcher import Hit, Matcher, compile_pattern
from streams.compliance.pack import Disguises, Exemption, Family, Pack, Rule, Shared
from streams.compliance.personal_data import find_personal_data, lower
from streams.events.schema import Finding, Platform, TextKind
from streams.text.normalise import HAN, normalise, normalise_mapped

MAX_FINDINGS = 50
MAX_CONTEXT_CHARS = 120
_SPEAKERS: tuple[frozenset[TextKind], ...] = (
    frozenset({"host_speech", "brand_post"}),
    frozenset({"comment", "review"}),
)
_SENTENCE_END = "。!?;\n"


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its lists filled in and its patterns compiled."""

    rule: Rule
    family: Family
    words: tuple[str, ...]
    patterns: tuple[str, ...]
    requires: tuple[Any, ...]
    safe: tuple[Any, ...]
    unless: tuple[Any, ...]
    unless_text: tuple[Any, ...]
    before: tuple[Any, ...]
    after: tuple[Any, ...]


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
        self.restorer = Restorer(terms, _latin_terms([*literal, *sources]), disguises, spoken=spoken)


class Rulebook:
    """Compiled packs. Immutable, safe to share between threads; `load` takes about a second."""

    def __init__(self, rules: tuple[CompiledRule, ...], disguises: Disguises) -> None:
        self.rules = rules
        self._kinds: dict[TextKind, _KindRules] = {}
        for kinds in _SPEAKERS:
            chosen = tuple(rule for rule in rules if kinds.intersection(rule.rule.kinds))
            shared = _KindRules(chosen, disguises, spoken="host_speech" in kinds)
            self._kinds |= dict.fromkeys(kinds, shared)

    @classmethod
    def load(cls, folder: Path | None = None) -> Rulebook:
        """The packs of a folder, or those that are shipped. Raises PackError (a UsageError) with file and line."""
        folder = folder or PACKS_FOLDER
        shared = read_shared(folder)
        rules = [_compile_rule(rule, pack, shared, path) for path, pack in read_packs(folder) for rule in pack.rules]
        return cls(tuple(rules), read_disguises(folder))

    def reading(self, text: str, kind: TextKind) -> str:
        """The text as the rules read it: normal form, lower case, its disguises undone."""
        plain = lower(normalise(text))
        restored = self._kinds[kind].restorer.read(plain)
        return plain if restored is None else restored.text

    def check(self, text: str, kind: TextKind, *, platform: Platform | None = None) -> list[Finding]:
        """What breaks a rule, in the text's order; at most 50. Never raises for what a text contains."""
        rules = self._kinds[kind]
        plain = lower(normalise(text))
        hits = self._hits(rules, plain, kind, platform)
        restored = rules.restorer.read(plain)
        if restored is not None:
            hits += _in_source(self._hits(rules, restored.text, kind, platform), restored)
        hits += [
            Hit(datum.start, datum.end, rules.by_detector[datum.kind])
            for datum in (find_personal_data(plain) if rules.by_detector else ())
            if datum.kind in rules.by_detector
        ]
        if not hits:
            return []
        mapped = normalise_mapped(text)
        return [
            self._finding(text, rules.rules[hit.key], mapped.original_span(hit.start, hit.end))
            for hit in _merged(hits)[:MAX_FINDINGS]
        ]

    def _hits(self, rules: _KindRules, text: str, kind: TextKind, platform: Platform | None) -> list[Hit]:
        excused: dict[int, bool] = {}
        kept = []
        for hit in rules.matcher.search(text):
            rule = rules.rules[hit.key]
            if hit.key not in excused:
                excused[hit.key] = not _applies(rule.rule, kind, platform) or _text_excuses(rule, text)
            if not excused[hit.key] and not _place_excuses(rule, text, hit):
                kept.append(hit)
        return kept

    @staticmethod
    def _finding(text: str, rule: CompiledRule, span: tuple[int, int]) -> Finding:
        return Finding(
            family=rule.family,
            rule=rule.rule.id,
            article=rule.rule.article,
            span=span,
            matched=text[span[0] : span[1]],
            severity=rule.rule.severity,
        )


def _applies(rule: Rule, kind: TextKind, platform: Platform | None) -> bool:
    return kind in rule.kinds and (platform is None or not rule.platforms or platform in rule.platforms)


def _text_excuses(rule: CompiledRule, text: str) -> bool:
    return any(pattern.search(text) is None for pattern in rule.requires) or any(
        pattern.search(text) is not None for pattern in rule.unless_text
    )


def _place_excuses(rule: CompiledRule, text: str, hit: Hit) -> bool:
    """Whether the match is part of an innocent word, or its sentence or its neighbours excuse it."""
    start, end = sentence_around(text, hit.start, hit.end)
    sentence = text[start:end]
    if any(pattern.search(sentence) for pattern in rule.unless):
        return True
    for pattern in rule.safe:
        for match in pattern.finditer(sentence):
            if match.start() + start < hit.end and match.end() + start > hit.start:
                return True
    return any(pattern.search(text[start : hit.start]) for pattern in rule.before) or any(
        pattern.search(text[hit.end : end]) for pattern in rule.after
    )


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence that holds [start, end): up to 。!?; or a full stop before a blank, at most 120 characters away."""
    first, last = start, end
    while first > max(0, start - MAX_CONTEXT_CHARS) and not _ends_sentence(text, first - 1):
        first -= 1
    while last < min(len(text), end + MAX_CONTEXT_CHARS) and not _ends_sentence(text, last - 1):
        last += 1
    return first, last


def _ends_sentence(text: str, index: int) -> bool:
    character = text[index]
    return character in _SENTENCE_END or (character == "." and text[index + 1 : index + 2] in (" ", ""))


def _in_source(hits: Iterable[Hit], reading: Reading) -> list[Hit]:
    return [Hit(*reading.source_span(hit.start, hit.end), hit.key) for hit in hits]


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
    lists = {**shared.lists, **pack.lists}
    fail = partial(_fail, path, rule.id)

    def compiled(patterns: Iterable[str]) -> tuple[Any, ...]:
        return tuple(_checked(pattern, lists, fail)[1] for pattern in patterns)

    excuses: dict[str, list[str]] = {"before": [], "after": [], "sentence": [], "text": []}
    for name in rule.exempt:
        if name not in shared.exemptions:
            raise fail(f"no shared exemption is called {name}", name)
        exemption = shared.exemptions[name]
        excuses[exemption.where] += _placed(exemption)
    return CompiledRule(
        rule=rule,
        family=pack.family,
        words=tuple(sorted({lower(normalise(w)) for word in rule.words for w in _words(word, lists, fail)})),
        patterns=tuple(_checked(pattern, lists, fail)[0] for pattern in rule.patterns),
        requires=compiled(rule.requires),
        safe=compiled(rule.safe),
        unless=compiled([*rule.unless, *excuses["sentence"]]),
        unless_text=compiled([*rule.unless_text, *excuses["text"]]),
        before=compiled(excuses["before"]),
        after=compiled(excuses["after"]),
    )


def _placed(exemption: Exemption) -> list[str]:
    """An excuse right before or right after a match, with at most `within` characters of one clause between."""
    gap = f"[^,。!?;]{{0,{exemption.within}}}"
    if exemption.where == "before":
        return [f"(?:{pattern}){gap}$" for pattern in exemption.patterns]
    if exemption.where == "after":
        return [f"^{gap}(?:{pattern})" for pattern in exemption.patterns]
    return list(exemption.patterns)


_Failure = Callable[[str, str], PackError]


def _fail(path: Path, rule_id: str, reason: str, near: str) -> PackError:
    line = line_of_text(path, near)
    return PackError(f"{path}:{line if line > 1 else line_of_text(path, rule_id)}: {rule_id}: {reason}")


def _checked(pattern: str, lists: Lists, fail: _Failure) -> tuple[str, Any]:
    """A pattern in the normal form's signs with its lists filled in, as source and compiled."""
    try:
        source = unicodedata.normalize("NFKC", expand_pattern(pattern, lists))
        return source, compile_pattern(source)
    except KeyError as error:
        raise fail(f"no list is called {error.args[0]}", pattern) from None
    except ValueError as error:
        raise fail(f"{pattern} is not a pattern: {error}", pattern) from None


def _words(word: str, lists: Lists, fail: _Failure) -> list[str]:
    try:
        return expand_word(word, lists)
    except KeyError as error:
        raise fail(f"no list is called {error.args[0]}", word) from None
    except ValueError as error:
        raise fail(str(error), word) from None


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
