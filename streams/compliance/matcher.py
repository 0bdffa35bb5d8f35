"""Finds the words and patterns of rules in a text, in time linear in the text.

One Aho-Corasick automaton holds all words of all rules, and the literals that each pattern (RE2) requires: a pattern
is searched for only in a text that holds one of its literals, and hardly any text holds those of more than a few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import ahocorasick
import re2

from streams.compliance.prefilter import required_literals

MAX_HITS_PER_PATTERN = 20
MAX_CONTEXT_CHARS = 120
_SENTENCE_END = "。!?;\n"
_SET_MEMORY_BYTES = 256 << 20


class Scanned(NamedTuple):
    """A text in lower case and the strings of a matcher in it: where each ends, its size, its keys and patterns."""

    text: str
    strings: Sequence[tuple[int, tuple[int, tuple[int, ...], tuple[int, ...]]]]


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
        self._patterns = [(compile_pattern(pattern), key) for pattern, key in patterns]
        needed = [required_literals(pattern.pattern) for pattern, _ in self._patterns]
        self._without_literals = [place for place, strings in enumerate(needed) if strings is None]
        self._automaton = _automaton(words, needed)

    def scan(self, text: str) -> Scanned:
        """The words in a text in lower case, and the strings that some pattern cannot match without."""
        return Scanned(text, () if self._automaton is None else list(self._automaton.iter(text)))

    def search(self, scanned: Scanned) -> list[Hit]:
        """Every hit in a text, overlapping ones included; of one pattern the first 20."""
        text = scanned.text
        hits: list[Hit] = []
        places: set[int] = set(self._without_literals)
        for last, (size, keys, of_patterns) in scanned.strings:
            if keys and _whole_word(text, last + 1 - size, last + 1):
                hits += [Hit(last + 1 - size, last + 1, key) for key in keys]
            places.update(of_patterns)
        for place in sorted(places):
            pattern, key = self._patterns[place]
            for match, _ in zip(pattern.finditer(text), range(MAX_HITS_PER_PATTERN), strict=False):
                if match.end() > match.start():
                    hits.append(Hit(match.start(), match.end(), key))
        return hits


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence that holds [start, end): up to 。!?; or a full stop before a blank, at most 120 characters away."""
    low, high = max(0, start - MAX_CONTEXT_CHARS), min(len(text), end + MAX_CONTEXT_CHARS)
    # A full stop ends a sentence only with the blank behind it, which may lie on the border.
    ends_before = [text.rfind(sign, low, start) for sign in _SENTENCE_END]
    first = max(low, 1 + max(*ends_before, text.rfind(". ", low, start + 1)))
    ends_after = [text.find(sign, max(0, end - 1), high) for sign in _SENTENCE_END]
    ends_after.append(text.find(". ", max(0, end - 1), high + 1))
    return first, min([high, *(at + 1 for at in ends_after if at >= 0)])


def passage_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence that holds [start, end) with the one before it: what a claim is judged by in a long text."""
    first, last = sentence_around(text, start, end)
    return sentence_around(text, first - 1, last)[0] if first > 0 else first, last


def passages(text: str, size: int) -> Iterator[tuple[int, int]]:
    """What follows the first `size` characters of a text, in pieces of whole sentences of at most `size`."""
    start = size
    while start < len(text):
        end = min(start + size, len(text))
        if end < len(text):
            end = next((at for at in range(end, start + size // 2, -1) if _ends_sentence(text, at - 1)), end)
        yield start, end
        start = end


def _ends_sentence(text: str, index: int) -> bool:
    character = text[index]
    return character in _SENTENCE_END or (character == "." and text[index + 1 : index + 2] in (" ", ""))


def _automaton(words: Iterable[tuple[str, int]], needed: Sequence[Iterable[str] | None]) -> Any:
    """String → its length, the keys of the word that it is, the places of the patterns whose atom it is."""
    keys_of: dict[str, set[int]] = {}
    places_of: dict[str, set[int]] = {}
    for word, key in words:
        keys_of.setdefault(word, set()).add(key)
    for place, strings in enumerate(needed):
        for atom in strings or ():
            places_of.setdefault(atom, set()).add(place)
    if not keys_of and not places_of:
        return None
    automaton = ahocorasick.Automaton()
    for string in {**keys_of, **places_of}:
        keys, places = keys_of.get(string, ()), places_of.get(string, ())
        automaton.add_word(string, (len(string), tuple(sorted(keys)), tuple(sorted(places))))
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
