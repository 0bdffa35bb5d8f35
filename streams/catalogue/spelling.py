"""The ways in which a name is written: without its accents and hyphens, in two words or one, in pinyin, misspelt."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import chain
from typing import Final

from pypinyin import Style, lazy_pinyin

from streams.catalogue.reading import HAN, folded

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_SCRIPT_BORDER = re.compile(f"(?<=[{HAN}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[{HAN}])")
_NUMBER_BORDER = re.compile(r"(?<=[a-z]) (?=\d)")
_WORD_BORDER = re.compile(r"(?<=\d)(?=[a-z]{2,}$)")
_MIN_JOINED_CHARS: Final = 6
_MIN_MISSPELT_CHARS: Final = 6
_MIN_SHORTENED_CHARS: Final = 8
_MIN_OTHER_VOWEL_CHARS: Final = 9
"""Shorter names are a vowel away from each other: Pantene, Pantone."""
_MIN_PINYIN_CHARS: Final = 7
_MIN_MISHEARD_CHARS: Final = 3
_MIN_HASHTAG_CHARS: Final = 8
_MIN_SHORT_PINYIN_CHARS: Final = 4
_MIN_SPLIT_CHARS: Final = 7
_MIN_PLURAL_CHARS: Final = 4
_LETTERS_AND_DIGITS = re.compile(r"(\d+)([a-z]+)|([a-z]+)(\d+)")
_SMALL_PREFIX = re.compile(r"[a-z][A-Z][a-z]{2}")
"""iPhone, eBay."""
_HAN_ONLY = re.compile(f"[{HAN}]+")
_VOWELS: Final = "aeiou"
_DIGITS: Final = str.maketrans("一二三四五六七八九", "123456789")
_COMMON_ROWS: Final = range(0xB0, 0xD8)
"""Of GB 2312: the 3,755 characters that are used most."""


def spellings(name: str) -> set[str]:
    """The name folded, with and without what people leave out of it: accents, apostrophes, hyphens, spaces."""
    known = folded(name)
    ways = {known}
    ways |= {folded(_CAMEL.sub(" ", name))} if _camel_parts_are_words(name) else set()
    ways |= {_without_accents(way) for way in ways}
    ways |= {way.replace("'", "") for way in ways if "'" in way}
    ways |= {way.replace("-", " ") for way in ways if "-" in way}
    ways |= {_SCRIPT_BORDER.sub(" ", way) for way in ways}
    ways |= {_NUMBER_BORDER.sub("", way) for way in ways} | {_WORD_BORDER.sub("-", way) for way in ways}
    ways |= {joined for way in ways for joined in _joined(way)}
    ways |= set(_in_pinyin(known)) | set(_with_digits(known))
    return {way for way in ways if way.strip()}


def misspellings(name: str) -> set[str]:
    """One slip away from a long name. Latin: two letters swapped, one doubled or single, one left out of eight, a vowel
    too much between consonants, another vowel in nine, `'s` for an s. Chinese: another character of the same sound, as
    pinyin keyboards offer it."""
    known = folded(name)
    if len(known) >= _MIN_MISHEARD_CHARS and _HAN_ONLY.fullmatch(known):
        return set(_misheard(known)) - {known}
    if len(known) < _MIN_MISSPELT_CHARS or not (known.isascii() and known.isalpha()):
        return set()
    return set(chain(_slips(known), _vowel_slips(known))) - {known}


def loose_spellings(name: str, ambiguous: bool) -> Iterator[str]:
    """What may be other words too: a name in two words or with a hyphen, short names in pinyin, and the plural of one
    that is a word; of another the plural is found anyway."""
    known = folded(name)
    if _HAN_ONLY.fullmatch(known):
        spaced = syllables(known)
        if len(known) > 1 and len(spaced.replace(" ", "")) >= _MIN_SHORT_PINYIN_CHARS:
            yield from (spaced, spaced.replace(" ", ""), spaced.replace(" ", "-"))
        return
    if not known.isascii():
        return
    if found := _LETTERS_AND_DIGITS.fullmatch(known):
        yield " ".join(part for part in found.groups() if part)
    if _SMALL_PREFIX.match(name):
        yield known[0] + " " + known[1:]
    if not known.isalpha():
        return
    if len(known) >= _MIN_SPLIT_CHARS:
        for at in range(3, len(known) - 2):
            yield known[:at] + "-" + known[at:]
            yield known[:at] + " " + known[at:]
    if ambiguous and len(known) >= _MIN_PLURAL_CHARS and known[-1] not in "sxz":
        yield known + "s"


@lru_cache(maxsize=20_000)
def syllables(name: str) -> str:
    """A Chinese name in pinyin, its syllables apart; of another the empty text."""
    known = folded(name)
    return " ".join(lazy_pinyin(known, style=Style.NORMAL, v_to_u=False)) if _HAN_ONLY.fullmatch(known) else ""


def as_word(hashtag: str) -> str | None:
    """A hashtag of several words without its sign, which some platforms leave out; None for what may be a word."""
    plain = hashtag.strip("#")
    return folded(plain) if len(plain) >= _MIN_HASHTAG_CHARS and _CAMEL.search(plain) else None


def _slips(known: str) -> Iterator[str]:
    for at in range(1, len(known)):
        before, letter, after = known[:at], known[at], known[at + 1 :]
        yield before + letter + letter + after
        if after:
            yield before + after[0] + letter + after[1:]
        if len(known) >= _MIN_SHORTENED_CHARS or letter == known[at - 1]:
            yield before + after


def _vowel_slips(known: str) -> Iterator[str]:
    if known.endswith("s"):
        yield known[:-1] + "'s"
    for at in range(1, len(known)):
        before, letter, after = known[:at], known[at], known[at + 1 :]
        if letter in _VOWELS:
            if len(known) >= _MIN_OTHER_VOWEL_CHARS:
                yield from (before + vowel + after for vowel in _VOWELS)
        elif known[at - 1] not in _VOWELS:
            yield from (before + vowel + letter + after for vowel in _VOWELS)


def _misheard(known: str) -> Iterator[str]:
    for at, sound in enumerate(lazy_pinyin(known, style=Style.TONE3)):
        for character in _characters_by_sound().get(sound, ()):
            yield known[:at] + character + known[at + 1 :]


@cache
def _characters_by_sound() -> Mapping[str, str]:
    """Common characters by their syllable with its tone."""
    sounds: dict[str, str] = defaultdict(str)
    for row in _COMMON_ROWS:
        for character in bytes(chain.from_iterable((row, cell) for cell in range(0xA1, 0xFF))).decode(
            "gb2312", "ignore"
        ):
            sounds[lazy_pinyin(character, style=Style.TONE3)[0]] += character
    return sounds


def _in_pinyin(known: str) -> Iterator[str]:
    """A Chinese name in Latin letters, in one word and in syllables, where that is no common word."""
    spaced = syllables(known)
    if len(spaced.replace(" ", "")) >= _MIN_PINYIN_CHARS:
        yield spaced
        yield spaced.replace(" ", "")


def _with_digits(known: str) -> Iterator[str]:
    """七喜 as 7喜."""
    if _HAN_ONLY.fullmatch(known) and (digits := known.translate(_DIGITS)) != known:
        yield digits


def _camel_parts_are_words(name: str) -> bool:
    parts = _CAMEL.split(name)
    return len(parts) > 1 and all(len(part) >= 3 for part in parts)


def _joined(way: str) -> Iterator[str]:
    if not way.isascii() or " " not in way:
        return
    if len(way.replace(" ", "")) >= _MIN_JOINED_CHARS and all(len(part) > 2 for part in way.split(" ")[:1]):
        yield way.replace(" ", "")
    yield way.replace(" ", "-")


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not 0x300 <= ord(sign) <= 0x36F)
