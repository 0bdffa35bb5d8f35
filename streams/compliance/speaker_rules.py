"""The rules for what one sort of speaker writes, with one automaton and one restorer of disguises.

Sellers (hosts, brands) and viewers (comments, reviews) have a set each, so that a comment does not pay for the
advertising rules.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from models.normalise import HAN, has_han
from streams.compliance.compiled_rule import CompiledRule
from streams.compliance.disguise import Restorer
from streams.compliance.jurisdiction import Law
from streams.compliance.matcher import Hit, Matcher, Scanned
from streams.compliance.pack import Disguises
from streams.events.schema import Platform, TextKind

MAX_HITS = 50
"""As many as a text has findings."""
MAX_LOOKED_AT = 300

_HAN_RUN = re.compile(f"[{HAN}]{{2,}}")
_ESCAPE = re.compile(r"\\[a-zA-Z]")
_LATIN_RUN = re.compile("[a-z]{4,}")
_CLASS = re.compile(r"\[[^\]]*\]")


class SpeakerRules:
    """Immutable once made, safe to share between threads. `rules[hit.key]` is the rule of a hit."""

    def __init__(self, rules: tuple[CompiledRule, ...], disguises: Disguises, *, spoken: bool) -> None:
        """`spoken` rules hear fillers inside a word, and look for everyday words in disguise."""
        self.rules = rules
        words = [(word, key) for key, rule in enumerate(rules) for word in rule.words]
        patterns = [(pattern, key) for key, rule in enumerate(rules) for pattern in rule.patterns]
        self.matcher = Matcher(words, patterns)
        self.by_detector = {detector: key for key, rule in enumerate(rules) for detector in rule.rule.detectors}
        self._of_family: dict[tuple[str, TextKind], list[CompiledRule]] = {}
        for rule in rules:
            for kind in rule.rule.kinds:
                self._of_family.setdefault((rule.family, kind), []).append(rule)
        literal, sources = [word for word, _ in words], [pattern for pattern, _ in patterns]
        terms = _han_runs(literal) | _han_runs(sources)
        if not spoken:  # live chat comes at a speed where 我们 and 一个 should cost nothing
            terms = {term for term in terms if not _is_everyday(term, disguises.common)}
        self.restorer = Restorer(terms, _latin_terms([*literal, *sources]), disguises, spoken=spoken)

    def hits(
        self, scanned: Scanned, kind: TextKind, platform: Platform | None, law: Law, matched_families: set[str]
    ) -> list[Hit]:
        """Matches that nothing excuses. Adds the families of all matches, excused or not, to `matched_families`.

        Of one rule at most MAX_HITS, among the first MAX_LOOKED_AT: what a text costs must not grow with how often it
        says the same."""
        text, found = scanned.text, self.matcher.search(scanned)
        if not found:
            return found
        excused: dict[int, bool] = {}
        looked_at, counted, ends = Counter[int](), Counter[int](), dict[int, int]()
        kept = []
        for hit in found:
            rule = self.rules[hit.key]
            if rule.out_of_scope(kind, platform, law):
                continue
            matched_families.add(rule.family)
            if hit.key not in excused:
                excused[hit.key] = rule.excuse_in_text(text) is not None
            if excused[hit.key] or counted[hit.key] > MAX_HITS or looked_at[hit.key] == MAX_LOOKED_AT:
                continue
            looked_at[hit.key] += 1
            if rule.excuse_around(text, hit) is None:
                counted[hit.key] += hit.start >= ends.get(hit.key, 0)  # what overlaps becomes one
                ends[hit.key] = hit.end
                kept.append(hit)
        return kept

    def representative_rule(self, family: str, kind: TextKind, text: str) -> CompiledRule | None:
        """The rule whose article and severity a text gets that only reads like a breach: the family's first rule in
        the text's language, else its first. None if it has none, or searches for personal data, which is there or not.
        """
        rules = self._of_family.get((family, kind), [])
        if any(rule.rule.detectors for rule in rules):
            return None
        english = not has_han(text)
        return next((rule for rule in rules if english == rule.is_english), rules[0] if rules else None)

    def excuses_all(self, family: str, kind: TextKind, text: str) -> bool:
        """Whether a rule of the family would excuse all of its matches in the text."""
        rules: Sequence[CompiledRule] = self._of_family.get((family, kind), [])
        return any(rule.excuse_of_all(text) is not None for rule in rules)


def _han_runs(sources: Iterable[str]) -> set[str]:
    """What a disguise may hide: each run of two or more Han characters in words and patterns."""
    return {run for source in sources for run in _HAN_RUN.findall(_CLASS.sub(" ", source))}


def _is_everyday(run: str, common: str) -> bool:
    """Whether a run is no term but stands between terms in a pattern, such as 我们, 一个, 这个."""
    return len(run) == 2 and all(character in common for character in run)


def _latin_terms(sources: Iterable[str]) -> set[str]:
    return {run for source in sources for run in _LATIN_RUN.findall(_ESCAPE.sub(" ", source).lower())}
