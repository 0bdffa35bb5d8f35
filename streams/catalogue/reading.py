"""A text as brands are looked for in it: how it was typed makes no difference, and what was a capital is remembered."""

import re
import sys
import unicodedata
from functools import lru_cache
from typing import Final

import msgspec
from opencc import OpenCC

from models.normalise import in_one_script

HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_INVISIBLE = re.compile(
    "[" + "".join(re.escape(chr(code)) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf")
    + "\ufe0e\ufe0f]"
)  # fmt: skip
_UNUSUAL = re.compile("[^\x00-\x7f\u4e00-\u9fff\u3001-\u3011“”…—，。！？：；（）～·]")
"""What NFKC may change and makes a difference to a name: full width signs between words make none."""
_SPACED_AT = re.compile(f"[ ·.*-](?<=[{HAN}].)(?=[{HAN}](?![{HAN}]))")
_SPACED = re.compile(f"(?<![{HAN}])[{HAN}](?:[ ·.*-][{HAN}](?![{HAN}]))+")
_BETWEEN = re.compile("[ ·.*-]")
_SPELT = re.compile(r"(?<![^\W_])[A-Za-z](?:[ .*_-][A-Za-z](?![^\W_])){4,}")
"""A word of five letters and more, spelt letter by letter."""
_NO_LETTER = re.compile("[^A-Za-z]")
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")


class Reading(msgspec.Struct, frozen=True, gc=False):
    """`plain` keeps its capitals, `lower` has none; both are of one length, and hits count in them."""

    plain: str
    lower: str


def read(text: str) -> Reading:
    """The text as words are looked for in it: width, traditional characters, invisible signs, curly apostrophes, other
    scripts' letters in a Latin word and spaces between single letters or Chinese characters make no difference."""
    plain = text
    if not plain.isascii():
        if _UNUSUAL.search(plain):
            plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", plain)).translate(_APOSTROPHES)
            plain = in_one_script(plain)
        simplified, traditional = _simplification()
        if traditional.search(plain):
            plain = plain.translate(simplified)
        if _SPACED_AT.search(plain):
            plain = _SPACED.sub(lambda run: _BETWEEN.sub("", run.group()), plain)
    if _SPELT.search(plain):
        plain = _SPELT.sub(lambda run: _NO_LETTER.sub("", run.group()), plain)
    lower = plain.lower()
    if len(lower) != len(plain):
        lower = "".join(small if len(small := sign.lower()) == 1 else sign for sign in plain)
    return Reading(plain, lower)


def folded(word: str) -> str:
    """A word of the catalogue as it stands in a reading."""
    return read(word).lower


@lru_cache(maxsize=1)
def _simplification() -> tuple[dict[int, str], re.Pattern[str]]:
    """Traditional characters to simplified ones, one by one, so that a reading keeps its places (OpenCC)."""
    characters = [chr(code) for code in range(0x3400, 0xA000)]
    simple = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    table = {ord(one): other for one, other in zip(characters, simple, strict=True) if one != other and len(other) == 1}
    return table, re.compile("[" + "".join(map(chr, table)) + "]")
