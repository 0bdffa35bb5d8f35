"""Packs held against their own examples, and read for mistakes that still load: `pulsewatch rules test` and `lint`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from streams.compliance.learning import digest, examples
from streams.compliance.likeness import LIKENESS_FILE, load_likeness
from streams.compliance.loader import line_of_text, read_packs
from streams.compliance.matcher import compile_pattern
from streams.compliance.pack import Example, Pack, Rule
from streams.compliance.rulebook import CompiledRule, Rulebook
from streams.events.schema import TextKind
from streams.text.normalise import has_han, normalise

ENOUGH_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong, or could be better, at a line of a pack."""

    level: Literal["error", "warning", "note"]
    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.rule}: {self.message}"


def text_and_kind(example: str | Example, rule: Rule) -> tuple[str, TextKind]:
    """An example as it is checked: of the rule's first kind where it names none."""
    return (example, rule.kinds[0]) if isinstance(example, str) else (example.text, example.kind)


def prove(folder: Path, rulebook: Rulebook) -> tuple[int, list[Remark]]:
    """How many examples there are, and an error for each that does not do what it should. Raises PackError."""
    count, remarks = 0, []
    for path, pack in read_packs(folder):
        for rule in pack.rules:
            for text, kind in (text_and_kind(example, rule) for example in rule.must_fire):
                count += 1
                if all(finding.rule != rule.id for finding in rulebook.check(text, kind)):
                    remarks.append(_remark("error", path, text, rule, f"must fire and does not: {text}"))
            for text, kind in (text_and_kind(example, rule) for example in rule.must_not):
                count += 1
                for finding in rulebook.check(text, kind):
                    if finding.family == pack.family:
                        told = f"must not fire and {finding.rule} does, on “{finding.matched}”: {text}"
                        remarks.append(_remark("error", path, text, rule, told))
    return count, remarks


def lint(folder: Path, rulebook: Rulebook) -> list[Remark]:
    """What to mend in packs that load, in the order of the files. Raises PackError where one does not."""
    compiled = {rule.rule.id: rule for rule in rulebook.rules}
    seen: dict[str, str] = {}
    remarks: list[Remark] = []
    for path, pack in read_packs(folder):
        if not pack.checked_by_lawyer:
            remarks.append(_remark("note", path, "checked_by_lawyer", pack.rules[0], "no lawyer has checked this pack"))
        remarks += _unused_lists(path, pack)
        for rule in pack.rules:
            remarks += _doubled(path, rule, seen)
            remarks += _unreachable(path, rule, compiled[rule.id])
            remarks += _untried(path, rule, compiled[rule.id], rulebook)
    likeness = load_likeness(folder)
    if likeness is not None and likeness.digest != digest(examples(folder)):
        told = "was learnt from other examples than these: pulsewatch rules learn"
        remarks.append(Remark("warning", str(folder / LIKENESS_FILE), 1, "likeness", told))
    return remarks


def _doubled(path: Path, rule: Rule, seen: dict[str, str]) -> Iterator[Remark]:
    """Patterns that two rules have, and words and examples that stand twice in one rule."""
    for pattern in rule.patterns:
        if pattern in seen:
            yield _remark("warning", path, pattern, rule, f"the pattern stands in {seen[pattern]} too: {pattern}")
        seen[pattern] = rule.id
    for name, entries in (("word", rule.words), ("example", (*rule.must_fire, *rule.must_not))):
        texts = [entry if isinstance(entry, str) else entry.text for entry in entries]
        for text in sorted({text for text in texts if texts.count(text) > 1}):
            yield _remark("warning", path, text, rule, f"the {name} stands there twice: {text}")


def _unreachable(path: Path, rule: Rule, compiled: CompiledRule) -> Iterator[Remark]:
    """Words and patterns that can never make a finding of their own."""
    words = set(compiled.words)
    for word in compiled.words:
        inner = next((other for other in words if other != word and other in word and has_han(other)), None)
        if inner is not None:
            yield _remark("note", path, word, rule, f"{inner} finds every text that {word} finds")
        cover = next((excuse for excuse in compiled.safe if _covers(excuse.pattern, word)), None)
        if cover is not None:
            yield _remark("warning", path, word, rule, f"{word} never fires, for it is safe: {cover.pattern.pattern}")
    for source in rule.patterns:
        if has_han(source) and len(normalise(source)) == len(source):
            strange = [a for a, b in zip(source, normalise(source), strict=True) if a != b and has_han(a)]
            if strange:
                told = f"{''.join(strange)} never occurs, since texts are read in simplified characters: {source}"
                yield _remark("warning", path, source, rule, told)
        if compile_pattern(compiled.patterns[rule.patterns.index(source)]).search("") is not None:
            yield _remark("warning", path, source, rule, f"the pattern matches nothing at all: {source}")


def _covers(pattern: Any, word: str) -> bool:
    match = pattern.search(word)
    return match is not None and match.start() == 0 and match.end() == len(word)


def _untried(path: Path, rule: Rule, compiled: CompiledRule, rulebook: Rulebook) -> Iterator[Remark]:
    """Patterns that none of the rule's examples shows at work."""
    readings = [rulebook.reading(*text_and_kind(example, rule)) for example in rule.must_fire]
    for source, pattern in zip(rule.patterns, compiled.patterns, strict=True):
        searched = compile_pattern(pattern)
        if all(searched.search(reading) is None for reading in readings):
            yield _remark("note", path, source, rule, f"no example that must fire shows this pattern: {source}")


def _unused_lists(path: Path, pack: Pack) -> Iterator[Remark]:
    body = path.read_text(encoding="utf-8")
    for name in pack.lists:
        if f"{{{name}}}" not in body:
            yield _remark("warning", path, f"{name}:", pack.rules[0], f"no rule uses the list {name}")


def _remark(level: Literal["error", "warning", "note"], path: Path, near: str, rule: Rule, message: str) -> Remark:
    line = line_of_text(path, near)
    return Remark(level, str(path), line if line > 1 else line_of_text(path, rule.id), rule.id, message)
