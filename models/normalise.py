"""One normal form of a text for the model and for the compliance rules.

People write around filters and on small keyboards: full width letters, zero-width characters inside a word,
traditional characters, pinyin in brackets behind its character, words stretched to a screen's width. The model was
trained on exactly this form, so a change here needs a new training run. The length cap comes first: no later step sees
an unbounded text.

Steps, each a substitution, so that every character of the result knows where in the original it came from:

1. cap at ``MAX_TEXT_CHARS``
2. NFKC, one base character with its marks at a time
3. drop what has no width: zero-width, bidi and tag characters, variation selectors, stray combining marks, surrogates
4. read HTML as a page shows it (models.markup); steps 2 to 4 are repeated as long as there is any
5. one space for each run of white space and control characters
6. traditional to simplified Chinese (OpenCC, hk2s, which has the forms of Hong Kong too; Taiwan's 著 → 着 by a rule)
7. drop pinyin in brackets: ``内(nèi)容`` → ``内容``, ``最【zui4】好`` → ``最好``
8. Greek and Cyrillic letters inside a Latin word are the Latin ones that they look like
9. squeeze a character repeated four times or more to three (digits, Han ones too, are left: ``13888888888`` is a
   telephone number)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from opencc import OpenCC
from pypinyin import Style, pinyin

from models import markup

MAX_TEXT_CHARS = 20_000
"""As long as a text may be."""
MAX_MODEL_CHARS = 4_000
"""So much of a normal form the model is given: more than it has tokens for."""

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"

_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
# ASCII and the basic Han block are their own NFKC form: leaving them out saves a call for nearly every character.
_CLUSTER = re.compile(f".[{_MARKS}]+|[^\x00-\x7f\u4e00-\u9fff]", re.DOTALL)
_NO_WIDTH = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    f"\ufe00-\ufe0f\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff{_MARKS}]"
)
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_HAN = re.compile(f"[{HAN}]")
_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
_BRACKETED_PINYIN = re.compile(f"(?<=[{HAN}])[(\\[【]([a-zü{_TONED}1-5' ]{{1,24}})[)\\]】]", re.IGNORECASE)
_NO_LETTER = re.compile("[^a-zü]")
_MAX_SPELT_CHARS = 6
_TONE_MARK = re.compile(f"[{_TONED}]", re.IGNORECASE)
_STRETCHED = re.compile(r"([^\d\s零〇一二三四五六七八九幺])\1{3,}")

_LOOKALIKE = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_WORD = re.compile("[A-Za-z\u0370-\u03ff\u0400-\u052f]{2,}")
_LATIN = re.compile("[A-Za-z]")
_AS_LATIN = str.maketrans(
    "асԁеһіјкмоԛрѕтԝхуАВЕНІЈКМОРЅТХУαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "acdehijkmoqpstwxyABEHIJKMOPSTXYaeiknoptuxABEZHIKMNOPTYX",
)

# 看著, but not 著名 or 名著: OpenCC's own way back from Taiwan's forms would change simplified texts too (什么).
_PARTICLE = re.compile("(?<![显卓名原编土论巨专合遗译昭拙])著(?![名作称述书])")

_SIGNS = {ord("…"): "...", ord("\u3000"): " "} | {point: chr(point - 0xFEE0) for point in range(0xFF01, 0xFF5F)}
"""Full-width signs by their normal form."""
_SIGN = re.compile(f"[{re.escape(''.join(map(chr, _SIGNS)))}]")
_MAY_CHANGE = "沈坏覆藉瞭哩甦彷著"
"""Characters that OpenCC changes in some words alone, such as 沈默 → 沉默; 傢俱 and 么麼 have another that changes."""

_MENTION = re.compile(r"(?<![\w.])@(\w{1,30})", re.ASCII)
_CARE_ACCOUNT = re.compile(r"(?:support|help|helps|care|cares|service)$", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)[^\s\u3000-\u9fff]+", re.IGNORECASE)
_EMOTICONS = re.compile(r"(\[[^\[\]\s]{1,8}\])(?: ?\1)+")
_EMOJI = re.compile("[\u203c\u2049\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff]")


_Span = tuple[int, int]


class NormalForm(str):
    """A text in normal form. `normalise` and `model_text` take it as it is, so that no text is normalised twice."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text in normal form; ``origins[i]`` is the half-open span of the original that became ``text[i]``."""

    text: str
    origins: tuple[_Span, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the original that covers ``text[start:end]``, which must not be empty."""
        return self.origins[start][0], self.origins[end - 1][1]


def normalise(text: str) -> NormalForm:
    """The normal form of a text, case kept. Never raises; the result is "" where nothing visible was written."""
    if isinstance(text, NormalForm):
        return text
    text = text[:MAX_TEXT_CHARS]
    ordinary = "[/" not in text and _ordinary().fullmatch(text) is not None
    return NormalForm(_normalise_ordinary(text) if ordinary else _normalise(text, None)[0])


def normalise_mapped(text: str, *, as_source: bool = False) -> Normalised:
    """As `normalise`, with the way back to the original: for findings that quote what was written.

    ``as_source`` leaves HTML as it is written, for what a page does not show: the address of a link.
    """
    result, origins = _normalise(text, [(at, at + 1) for at in range(min(len(text), MAX_TEXT_CHARS))], as_source)
    return Normalised(result, tuple(origins or ()))


def model_text(text: str) -> str:
    """What the tokeniser gets: the normal form in lower case, accounts and links masked, each emoji a word of its own.

    Accounts are masked but for customer care's, because tweets are judged by what they say and not by whom they name.
    Of a row of one emoticon in brackets, as Chinese keyboards write them, one is left: ``[赞][赞][赞]`` → ``[赞]``.
    """
    plain: str = normalise(text)[:MAX_MODEL_CHARS]
    plain = _URL.sub("http", plain)
    plain = _EMOTICONS.sub(r"\1", plain)
    plain = _MENTION.sub(lambda m: "@support" if _CARE_ACCOUNT.search(m[1]) else "@user", plain)
    return _BLANK.sub(" ", _EMOJI.sub(lambda m: f" {m[0]} ", plain)).strip().lower()


def lower(text: str) -> str:
    """Lower case of the same length: a character whose lower case has two, such as İ, keeps its case."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def has_han(text: str) -> bool:
    """Whether any Han character occurs: such a text counts as Chinese."""
    return _HAN.search(text) is not None


def in_one_script(text: str) -> str:
    """Greek and Cyrillic letters inside a Latin word as those that they look like; of the same length."""
    return _WORD.sub(_word_in_one_script, text) if _LOOKALIKE.search(text) else text


def _normalise_ordinary(text: str) -> str:
    """The same form of a text of ordinary characters, each with a normal form that nothing beside it changes."""
    text = " ".join(_SIGN.sub(_plain_sign, text).split())
    if "(" in text or "[" in text or "【" in text:
        text = _BRACKETED_PINYIN.sub(_without_pinyin, text)
    return _STRETCHED.sub(_three, text)


def _plain_sign(match: re.Match[str]) -> str:
    return _SIGNS[ord(match[0])]


@cache
def _ordinary() -> re.Pattern[str]:
    """What most texts are made of: simplified characters, letters, digits, the signs of a keyboard."""
    han = "".join(map(chr, range(0x4E00, 0xA000)))
    simple = _converter().convert(han)
    traditional = {a for a, b in zip(han, simple, strict=True) if a != b}
    characters = {
        *map(chr, {*range(0x20, 0x7F)} - {ord("&"), ord("<")}),
        *"\n\t。、《》【】“”‘’—·",
        *map(chr, _SIGNS),
        *han,
    }
    special = {*traditional, *_MAY_CHANGE, "＆", "＜", "［", "／"}
    return re.compile(f"[{re.escape(''.join(sorted(characters - special)))}]*")


def _normalise(text: str, origins: list[_Span] | None, as_source: bool = False) -> tuple[str, list[_Span] | None]:
    text = text[:MAX_TEXT_CHARS]
    for _ in range(markup.MAX_ESCAPES):
        if not unicodedata.is_normalized("NFKC", text):
            text, origins = _substitute(_CLUSTER, _compose, text, origins)
        written, origins = _substitute(_NO_WIDTH, "", text, origins)
        if as_source or not markup.may_hold_markup(written):
            text = written
            break
        text, origins = _substitute(markup.pattern, markup.as_seen(written), written, origins)
        if text == written:
            break
    text, origins = _substitute(_BLANK, " ", text, origins)
    text, origins = _strip(text, origins)
    if has_han(text):
        text = _simplify(text)
        text, origins = _substitute(_BRACKETED_PINYIN, _without_pinyin, text, origins)
    if _LOOKALIKE.search(text):
        text, origins = _substitute(_WORD, _word_in_one_script, text, origins)
    return _substitute(_STRETCHED, _three, text, origins)


def _substitute(
    pattern: re.Pattern[str], replace: str | Callable[[re.Match[str]], str], text: str, origins: list[_Span] | None
) -> tuple[str, list[_Span] | None]:
    """``pattern.sub`` that carries origins along: the n-th new character is the n-th matched one's, or the last's; the
    last new one is also those' that are left."""
    if origins is None:
        return pattern.sub(replace, text), None
    parts: list[str] = []
    moved: list[_Span] = []
    done = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        new = replace if isinstance(replace, str) else replace(match)
        parts += (text[done:start], new)
        moved += origins[done:start]
        moved += (origins[min(start + i, end - 1)] for i in range(len(new)))
        if new:
            moved[-1] = moved[-1][0], origins[end - 1][1]
        done = end
    if not parts:
        return text, origins
    parts.append(text[done:])
    moved += origins[done:]
    return "".join(parts), moved


def _strip(text: str, origins: list[_Span] | None) -> tuple[str, list[_Span] | None]:
    start = len(text) - len(text.lstrip(" "))
    stripped = text.strip(" ")
    return stripped, None if origins is None else origins[start : start + len(stripped)]


def _compose(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])


def _three(match: re.Match[str]) -> str:
    return match[1] * 3


def _word_in_one_script(match: re.Match[str]) -> str:
    return match[0].translate(_AS_LATIN) if _LATIN.search(match[0]) else match[0]


def _without_pinyin(match: re.Match[str]) -> str:
    """Nothing for pinyin; the match itself for other words in brackets, such as 苹果(app)."""
    letters = _NO_LETTER.sub("", match[1].lower())
    before = match.string[max(0, match.start() - _MAX_SPELT_CHARS) : match.start()]
    spelt = _TONE_MARK.search(match[1]) or (letters and _is_spelt(letters, before))
    return "" if spelt else match[0]


def _is_spelt(letters: str, characters: str) -> bool:
    """Whether the letters are readings of the last of the characters, one after the other."""
    if not letters or not characters:
        return not letters
    readings = (reading for reading in _readings(characters[-1]) if letters.endswith(reading))
    return any(_is_spelt(letters[: -len(reading)], characters[:-1]) for reading in readings)


@lru_cache(maxsize=8_192)
def _readings(character: str) -> frozenset[str]:
    return frozenset(pinyin(character, style=Style.NORMAL, heteronym=True)[0])


@cache
def _converter() -> OpenCC:
    return OpenCC("hk2s")


def _simplify(text: str) -> str:
    """Simplified characters, one for one: where OpenCC's phrases would change the length, each character by itself."""
    simple: str = _converter().convert(text)
    simple = simple if len(simple) == len(text) else "".join(map(_simplify_character, text))
    return _PARTICLE.sub("着", simple) if "著" in simple else simple


@lru_cache(maxsize=8_192)
def _simplify_character(character: str) -> str:
    simple: str = _converter().convert(character)
    return simple if len(simple) == 1 else character
