"""Where words begin in Chinese, which writes none apart: 积极品味 is 积极 and 品味, and no 极品.

The dictionary and the frequencies are jieba's.
"""

from __future__ import annotations

import re

import rjieba

from models.normalise import HAN

_WINDOW_CHARS = 12
"""Characters on either side that decide how a clause is cut into words."""
_MAX_WORD_CHARS = 4
_HAN_RUN = re.compile(f"[{HAN}]+")


def word_across(text: str, start: int, end: int) -> str | None:
    """The word that begins before ``text[start:end]`` and ends with its first character; None if there is none.

    Two signs of it: the likeliest way to cut the clause has it, or what comes after it is a word that goes on beyond
    `end`, as in 房顶|级配. A word that holds all of it is none (天下第一 claims what 第一 claims), nor is one that ends
    with more of it (国家机关 in 国家机关特供), nor the same character twice (最最优).
    """
    first = start
    while first > max(0, start - _WINDOW_CHARS) and _HAN_RUN.match(text, first - 1, first):
        first -= 1
    behind = _HAN_RUN.match(text, start, end + _WINDOW_CHARS)
    if first == start or behind is None or text[start - 1] == text[start]:
        return None
    clause, border = text[first : behind.end()], start - first
    return _cut_across(clause, border) or _between_words(clause, border, end - first)


def _cut_across(clause: str, border: int) -> str | None:
    at = 0
    for word in rjieba.cut(clause, False):
        if at < border and at + len(word) == border + 1:
            return str(word)
        at += len(word)
    return None


def _between_words(clause: str, border: int, end: int) -> str | None:
    after = clause[border + 1 :]
    goes_on = any(rjieba.has_word(after[:size]) for size in range(end - border, min(len(after), _MAX_WORD_CHARS) + 1))
    if not goes_on:
        return None
    sizes = range(min(border, _MAX_WORD_CHARS - 1), 0, -1)
    words = (clause[border - size : border + 1] for size in sizes)
    return next((word for word in words if rjieba.has_word(word)), None)
