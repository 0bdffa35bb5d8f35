"""The ways in which a name is written: without its accents and hyphens, in two words or one, and misspelt."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from streams.catalogue.reading import HAN, folded

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_SCRIPT_BORDER = re.compile(f"(?<=[{HAN}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[{HAN}])")
_NUMBER_BORDER = re.compile(r"(?<=[a-z]) (?=\d)")
_MIN_JOINED_CHARS: Final = 6
_MIN_MISSPELT_CHARS: Final = 6
_MIN_SHORTENED_CHARS: Final = 8


def spellings(name: str) -> set[str]:
    """The name folded, with and without what people leave out of it: accents, apostrophes, hyphens, spaces."""
    known = folded(name)
    ways = {known}
    ways |= {folded(_CAMEL.sub(" ", name))} if _camel_parts_are_words(name) else set()
    ways |= {_without_accents(way) for way in ways}
    ways |= {way.replace("'", "") for way in ways if "'" in way}
    ways |= {way.replace("-", " ") for way in ways if "-" in way}
    ways |= {_SCRIPT_BORDER.sub(" ", way) for way in ways}
    ways |= {_NUMBER_BORDER.sub("", way) for way in ways}
    ways |= {joined for way in ways for joined in _joined(way)}
    return {way for way in ways if way.strip()}


def misspellings(name: str) -> set[str]:
    """One slip away from a long Latin name: two letters swapped, one doubled or single, one left out of eight."""
    known = folded(name)
    if len(known) < _MIN_MISSPELT_CHARS or not (known.isascii() and known.isalpha()):
        return set()
    return set(_slips(known)) - {known}


def _slips(known: str) -> Iterator[str]:
    for at in range(1, len(known)):
        before, letter, after = known[:at], known[at], known[at + 1 :]
        yield before + letter + letter + after
        if after:
            yield before + after[0] + letter + after[1:]
        if len(known) >= _MIN_SHORTENED_CHARS or letter == known[at - 1]:
            yield before + after


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
