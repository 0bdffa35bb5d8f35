"""A second reading of a text that somebody wrote around a filter: `去4`, `裸.l`, `约🐔`, `sh00t`, `f.u.c.k`.

Compliance rules undo what hides their terms and quote it (streams.compliance.disguise). The model reads whole texts,
and a reading that is wrong costs it little: it is given both, and the worse of both counts. So this reading may guess,
by lists in ``second_reading.yaml``:

    Chinese   pieces of characters, spellings, pictures; words by their sound, where at least one character is not
              written as itself (pinyin, an initial, a digit, a picture, a homophone) or something stands between them
    English   letters that digits and signs stand for, letters apart, slang, pictures, numbers in words

Most texts show no sign of a disguise and get no second reading.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, pairwise, product
from pathlib import Path

import ahocorasick
import msgspec
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

from models.normalise import HAN, has_han

TABLE = Path(__file__).with_name("second_reading.yaml")
MAX_READ = 600
"""Of a text, the characters that are read a second time: about as many as the model has tokens for."""


class Chinese(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lists for texts with Han characters."""

    words: str
    spellings: dict[str, str]
    initials: dict[str, str]
    pieces: dict[str, str]
    telling: str
    pictures: dict[str, str]


class English(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lists for other texts."""

    words: str
    signs: dict[str, str]
    plain: dict[str, str]
    pictures: dict[str, str]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``second_reading.yaml``."""

    zh: Chinese
    en: English


class Disguises:
    """Reads texts a second time. Immutable after it is made; ``words`` are English ones that may be meant."""

    def __init__(self, table: Table, words: Collection[str]) -> None:
        self._chinese = _ChineseReader(table.zh)
        self._english = _EnglishReader(table.en, words)

    def undone(self, normal: str) -> str | None:
        """Another reading of a text in normal form; None where it shows no sign of a disguise."""
        text = normal[:MAX_READ].lower()
        reading = (
            self._chinese.read(text) if has_han(text) else self._chinese.initials.get(text) or self._english.read(text)
        )
        return None if reading == text else reading + normal[MAX_READ:].lower()


def load_disguises(words: Collection[str]) -> Disguises:
    """With the lists of ``second_reading.yaml``."""
    return Disguises(_table(), words)


@cache
def _table() -> Table:
    return msgspec.yaml.decode(TABLE.read_bytes(), type=Table)


# Chinese

_HAN = re.compile(f"[{HAN}]")
_SYLLABLE_CHARS = 6
_LATIN_RUN = re.compile("[a-zü]+")
_LATIN_IN_CHINESE = re.compile(rf"(?<=[{HAN}])[ ._*\-]?[a-zü]+|[a-zü]+(?=[ ._*\-]?[{HAN}])")
_GAP = re.compile(
    rf"(?<=[{HAN}])[^\w{HAN}，。！？；：“”‘’《》（）()%‰#\[\]【】,!?;:\"']{{1,2}}(?=[{HAN}](?:[^\w,.!?，。！？]|$))|(?<=[{HAN}])[._*+~·\-⭕❗][{HAN}]"
)
_FILLER = re.compile(rf"[^\w{HAN}，。！？；：、“”‘’《》（）()%‰#\[\]【】]|_")
_CLAUSE_MARKS = frozenset(",，.。!！?？;；:：")
_DIGIT_SOUNDS = {"3": "san", "4": "si", "6": "liu", "8": "ba"}
_HAN_DIGITS = str.maketrans("零〇一幺二三四五六七八九壹贰叁肆伍陆柒捌玖", "001123456789123456789")
_NUMERALS = "零〇一幺二三四五六七八九壹贰叁肆伍陆柒捌玖"
_HAN_NUMBER = re.compile(f"[0-9]*[{_NUMERALS}](?:[ ,，\\-]?[0-9{_NUMERALS}]){{6,}}")
_LETTERS_APART = re.compile(r"(?<![a-z0-9])[a-z](?:[ .·_][a-z]){1,4}(?![a-z0-9])")
_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")
_FRAMED = {first + i: chr(ord("a") + i) for first in (0x1F150, 0x1F170) for i in range(26)}
"""White letters in black circles and squares, which NFKC leaves."""
_AS_LETTERS = str.maketrans(dict.fromkeys("♥💗💕💖💛💚💙💜🧡💓💞🩷🤍🖤", "❤") | {"➕": "加"}) | _FRAMED | _TONES
_ODD = re.compile(
    rf"[^{HAN}\s，。！？；：、“”‘’《》（）【】…,.!?;:()\[\]]|[{HAN}][ ._*+~·\-⭕❗][{HAN}]"
    f"|(?:[{_NUMERALS}][ ,，\\-]?){{7}}"
)
"""Without it, a text can only be disguised by characters that are listed."""
_MIN_SPELT_LETTERS = 5
_OF_LETTERS = ("initial", "pinyin")
_WINDOW = 5
"""Characters before and after a sign, among which the word is looked for that it is a part of."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """What one syllable may be written with, at [start, end)."""

    text: str
    start: int
    end: int
    sound: str
    kind: str
    """``han``, ``pinyin``, ``initial``, ``digit``, ``picture`` or ``other``."""


class _ChineseReader:
    def __init__(self, table: Chinese) -> None:
        spellings = table.pieces | table.spellings
        self._alone = table.initials | {key: word for key, word in spellings.items() if key.isascii() and key.isalpha()}
        self.initials = {key: word for key, word in self._alone.items() if key not in table.initials}
        """What a whole text may be, in Latin letters alone."""
        self._spellings = _automaton({key: word for key, word in spellings.items() if key not in self._alone})
        self._pictures = table.pictures
        pictures = f"[{re.escape(''.join(table.pictures))}]"
        self._picture = re.compile(pictures)
        self._telling = re.compile(rf"[{re.escape(table.telling)}]|(?<=[{HAN}]){pictures}+(?=[{HAN}])")
        self._by_sound: dict[str, list[tuple[str, tuple[frozenset[str], ...]]]] = {}
        beside_digits: dict[str, None] = {}
        for word in dict.fromkeys(table.words.split()):
            sounds = tuple(_sounds_of(word))
            for first in {*sounds[0], *(sound[0] for sound in sounds[0])}:
                self._by_sound.setdefault(first, []).append((word, sounds))
            for digit, sound in _DIGIT_SOUNDS.items():
                for place in (place for place, readings in enumerate(sounds) if sound in readings):
                    beside_digits[word[place - 1] + digit if place else digit + word[1]] = None
        self._beside_digits = re.compile("|".join(beside_digits))

    def read(self, text: str) -> str:
        if _ODD.search(text) is None:
            return self._spelt(text)[0]
        read, found = self._spelt(text.translate(_AS_LETTERS))
        read, alone = self._initials(read)
        read, heard = self._heard(read)
        if not (found or alone or heard or _HAN_NUMBER.search(read) or self._telling.search(read)):
            return text
        read = _HAN_NUMBER.sub(lambda match: match[0].translate(_HAN_DIGITS), read)
        return self._picture.sub(lambda match: self._pictures[match[0]], read)

    def _spelt(self, text: str) -> tuple[str, bool]:
        """The text with its listed spellings replaced, and whether there were any."""
        parts: list[str] = []
        done = 0
        for last, (size, word) in self._spellings.iter_long(text):
            start, end = last + 1 - size, last + 1
            if (
                start >= done
                and not (_latin_at(text, start) and _latin_at(text, start - 1))
                and not (_latin_at(text, last) and _latin_at(text, end))
            ):
                parts += (text[done:start], word)
                done = end
        return "".join([*parts, text[done:]]), bool(parts)

    def _initials(self, text: str) -> tuple[str, bool]:
        """With the words that initials stand for where neither letters nor digits are beside them."""
        found = False

        def meant(match: re.Match[str]) -> str:
            nonlocal found
            start, end = match.span()
            beside = text[max(0, start - 1) : start] + text[end : end + 1]
            if match[0] not in self._alone or any(sign.isascii() and sign.isalnum() for sign in beside):
                return match[0]
            found = found or match[0] in self.initials
            return self._alone[match[0]]

        together = _LETTERS_APART.sub(self._together, text)
        return _LATIN_RUN.sub(meant, together), found or together != text

    def _together(self, match: re.Match[str]) -> str:
        """Letters apart that are the initials of a word; others as they are."""
        return self._alone.get(re.sub("[^a-z]", "", match[0]), match[0])

    def _heard(self, text: str) -> tuple[str, bool]:
        """With the words that are written otherwise than they sound, near a sign of it."""
        signs = [
            match.span()
            for pattern in (_LATIN_IN_CHINESE, self._beside_digits, self._picture, _GAP)
            for match in pattern.finditer(text)
        ]
        parts: list[str] = []
        done = 0
        for start, end in sorted(signs):
            if start < done:
                continue
            low = max(done, start - _WINDOW)
            units = list(self._units(text, low, min(len(text), end + 2 * _WINDOW)))
            at = 0
            while at < len(units) and units[at].start <= end:
                word = self._word_at(text, units, at)
                if word is None or units[at + len(word) - 1].end <= start:
                    at += 1
                    continue
                parts += (text[done : units[at].start], word)
                at += len(word)
                done = units[at - 1].end
        return "".join([*parts, text[done:]]), bool(parts)

    def _units(self, text: str, low: int, high: int) -> Iterator[_Unit]:
        at = low
        while at < high:
            character = text[at]
            if _HAN.match(character):
                yield _Unit(character, at, at + 1, _reading(character), "han")
            elif (run := _LATIN_RUN.match(text, at)) is not None:
                for syllable in _syllables(run[0]):
                    yield _Unit(
                        syllable, at, at + len(syllable), syllable, "initial" if len(syllable) == 1 else "pinyin"
                    )
                    at += len(syllable)
                continue
            elif character in _DIGIT_SOUNDS and not _in_number(text, at):
                yield _Unit(character, at, at + 1, _DIGIT_SOUNDS[character], "digit")
            elif (picture := self._picture.match(text, at)) is not None:
                for sign in self._pictures[picture[0]]:
                    yield _Unit(sign, at, picture.end(), _reading(sign), "picture")
                at = picture.end()
                continue
            elif not _FILLER.match(character):
                yield _Unit(character, at, at + 1, "", "other")
            at += 1

    def _word_at(self, text: str, units: Sequence[_Unit], at: int) -> str | None:
        """The longest word that the units from here on stand for without being written as it."""
        best: tuple[int, int, str] | None = None
        after = units[at + 1] if at + 1 < len(units) else units[at]
        for word, sounds in self._by_sound.get(units[at].sound, ()):
            if after.sound not in sounds[1] and after.kind != "initial":
                continue
            span = units[at : at + len(word)]
            if len(span) < len(word) or (best is not None and len(word) < best[0]):
                continue
            worth = _worth(text, span, word, sounds)
            if worth and (best is None or (len(word), worth) > best[:2]):
                best = len(word), worth, word
        return None if best is None else best[2]


def _automaton(meanings: Mapping[str, str]) -> ahocorasick.Automaton:
    found = ahocorasick.Automaton()
    for key, word in meanings.items():
        found.add_word(key, (len(key), word))
    found.make_automaton()
    return found


def _latin_at(text: str, at: int) -> bool:
    return 0 <= at < len(text) and "a" <= text[at] <= "z"


def _worth(text: str, span: Sequence[_Unit], word: str, sounds: Sequence[frozenset[str]]) -> int:
    """How convincingly the units stand for the word; 0 where they do not, or are the word."""
    kinds = Counter(
        _fits(unit, character, readings) for unit, character, readings in zip(span, word, sounds, strict=True)
    )
    exact, spelt, guessed, homophones = (kinds[kind] for kind in ("exact", "pinyin", "guess", "han"))
    size = len(word)
    if kinds["not"] or _letters_beside(text, span):
        return 0
    apart = _apart(text, span)
    if exact == size or (not apart and any(unit.end < after.start for unit, after in pairwise(span))):
        return size if apart else 0
    if not exact and (spelt < size or sum(len(unit.text) for unit in span) < _MIN_SPELT_LETTERS):
        return 0
    if homophones and (size == 2 or homophones * 2 > size or "".join(unit.text for unit in span) in PHRASES_DICT):
        return 0
    return 4 * exact + 3 * spelt + 2 * guessed + homophones


def _fits(unit: _Unit, character: str, readings: frozenset[str]) -> str:
    """How a unit stands for a character: `exact`, as `pinyin`, as a homophone (`han`), as a `guess`, or `not`."""
    if unit.text == character:
        return "guess" if unit.kind == "picture" else "exact"
    if unit.kind == "initial":
        return "guess" if any(reading.startswith(unit.text) for reading in readings) else "not"
    if unit.sound not in readings:
        return "not"
    return unit.kind if unit.kind in ("pinyin", "han") else "guess"


def _apart(text: str, span: Sequence[_Unit]) -> bool:
    """Whether something stands between the units, and more than a clause's mark between two words."""
    gaps = [text[left.end : right.start] for left, right in pairwise(span)]
    if not any(gaps):
        return False
    if all(gaps):
        return True
    if any(sign in _CLAUSE_MARKS or sign.isspace() for gap in gaps for sign in gap):
        return False
    return len(span) > 2 or not any(gap.isspace() for gap in gaps)


def _letters_beside(text: str, span: Sequence[_Unit]) -> bool:
    """Whether letters that a span begins or ends with go on outside of it."""
    first, last = span[0], span[-1]
    return (first.kind in _OF_LETTERS and _alphanumeric(text, first.start - 1)) or (
        last.kind in _OF_LETTERS and _alphanumeric(text, last.end)
    )


def _alphanumeric(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and text[at].isalnum()


def _in_number(text: str, at: int) -> bool:
    """Whether a digit is a part of a number."""
    return text[at - 1 : at].isdigit() or text[at + 1 : at + 2].isdigit() or text[at + 1 : at + 2] in (".", "%")


def _sounds_of(word: str) -> Iterator[frozenset[str]]:
    """The syllables of a word's characters, with those that a southern tongue takes for them."""
    in_phrase = PHRASES_DICT.get(word, [])
    for place, character in enumerate(word):
        readings = {_reading(character)}
        if place < len(in_phrase):
            readings.add(in_phrase[place][0].translate(_TONES))
        readings |= {_folded(reading) for reading in readings}
        yield frozenset(readings)


def _folded(syllable: str) -> str:
    return re.sub("^([zcs])h", r"\1", syllable)


@lru_cache(maxsize=16_384)
def _reading(character: str) -> str:
    """A character's first reading, without its tone; itself if it has none."""
    reading = PINYIN_DICT.get(ord(character), "") if len(character) == 1 else ""
    return reading.partition(",")[0].translate(_TONES) or character


@cache
def _all_syllables() -> frozenset[str]:
    found = {_reading(chr(point)) for point in range(0x4E00, 0x9FA6)}
    whole = {syllable for syllable in found if syllable.isascii() and len(syllable) >= 2}
    return frozenset(whole | {_folded(syllable) for syllable in whole})


@lru_cache(maxsize=4_096)
def _syllables(run: str) -> tuple[str, ...]:
    """A run of letters as syllables, the longest first; what is none is letters."""
    syllables = _all_syllables()
    best: list[tuple[int, tuple[str, ...]]] = [(0, ())] * (len(run) + 1)
    for start in range(len(run) - 1, -1, -1):
        count, rest = best[start + 1]
        best[start] = count + 3, (run[start], *rest)
        for end in range(start + 2, min(len(run), start + _SYLLABLE_CHARS) + 1):
            if run[start:end] in syllables and best[end][0] + 1 < best[start][0]:
                best[start] = best[end][0] + 1, (run[start:end], *best[end][1])
    return best[0][1]


# English

_LEET: Mapping[str, str] = {
    "0": "o",
    "1": "il",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "gb",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "il",
    "|": "li",
    "€": "e",
    "£": "le",
    "¥": "y",
    "+": "t",
    "¡": "i",
    "#": "h",
    "¢": "c",
    "ø": "o",
    "^": "a",
}
_MAX_READINGS = 64
_WORD_SIGNS = r"a-z0-9@$!|€£¥+¡#¢ø^*"
_SPACED = re.compile(
    rf"(?<![{_WORD_SIGNS}'’])[{_WORD_SIGNS}]{{1,2}}"
    rf"(?:[ ._\-*·•,~/]{{1,3}}[{_WORD_SIGNS}]{{1,2}}){{2,}}(?![{_WORD_SIGNS}'’])"
)
_SEPARATOR = re.compile(r"[ ._\-*·•,~/]+")
_UNITS = (
    "k|m|b|x|st|nd|rd|th|d|g|kg|gb|tb|mb|pm|am|hz|ghz|w|v|mah|ml|l|cm|mm|km|in|inch|ft|h|hr|hrs|s|sec|secs|min|mins|"
    "p|pc|pcs|yo|yr|yrs|mo|wk|c|f|a|bn|oz|lb|lbs|php|usd|sgd|rm|way|ply|in1|star|stars|pack|days?|years?"
)
_MEASURE = re.compile(rf"[#$£€¥+]?\d+(?:[.,:]\d+)*(?:\+|%|{_UNITS})?[+!%]*")
_AROUND = "#.,;:?\"'“”‘’()[]{}<>…~-&"
_NUMBERS = {
    "zero": "0",
    "oh": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}
_SPOKEN_NUMBER = re.compile(rf"(?<![a-z0-9])(?:(?:{'|'.join(_NUMBERS)}|\d)[ \-.]?){{6,}}(?![a-z])")
_NUMBER = re.compile("|".join(_NUMBERS))
_MASKED = re.compile(r"[a-z]+\*+[a-z]*|\*+[a-z]+")
_INNER = re.compile(r"[._\-*]")
_ADDRESS = re.compile(r"\w@\w+\.\w|\w\.(?:com|net|org|co|io|me|gg|cc|xyz|icu|top|vip|ru|cn|to|ly)\b|/")
_BETWEEN = re.compile(r"[a-z][^a-z.\-_/]+[a-z]")
_ENDINGS = ("s", "z", "d", "es", "ed", "er", "ers", "y", "in", "ing", "ly")
_HASHTAG = re.compile(r"#[a-z]|[\w)][(+]|!!\w")
"""Or signs as they stand in writing."""
_VOWEL = re.compile("[aeiouy]")
_ENDING_DIGITS = re.compile(r"[a-z]+\d+")


class _EnglishReader:
    def __init__(self, table: English, words: Collection[str]) -> None:
        self._often_hidden = tuple(dict.fromkeys(table.words.split()))
        self._hidden = frozenset(self._often_hidden)
        self._words = (
            frozenset(word for word in words if word.isascii() and word.isalpha() and len(word) > 2) | self._hidden
        )
        self._short = frozenset(
            {
                "i",
                "a",
                "u",
                "is",
                "in",
                "it",
                "me",
                "my",
                "to",
                "up",
                "on",
                "of",
                "or",
                "so",
                "no",
                "at",
                "go",
                "we",
                "he",
                "be",
                "by",
                "do",
                "an",
                "as",
                "am",
                "if",
                "us",
                "the",
                "she",
                "her",
                "are",
                "you",
                "one",
                "for",
            }
        )
        self._signs = table.signs
        self._plain = table.plain
        self._pictures = table.pictures
        self._picture = re.compile("|".join(map(re.escape, table.pictures)))

    def read(self, text: str) -> str:
        read = text if text.isascii() else text.translate(_FRAMED)
        if _NUMBER.search(read) is not None:
            read = _SPOKEN_NUMBER.sub(_in_digits, read)
        read = _SPACED.sub(self._joined, read)
        read = " ".join(self._word(token) for token in read.split(" "))
        if not read.isascii():
            read = self._picture.sub(lambda match: f" {self._pictures[match[0]]} ", read)
        if read == text:
            return text
        return " ".join(self._plain.get(token) or self._little_word(token) for token in read.split())

    def _little_word(self, token: str) -> str:
        """`n0` and `s0` as words, where the text is a disguised one anyway."""
        if token.isalpha() or not 2 <= len(token) <= 3 or not any(sign.isalpha() for sign in token):
            return token
        return next((reading for reading in _readings(token) if reading in self._short), token)

    def _joined(self, match: re.Match[str]) -> str:
        """Letters apart as words, where they are words."""
        pieces = [piece for piece in _SEPARATOR.split(match[0]) if piece]
        if sum(len(piece) for piece in pieces) < 3 or all(piece.isdigit() for piece in pieces):
            return match[0]
        if all(piece in self._short or piece.isdigit() for piece in pieces):
            return match[0]
        if 5 * sum(len(piece) == 1 for piece in pieces) < 3 * len(pieces):
            return match[0]
        for letters in _readings("".join(pieces)):
            if (words := self._cut(letters)) is not None:
                return " ".join(words)
        return match[0]

    def _cut(self, letters: str) -> tuple[str, ...] | None:
        """Words without a rest, as few as there are."""
        best: list[tuple[str, ...] | None] = [None] * len(letters) + [()]
        for start in range(len(letters) - 1, -1, -1):
            for end in range(start + 1, min(len(letters), start + 16) + 1):
                rest, word = best[end], letters[start:end]
                found = best[start]
                if rest is None or not (word in self._words or word in self._short or word in self._plain):
                    continue
                if found is None or len(rest) + 1 < len(found):
                    best[start] = (word, *rest)
        found = best[0]
        return found if found is not None and (len(found) == 1 or len(letters) >= 3 * len(found) - 1) else None

    def _word(self, token: str) -> str:
        """What a token stands for; itself where it is a word, a measure, an account or a link."""
        core = token.strip(_AROUND)
        if core.isalpha():
            return token.replace(core, self._signs[core]) if core in self._signs else token
        if _ADDRESS.search(core) or _HASHTAG.search(token):
            return token
        if not core or core.isdigit() or _MEASURE.fullmatch(core) or "://" in core or core.startswith("www."):
            return token
        if not any(sign.isalpha() for sign in core) and core not in ("@$$", "a$$"):
            return token
        meant = self._signs.get(core) or self._decoded(core)
        if meant is None and core[-1] in "!*":
            meant = self._decoded(core.rstrip("!*"))
        return token if meant is None else token.replace(core, meant)

    def _decoded(self, core: str) -> str | None:
        """The word that a token with digits or signs stands for; None where none is likely."""
        if not core or core.isalpha():
            return None
        if "*" in core and _MASKED.fullmatch(core):
            pattern = re.compile(re.escape(core).replace(r"\*", "[a-z]?"))
            fitting = (word for word in self._often_hidden if pattern.fullmatch(word))
            return min(fitting, key=lambda word: abs(len(word) - len(core)), default=None)
        if core.startswith("@") and core[1:].isalpha():
            return "a" + core[1:] if "a" + core[1:] in self._words else None
        letters = _INNER.sub("", core).strip("!")
        if letters.isalpha() or "-" in core:
            return letters if letters in self._hidden and letters != core.rstrip("!") else None
        return self._spelt(letters, self._hidden if _ENDING_DIGITS.fullmatch(letters) else self._words)

    def _spelt(self, letters: str, known: Collection[str]) -> str | None:
        """A known word that letters, digits and signs may spell, or one with an ending; else the likeliest reading."""
        readings = list(_readings(letters))
        for reading in readings:
            if reading in known or reading in self._signs:
                return self._signs.get(reading, reading)
        for reading in readings:
            if any(reading.endswith(end) and reading.removesuffix(end) in known for end in _ENDINGS):
                return reading
        return readings[0] if readings and _looks_spelt(letters, readings[0]) else None


def _looks_spelt(letters: str, reading: str) -> bool:
    """Whether letters with a few signs among them are a word that nobody listed, rather than a code or a measure."""
    signs = sum(not sign.isalpha() for sign in letters)
    if len(letters) < _MIN_SPELT_LETTERS or 2 * signs > len(letters) or any(sign in "269" for sign in letters):
        return False
    return _BETWEEN.search(letters) is not None and len(_VOWEL.findall(reading)) * 4 >= len(letters)


def _readings(letters: str) -> Iterator[str]:
    """What letters, digits and signs may spell, the likeliest first; nothing where a sign stands for none."""
    choices = [_LEET.get(sign, sign if sign.isalpha() else "") for sign in letters]
    return map("".join, islice(product(*choices), _MAX_READINGS))


def _in_digits(match: re.Match[str]) -> str:
    """A number that is spelt, in part or whole, in digits."""
    written = match[0]
    digits = _NUMBER.sub(lambda word: _NUMBERS[word[0]], written)
    if digits == written:
        return written
    return re.sub(r"[ \-.]", "", digits) + (" " if written.endswith(" ") else "")
