"""Checks of packs: their own examples (`pulsewatch rules test`), and mistakes that still load (`rules lint`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from models.normalise import has_han, lower, normalise
from streams.compliance.compiled_rule import CompiledRule
from streams.compliance.disclosure_timers import CompiledTimer, PhraseMatcher, load_timers, overdue_minutes
from streams.compliance.likeness import LIKENESS_FILE, load_likeness
from streams.compliance.loader import read_packs
from streams.compliance.matcher import compile_pattern
from streams.compliance.pack import Pack, PhraseSpec, Rule, Timer, text_and_kind
from streams.compliance.rulebook import Rulebook
from streams.compliance.train_likeness import digest, examples
from streams.yaml_records import line_of_text


@dataclass(frozen=True, slots=True)
class LintFinding:
    """What is wrong, or could be better, at a line of a pack."""

    level: Literal["error", "warning", "note"]
    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.rule}: {self.message}"


def run_examples(folder: Path, rulebook: Rulebook) -> tuple[int, list[LintFinding]]:
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
    paths = {timer.id: path for path, pack in read_packs(folder) for timer in pack.timers}
    for compiled in load_timers(folder):
        count += _examples(compiled.timer)
        remarks += _run_timer_examples(compiled, paths[compiled.timer.id])
    return count, remarks


def _run_timer_examples(compiled: CompiledTimer, path: Path) -> Iterator[LintFinding]:
    """An error for each text or stream of a timer that does not do what it should."""
    timer = compiled.timer
    for what, said, listener in _said(compiled):
        for text in said.must_match:
            if not listener.matches(text):
                yield _remark("error", path, text, timer, f"must match as {what} and does not: {text}")
        for text in said.must_not_match:
            if listener.matches(text):
                yield _remark("error", path, text, timer, f"must not match as {what} and does: {text}")
    for number, stream in enumerate(timer.must_fire, 1):
        opened = overdue_minutes(compiled, stream)
        if not stream.fires or opened != list(stream.fires):
            told = f"must_fire, stream {number}: fires in minutes {opened}, should in {list(stream.fires)}"
            yield _remark("error", path, timer.id, timer, told)
    for number, stream in enumerate(timer.must_not, 1):
        if opened := overdue_minutes(compiled, stream):
            told = f"must_not, stream {number}: must not fire and does in minutes {opened}"
            yield _remark("error", path, timer.id, timer, told)


def _examples(timer: Timer) -> int:
    texts = sum(len(said.must_match) + len(said.must_not_match) for said in (timer.commercial, timer.disclosure))
    return texts + len(timer.must_fire) + len(timer.must_not)


def _said(compiled: CompiledTimer) -> tuple[tuple[str, PhraseSpec, PhraseMatcher], ...]:
    timer = compiled.timer
    return (
        ("commercial", timer.commercial, compiled.commercial),
        ("a disclosure", timer.disclosure, compiled.disclosure),
    )


def lint(folder: Path, rulebook: Rulebook) -> list[LintFinding]:
    """What to mend in packs that load, in the order of the files. Raises PackError where one does not."""
    compiled = {rule.rule.id: rule for rule in rulebook.rules}
    timers = {timer.timer.id: timer for timer in load_timers(folder)}
    seen: dict[str, str] = {}
    remarks: list[LintFinding] = []
    shown = _shown_by_family(folder, rulebook)
    packs = read_packs(folder)
    remarks += _unchecked(packs)
    for path, pack in packs:
        remarks += _unused_lists(path, pack)
        for rule in pack.rules:
            remarks += _doubled(path, rule, seen)
            remarks += _unreachable(path, rule, compiled[rule.id])
            remarks += _untried(path, rule, compiled[rule.id], shown[pack.family])
        for timer in pack.timers:
            remarks += _lint_timer(path, timers[timer.id], seen)
    likeness = load_likeness(folder)
    if likeness is not None and likeness.digest != digest(examples(folder)):
        message = "was learnt from other examples than these: pulsewatch rules learn"
        remarks.append(LintFinding("warning", str(folder / LIKENESS_FILE), 1, "likeness", message))
    return remarks


def _doubled(path: Path, rule: Rule, seen: dict[str, str]) -> Iterator[LintFinding]:
    """Patterns that two rules have, and words and examples that stand twice in one rule."""
    yield from _seen_before(path, rule, rule.patterns, seen)
    yield from _twice(path, rule, "word", rule.words)
    examples = (*rule.must_fire, *rule.must_not)
    yield from _twice(path, rule, "example", [one if isinstance(one, str) else one.text for one in examples])


def _seen_before(
    path: Path, rule: Rule | Timer, patterns: Sequence[str], seen: dict[str, str]
) -> Iterator[LintFinding]:
    for pattern in patterns:
        if pattern in seen:
            yield _remark("warning", path, pattern, rule, f"the pattern stands in {seen[pattern]} too: {pattern}")
        seen[pattern] = rule.id


def _twice(path: Path, rule: Rule | Timer, name: str, texts: Sequence[str]) -> Iterator[LintFinding]:
    for text in sorted({text for text in texts if texts.count(text) > 1}):
        yield _remark("warning", path, text, rule, f"the {name} stands there twice: {text}")


def _lint_timer(path: Path, compiled: CompiledTimer, seen: dict[str, str]) -> Iterator[LintFinding]:
    """What is doubled, matches nothing or everything, or is shown by no example; and a timer that nothing can start."""
    timer = compiled.timer
    for what, said, listener in _said(compiled):
        yield from _seen_before(path, timer, said.patterns, seen)
        yield from _twice(path, timer, "word", said.words)
        yield from _twice(path, timer, "example", (*said.must_match, *said.must_not_match))
        readings = [lower(normalise(text)) for text in said.must_match]
        for source, pattern in zip(reversed(said.patterns), reversed(listener.wanted), strict=False):
            if pattern.search("") is not None:
                yield _remark("warning", path, source, timer, f"the pattern matches nothing at all: {source}")
            if all(pattern.search(reading) is None for reading in readings):
                yield _remark("note", path, source, timer, f"no example that must match shows this pattern: {source}")
        if not (said.words or said.patterns or (what == "commercial" and timer.commercial.events)):
            yield _remark("warning", path, timer.id, timer, f"nothing counts as {what}")


def _unreachable(path: Path, rule: Rule, compiled: CompiledRule) -> Iterator[LintFinding]:
    """Words and patterns that can never make a finding of their own."""
    for word in compiled.words:
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


def _shown_by_family(folder: Path, rulebook: Rulebook) -> Mapping[str, Sequence[str]]:
    """The breaches of each family that the folder gives as examples, in its packs and beside them, as they are read."""
    shown: dict[str, list[str]] = defaultdict(list)
    for row in examples(folder):
        for family in row.families:
            shown[family].append(rulebook.undisguised(row.text, row.kind))
    return shown


def _untried(path: Path, rule: Rule, compiled: CompiledRule, shown: Sequence[str]) -> Iterator[LintFinding]:
    """Patterns that no example of the family shows at work, whichever rule it was written for."""
    for source, pattern in zip(rule.patterns, compiled.patterns, strict=True):
        searched = compile_pattern(pattern)
        if all(searched.search(reading) is None for reading in shown):
            yield _remark("note", path, source, rule, f"no example shows this pattern: {source}")


def _unchecked(packs: Sequence[tuple[Path, Pack]]) -> Iterator[LintFinding]:
    """One note for all packs that no lawyer has read."""
    unread = [(path, pack) for path, pack in packs if not pack.checked_by_lawyer]
    if unread:
        path, pack = unread[0]
        names = ", ".join(each.stem for each, _ in unread)
        yield _remark("note", path, "checked_by_lawyer", pack.rules[0], f"no lawyer has checked {names}")


def _unused_lists(path: Path, pack: Pack) -> Iterator[LintFinding]:
    body = path.read_text(encoding="utf-8")
    for name in pack.lists:
        if f"{{{name}}}" not in body:
            yield _remark("warning", path, f"{name}:", pack.rules[0], f"no rule uses the list {name}")


def _remark(
    level: Literal["error", "warning", "note"], path: Path, near: str, rule: Rule | Timer, message: str
) -> LintFinding:
    line = line_of_text(path, near)
    return LintFinding(level, str(path), line if line > 1 else line_of_text(path, rule.id), rule.id, message)
