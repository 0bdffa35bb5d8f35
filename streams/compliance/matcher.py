"""Finds where rules' words and patterns stand in a text, in time linear in the text.

All words of all rules are one Aho-Corasick automaton. All patterns are one RE2 set, which answers in one pass which of
them match at all; only those are run again for their spans.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import ahocorasick
import re2

MAX_HITS_PER_PATTERN = 20
_SET_MEMORY_BYTES = 256 << 20


class Hit(NamedTuple):
    """Entry `key` matches at [start, end) of the text that was searched."""

    start: int
    end: int
    key: int


def compile_pattern(pattern: str) -> Any:
    """A pattern of RE2, blind to case. Raises ValueError with what is wrong."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not a pattern"
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None


class Matcher:
    """Words and patterns, each with a key of the caller's. Immutable once made."""

    def __init__(self, words: Iterable[tuple[str, int]], patterns: Iterable[tuple[str, int]]) -> None:
        self._automaton = _automaton(words)
        self._patterns = [(compile_pattern(pattern), key) for pattern, key in patterns]
        self._set = compile_set([pattern.pattern for pattern, _ in self._patterns])

    def search(self, text: str) -> list[Hit]:
        """Every hit, overlapping ones included; of one pattern the first 20."""
        hits: list[Hit] = []
        if self._automaton is not None:
            for last, (word, keys) in self._automaton.iter(text):
                start = last + 1 - len(word)
                if _whole_word(text, start, last + 1):
                    hits += [Hit(start, last + 1, key) for key in keys]
        if self._set is not None:
            for index in self._set.Match(text) or ():
                pattern, key = self._patterns[index]
                for match, _ in zip(pattern.finditer(text), range(MAX_HITS_PER_PATTERN), strict=False):
                    if match.end() > match.start():
                        hits.append(Hit(match.start(), match.end(), key))
        return hits


def _automaton(words: Iterable[tuple[str, int]]) -> Any:
    keys_of: dict[str, set[int]] = {}
    for word, key in words:
        keys_of.setdefault(word, set()).add(key)
    if not keys_of:
        return None
    automaton = ahocorasick.Automaton()
    for word, keys in keys_of.items():
        automaton.add_word(word, (word, tuple(sorted(keys))))
    automaton.make_automaton()
    return automaton


def compile_set(patterns: list[str]) -> Any:
    """One RE2 set, whose `Match` gives the indices of the patterns that match; None where there are none."""
    if not patterns:
        return None
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = _SET_MEMORY_BYTES
    patterns_set = re2.Set.SearchSet(options)
    for pattern in patterns:
        patterns_set.Add(pattern)
    patterns_set.Compile()
    return patterns_set


def _whole_word(text: str, start: int, end: int) -> bool:
    """False where an English word of the packs is only a part of one in the text."""
    return not (
        (start > 0 and _is_latin(text[start]) and _is_latin(text[start - 1]))
        or (end < len(text) and _is_latin(text[end - 1]) and _is_latin(text[end]))
    )


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
