"""A rule of a pack, ready to search with: its lists filled in, its patterns compiled, its excuses by their reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from models.normalise import has_han
from streams.compliance.jurisdiction import Citation, Law, citation
from streams.compliance.matcher import Hit, sentence_around
from streams.compliance.pack import Exemption, Pack, Rule, Shared
from streams.compliance.pack_entry import PackEntry
from streams.compliance.word_borders import word_across
from streams.events.schema import Platform, TextKind


class Excuse(NamedTuple):
    """A pattern that takes a match back, under the name that the pack gives it."""

    name: str
    pattern: Any

    def __str__(self) -> str:
        return f"{self.name}: {self.pattern.pattern}"


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """Immutable, safe to share between threads. Texts are in normal form and lower case."""

    rule: Rule
    family: str
    words: tuple[str, ...]
    patterns: tuple[str, ...]
    requires: tuple[Excuse, ...]
    safe: tuple[Excuse, ...]
    unless: tuple[Excuse, ...]
    unless_text: tuple[Excuse, ...]
    no_excuse: tuple[Excuse, ...]
    before: tuple[Excuse, ...]
    after: tuple[Excuse, ...]
    jurisdiction: str
    articles: Mapping[str, str]
    """By jurisdiction, its own among them."""

    @property
    def is_english(self) -> bool:
        """Whether no word or pattern of it has a Han character."""
        return not any(map(has_han, (*self.words, *self.patterns)))

    def cited(self, law: Law) -> Citation | None:
        """What a text breaks under a law; None if the rule does not hold there."""
        return citation(self.articles, self.jurisdiction, law)

    def out_of_scope(self, kind: TextKind, platform: Platform | None, law: Law) -> str | None:
        """Why the rule does not hold for such texts; None if it does. It holds where the platform is unknown."""
        if kind not in self.rule.kinds:
            return f"kinds: not for {kind}"
        if platform is not None and self.rule.platforms and platform not in self.rule.platforms:
            return f"platforms: not on {platform}"
        if self.cited(law) is None:
            return f"jurisdiction: not under the law of {law.jurisdiction or 'a country that is not known'}"
        return None

    def excuse_in_text(self, text: str) -> str | None:
        """What the text lacks, or what in it excuses every match of the rule."""
        for needed in self.requires:
            if needed.pattern.search(text) is None:
                return str(needed)
        return self.excuse_of_all(text)

    def excuse_of_all(self, text: str) -> str | None:
        """What in the text excuses every match of the rule."""
        for none in self.no_excuse:
            text = none.pattern.sub(" ", text)
        return next((str(excuse) for excuse in self.unless_text if excuse.pattern.search(text) is not None), None)

    def excuse_around(self, text: str, hit: Hit) -> str | None:
        """What makes the match a part of an innocent word, or excuses it in its sentence or beside it."""
        if text[hit.start : hit.end] in self.words and (word := word_across(text, hit.start, hit.end)) is not None:
            return f"words: inside {word}"
        start, end = sentence_around(text, hit.start, hit.end)
        sentence = text[start:end]
        for excuse in self.unless:
            if excuse.pattern.search(sentence):
                return str(excuse)
        for excuse in self.safe:
            for match in excuse.pattern.finditer(sentence):
                if match.start() + start < hit.end and match.end() + start > hit.start:
                    return str(excuse)
        for excuse in self.before:
            if excuse.pattern.search(text[start : hit.start]):
                return str(excuse)
        return next((str(excuse) for excuse in self.after if excuse.pattern.search(text[hit.end : end])), None)


def compile_rule(rule: Rule, pack: Pack, shared: Shared, path: Path) -> CompiledRule:
    """Compiles a rule of the pack at `path`. Raises PackError with the line that is wrong."""
    entry = PackEntry(path, rule.id, {**shared.lists, **pack.lists})

    def compiled(name: str, patterns: Iterable[str]) -> list[Excuse]:
        return [Excuse(name, entry.pattern(pattern)[1]) for pattern in patterns]

    excuses: dict[str, list[Excuse]] = {"before": [], "after": [], "sentence": [], "text": []}
    for name in rule.exempt:
        if name not in shared.exemptions:
            raise entry.mistake(f"no shared exemption is called {name}", name)
        exemption = shared.exemptions[name]
        excuses[exemption.where] += compiled(name, _anchored(exemption))
    return CompiledRule(
        rule=rule,
        family=pack.family,
        words=tuple(sorted(set(entry.words(rule.words)))),
        patterns=tuple(entry.pattern(pattern)[0] for pattern in rule.patterns),
        requires=tuple(compiled("requires", rule.requires)),
        safe=tuple(compiled("safe", rule.safe)),
        unless=(*compiled("unless", rule.unless), *excuses["sentence"]),
        unless_text=(*compiled("unless_text", rule.unless_text), *excuses["text"]),
        no_excuse=tuple(compiled("no_excuse", rule.no_excuse)),
        before=tuple(excuses["before"]),
        after=tuple(excuses["after"]),
        jurisdiction=rule.jurisdiction or pack.jurisdiction,
        articles={**pack.elsewhere, **rule.elsewhere, rule.jurisdiction or pack.jurisdiction: rule.article},
    )


def _anchored(exemption: Exemption) -> list[str]:
    """The patterns of an excuse right before or right after a match, at most `within` characters of a clause away."""
    gap = f"[^,。!?;]{{0,{exemption.within}}}"
    if exemption.where == "before":
        return [f"(?:{pattern}){gap}$" for pattern in exemption.patterns]
    if exemption.where == "after":
        return [f"^{gap}(?:{pattern})" for pattern in exemption.patterns]
    return list(exemption.patterns)
