"""Whether a name that was found is a word there, or a part of another: pineapple, 太极品牌, an address, a user."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import rjieba

from streams.catalogue.reading import HAN, Reading

_HAN_ONLY = re.compile(f"[{HAN}]+")
_WINDOW_CHARS: Final = 8
"""Characters on either side that decide how a clause is cut into words."""
_FIRST_HAN: Final = "\u3400"
_CUT_CHARS: Final = 3
"""Longer Chinese names do not arise by chance at the seam of two words."""
_LIKELIER: Final = 30
"""A name of the catalogue is so much likelier than jieba takes a word of its characters for."""
_ADDRESS = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]+|(?:https?://|www\.)[^\s\u3000-\u9fff]+"
    r"|(?<![\w@.-])(?:[\w-]+\.)+(?:com|cn|net|org|io|co|jp|uk|de|fr|app|shop)\b(?:/[^\s\u3000-\u9fff]*)?",
    re.ASCII,
)
_MAY_BE_ADDRESS = re.compile(r"\.[\w.-]|://|www\.", re.ASCII)
_OWN_HOST = re.compile(r"\.(?:com|cn|net|org|io|co|jp|uk|de|fr|app|shop)(?:\.[a-z]{2})?(?![\w-]|\.\w)")
_HOST = re.compile(r"(?:https?://)?[\w.-]*$")
_MENTION = re.compile(r"@[^\s@，。！？,!?:：]*$")
_ORGANISATION = re.compile(
    r"(?:官方|公司|集团|客服|旗舰店|中国|科技|手机|汽车|服务|商城|之家|终端|电器|食品|运动|咖啡|餐厅|会员|超市|银行|微博|资讯)*"
    r"(?![^\s@，。！？,!?:：])"
)
_HASHTAG_CHARS: Final = 60
_MIN_GLUED_CHARS: Final = 4
_IN_HASHTAG = re.compile(r"#\w+$")

Span = tuple[int, int]


class WordBorders:
    """Cuts Chinese as jieba does, with the names of a catalogue among its words."""

    def __init__(self, names: Iterable[str]) -> None:
        self._jieba = _jieba_with(frozenset(name for name in names if is_rare_word(name)))

    def is_a_word(self, text: str, start: int, end: int) -> bool:
        """Whether a Chinese name begins and ends where words do. A longer word may hold it that goes on with a word,
        as 耐克鞋 does, and 伊利诺伊 does not."""
        if end - start > _CUT_CHARS or text[start] < _FIRST_HAN:
            return True
        if not (_is_han(text[start]) and _is_han(text[end - 1])):
            return True
        if not (start and _is_han(text[start - 1])) and not (end < len(text) and _is_han(text[end])):
            return True
        at = max(0, start - _WINDOW_CHARS)
        begun = False
        for word in self._jieba.cut(text[at : end + _WINDOW_CHARS], False):
            first, at = at, at + len(word)
            begun = begun or first == start
            if at >= end:
                return begun and (at == end or (first == start and bool(self._jieba.has_word(text[end:at]))))
        return False

    def is_a_word_alone(self, text: str, at: int) -> bool:
        """Whether a Chinese character is none of a longer word's: 吃 in 吃苹果, but not in 吃力."""
        pairs = (text[first : first + 2] for first in (at - 1, at) if 0 <= first < len(text) - 1)
        return not any(self._jieba.has_word(pair) for pair in pairs)


@lru_cache(maxsize=2)
def _jieba_with(names: frozenset[str]) -> Any:
    """jieba with words of ours; reading its dictionary takes a third of a second."""
    if not names:
        return rjieba
    jieba = rjieba.Jieba()
    for name in names:
        jieba.add_word(name, max(3, jieba.suggest_freq(name)) * _LIKELIER, "nz")
    return jieba


@lru_cache(maxsize=10_000)
def is_rare_word(name: str) -> bool:
    """Whether jieba's dictionary lacks a Chinese name."""
    return len(name) > 1 and _HAN_ONLY.fullmatch(name) is not None and not rjieba.has_word(name)


def is_word(name: str) -> bool:
    """Whether jieba's dictionary has a Chinese word."""
    return _HAN_ONLY.fullmatch(name) is not None and bool(rjieba.has_word(name))


def stands_alone(text: Reading, start: int, end: int, *, certain: bool) -> bool:
    """Whether letters that are written with spaces between words begin and end at what is no letter of that kind;
    Chinese, Japanese and Thai words end anywhere. In a hashtag a capital begins a word (#NikeAirMax). A certain name
    may have its plural, a number or a capital behind it (iPhones, iPhone15, RedmiNote); a hashtag a year."""
    lower = text.lower
    if lower[start] >= _FIRST_HAN and lower[end - 1] >= _FIRST_HAN:
        return True
    before = lower[start - 1] if start else " "
    if lower[start] == "#":
        return not before.isalnum() and (
            _handle_ends(lower, _behind_digits(lower, end)) or _begins_word(text.plain, end)
        )
    if lower[start] == "@":
        return not before.isalnum() and _handle_ends(lower, end)
    if _joins(before, lower[start]) and not _begins_word(text.plain, start):
        return False
    after = lower[end] if end < len(lower) else " "
    if not _joins(after, lower[end - 1]) or _begins_word(text.plain, end):
        return True
    if not certain or not lower[end - 1].isascii():
        return False
    if _is_glued(text.plain, start, end):
        return True
    if after.isdigit():
        return lower[end - 1].isalpha() and end - start > 2
    return after == "s" and end - start > 3 and not (end + 1 < len(lower) and _joins("s", lower[end + 1]))


def is_spaced(word: str) -> bool:
    """Whether a word is in letters that are written with spaces between words."""
    return word[0] < _FIRST_HAN


def joined(lower: str, start: int, end: int) -> bool:
    """Whether a word in such letters is a part of a longer one."""
    if start and not lower[start - 1].isspace() and _joins(lower[start - 1], lower[start]):
        return True
    return end < len(lower) and not lower[end].isspace() and _joins(lower[end], lower[end - 1])


def addresses(lower: str) -> list[Span]:
    """Where links, hosts and mail addresses stand."""
    if not _MAY_BE_ADDRESS.search(lower):
        return []
    return [found.span() for found in _ADDRESS.finditer(lower)]


def is_own_host(lower: str, span: Span, start: int, end: int) -> bool:
    """Whether a name in an address is the site's own (support.apple.com); not a mailbox there."""
    return (
        "@" not in lower[span[0] : span[1]]
        and (start == span[0] or lower[start - 1] in "./")
        and _HOST.match(lower[span[0] : start]) is not None
        and _OWN_HOST.match(lower, end) is not None
    )


def is_in_mail(lower: str, span: Span) -> bool:
    """Whether an address is a mailbox."""
    return "@" in lower[span[0] : span[1]]


def mention_allows(lower: str, start: int, end: int) -> bool:
    """Whether a name is none in the name of some account: @小米粒儿 is a person, @小米公司 and @小米 are not."""
    mention = _MENTION.search(lower, max(0, start - 30), start)
    if mention is None:
        return True
    if mention.end() - mention.start() > 1:
        return False
    return _ORGANISATION.match(lower, end) is not None


def _handle_ends(lower: str, end: int) -> bool:
    after = lower[end : end + 2]
    return not after or not (
        (after[0].isascii() and (after[0].isalnum() or after[0] == "_")) or (after[0] in ".-" and after[1:].isalnum())
    )


def _behind_digits(lower: str, at: int) -> int:
    while at < len(lower) and lower[at].isdigit():
        at += 1
    return at


def _is_glued(plain: str, start: int, end: int) -> bool:
    """Whether a name with a capital goes on with the capital of a next word."""
    return (
        end - start >= _MIN_GLUED_CHARS
        and plain[start].isupper()
        and plain[end - 1].islower()
        and plain[end : end + 1].isupper()
        and plain[end + 1 : end + 2].islower()
    )


def _begins_word(plain: str, at: int) -> bool:
    """Whether a capital begins a word in the midst of a hashtag."""
    if not 0 < at < len(plain) or not (plain[at].isupper() and plain[at - 1].islower()):
        return False
    return _IN_HASHTAG.search(plain, max(0, at - _HASHTAG_CHARS), at) is not None


def _is_han(sign: str) -> bool:
    return "\u4e00" <= sign <= "\u9fff" or _HAN_ONLY.match(sign) is not None


def _joins(neighbour: str, sign: str) -> bool:
    if not ((neighbour.isalnum() or neighbour == "_") and (sign.isalnum() or sign == "_")):
        return False
    return neighbour == "_" or sign == "_" or not (_spaceless(neighbour) or _spaceless(sign))


def _spaceless(sign: str) -> bool:
    return sign >= "\u0e00" and (
        "\u3400" <= sign <= "\u9fff"
        or "\u3040" <= sign <= "\u30ff"
        or sign <= "\u0e7f"
        or "\U00020000" <= sign <= "\U0003ffff"
    )
