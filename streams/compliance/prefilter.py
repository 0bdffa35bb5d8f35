"""What a pattern cannot match without: strings of which every match holds at least one.

    (?:治疗|根治)[^,。]{0,4}(?:癌症|肿瘤)      atoms 治疗, 根治 (or 癌症, 肿瘤: either would do)
    抽(?:中|到)?奖                             atoms 抽中奖, 抽到奖, 抽奖
    [^,。]{3}%                                 atom %

A text without any atom of a pattern need not be searched for it. One automaton finds the atoms of all patterns in one
pass over the text, which a set of all patterns cannot do: with hundreds of `[^。]{0,24}` in it, the states of its
automaton outgrow any memory, and RE2 goes on at a thousandth of the speed. The method is that of RE2's own prefilter
(Cox, Regular Expression Matching with a Trigram Index, 2012), whose automaton is too small for as many atoms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from math import prod
from typing import NamedTuple

_MAX_JOINED = 256
"""Strings that neighbours make together; beyond that they stay apart."""
_MAX_CLASS = 16
"""Characters of a class that are taken one by one."""
_OFTEN, _SELDOM = 1 / 50, 1 / 1000
"""How many of a text's characters are a common one, and another one, roughly."""
_COMMON = frozenset(
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成"
    "只如事把还用第样道想作种开给让吃买送点再做话"
)
_QUANTIFIER = re.compile(r"(\?|\*|\+|\{(\d+)(,?)(\d*)\})\??")
_CLASS_ITEM = re.compile(r"\\(.)|([^\\\]])", re.DOTALL)
_PROPERTY = re.compile(r"[pP](?:\{[^}]*\}|.)")
_EMPTY_WIDTH = frozenset("bBAz")
_CLASSES = frozenset("dDwWsS")
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}


class _Unread(Exception):
    """Syntax that this reader does not know; the pattern is then searched for in every text."""


class _Part(NamedTuple):
    """A piece of a pattern."""

    exact: frozenset[str] | None
    """All that it can match; None where that is not known or too much."""
    needed: frozenset[str] | None
    """Strings of which any match holds one; None where none are known."""


_NOTHING = _Part(frozenset({""}), None)
_ANYTHING = _Part(None, None)


def required_literals(pattern: str) -> frozenset[str] | None:
    """Strings in lower case of which every match of a pattern of RE2, blind to case, holds one; None: any text may."""
    try:
        part = _Reader(pattern).whole()
    except _Unread:
        return None
    return _better(part.needed, part.exact)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def whole(self) -> _Part:
        part = self._alternatives()
        if self._at != len(self._pattern):
            raise _Unread
        return part

    def _alternatives(self) -> _Part:
        parts = [self._sequence()]
        while self._next("|"):
            parts.append(self._sequence())
        return reduce(_either, parts)

    def _sequence(self) -> _Part:
        parts = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            parts.append(self._quantified(self._piece()))
        return _joined(parts)

    def _quantified(self, part: _Part) -> _Part:
        match = _QUANTIFIER.match(self._pattern, self._at)
        if match is None:
            return part
        self._at = match.end()
        least = {"?": 0, "*": 0, "+": 1}.get(match[1], int(match[2] or 0))
        if match[1] == "?" or (match[1].startswith("{") and least == 0 and match[4] == "1"):
            return _Part(None if part.exact is None else part.exact | {""}, None)
        return _Part(None, _better(part.needed, part.exact) if least else None)

    def _piece(self) -> _Part:
        character = self._pattern[self._at]
        self._at += 1
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        if character in "^$":
            return _NOTHING
        if character == ".":
            return _ANYTHING
        if character in "*+?":
            raise _Unread
        return _literal(character)

    def _group(self) -> _Part:
        if self._next("?") and not self._next(":"):
            raise _Unread
        part = self._alternatives()
        if not self._next(")"):
            raise _Unread
        return part

    def _class(self) -> _Part:
        negated = self._next("^")
        members: set[str] = set()
        known = True
        while not self._next("]"):
            if self._pattern.startswith("[:", self._at):
                raise _Unread
            item = _CLASS_ITEM.match(self._pattern, self._at)
            if item is None:
                raise _Unread
            self._at = item.end()
            if item[1] is not None and item[1] in "pP":
                self._property(self._at - 1)
                known = False
            elif item[1] is not None and item[1].isalnum():
                known = False
            elif self._pattern[self._at : self._at + 1] == "-" and self._pattern[self._at + 1 : self._at + 2] != "]":
                known = False  # a range
            else:
                members.add(item[1] or item[2])
        if negated or not known or len(members) > _MAX_CLASS:
            return _ANYTHING
        return reduce(_either, map(_literal, sorted(members)))

    def _escape(self) -> _Part:
        character = self._pattern[self._at : self._at + 1]
        self._at += 1
        if character in _EMPTY_WIDTH:
            return _NOTHING
        if character in _CLASSES:
            return _ANYTHING
        if character in ("p", "P"):
            self._property(self._at - 1)
            return _ANYTHING
        if character in _CONTROLS:
            return _literal(_CONTROLS[character])
        if character == "" or character.isalnum():
            raise _Unread
        return _literal(character)

    def _property(self, start: int) -> None:
        match = _PROPERTY.match(self._pattern, start)
        if match is None:
            raise _Unread
        self._at = match.end()

    def _next(self, sign: str) -> bool:
        if self._pattern.startswith(sign, self._at):
            self._at += len(sign)
            return True
        return False


def _literal(character: str) -> _Part:
    return _Part(frozenset({character.lower()}), None)


def _either(one: _Part, other: _Part) -> _Part:
    if one.exact is not None and other.exact is not None:
        return _Part(one.exact | other.exact, None)
    needed = _better(one.needed, one.exact), _better(other.needed, other.exact)
    return _Part(None, None if needed[0] is None or needed[1] is None else needed[0] | needed[1])


def _joined(parts: Iterable[_Part]) -> _Part:
    """Parts one after the other: neighbours that are known make longer strings together."""
    known: frozenset[str] = frozenset({""})
    needed: frozenset[str] | None = None
    whole = True
    for part in parts:
        if part.exact is not None and len(known) * len(part.exact) <= max(_MAX_JOINED, len(part.exact), len(known)):
            known = frozenset(before + after for before in known for after in part.exact)
            continue
        whole = False
        needed = _better(_better(needed, known), part.needed)
        known = part.exact or frozenset({""})
    return _Part(known, None) if whole else _Part(None, _better(needed, known))


def _better(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """The set that fewer texts will hold a string of."""
    if not other or "" in other:
        return one
    if not one or "" in one:
        return other
    return min(one, other, key=_frequency)


def _frequency(strings: frozenset[str]) -> float:
    """How often any of the strings begins at a character of a text, were its characters strewn at random."""
    return sum(prod(_OFTEN if c.isascii() or c in _COMMON else _SELDOM for c in string) for string in strings)
