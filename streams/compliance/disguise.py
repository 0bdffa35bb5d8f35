"""Undoes the disguises of words: a second reading of a text, in which `zui好`, `最 佳`, `薇❤` and `氵台疗` are plain.

Only terms of the packs are restored, so that the rest of a text stays as it was. A term is looked for by its sound:
every character of the packs' terms has a syllable, the text is written in syllables, and one automaton finds the terms
in it. What is found is a disguise only if it is convincing: see `_is_disguise`.

    text      这款 z u i 好 的      d一品牌        全网罪低价
    squeezed  这款zui好的           d一品牌        全网罪低价
    sounds    … <zui><hao> …      d<yi> …       <quan><wang><zui><di><jia>
    restored  这款最好的            第一品牌        全网最低价
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import ahocorasick
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

from models.normalise import HAN
from streams.compliance.pack import Disguises

_PRIVATE_USE = 0xF0000
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_LATIN = re.compile("[a-z]")
_LATIN_RUN = re.compile("[a-z]{2,}")
_MAX_LATIN = 36
_MAX_PIECES = 24
_BROKEN_WORD = re.compile(r"(?<![a-z0-9])[a-z0-9@$]{1,2}(?:[^a-z0-9@$\n]{1,2}[a-z0-9@$]{1,2}){2,}(?![a-z0-9])")
_PIECE = re.compile(r"[a-z0-9@$]+")
_TWO_WORDS = re.compile(r"(?<![a-z])([a-z]{2,12})[ \-.]([a-z]{2,12})(?![a-z])")
_MIN_JOINED_WORD = 6
_LATIN_TOKEN = re.compile(r"[a-z0-9@$!|.*_\-]{3,40}")
_PART_OF_TOKEN = re.compile(r"[a-z0-9@$!|*]{3,}")
_ENDINGS = ("", "s", "es", "d", "ed", "ing", "ly", "er", "r")
_HARD = r"!?;:\"'()《》“”‘’【】\[\]<>%‰#=+"
_SOFT = ",、.。…"
_MAYBE_GAP = re.compile(rf"[^\w{_HARD}{_SOFT}]|(?:\W|^)[{HAN}][{_SOFT}]|[{_SOFT}][{HAN}](?:\W|$)|\+[{HAN}]\+")
_GAP = re.compile(  # blanks, signs and emoji beside a Han character, and clause marks beside a single one
    rf"(?<=[{HAN}])[^\w{_HARD}{_SOFT}]+(?=\w)"
    rf"|(?<=\w)[^\w{_HARD}{_SOFT}]+(?=[{HAN}])"
    rf"|(?:(?<=\W[{HAN}])|(?<=^[{HAN}]))[{_SOFT} ]+(?=[{HAN}])"
    rf"|(?<=[{HAN}])[{_SOFT} ]+(?=[{HAN}](?:\W|$))"
    rf"|(?<=[{HAN}])\+(?=[{HAN}]\+)|(?<=\+[{HAN}])\+(?=[{HAN}])"
    rf"|(?:(?<=[\W{HAN}]\d)|(?<=^\d)) (?=\d(?:\W|$))"
    rf"|(?:(?<=[\W{HAN}][a-z])|(?<=^[a-z]))[^\w{_HARD}{_SOFT}]+(?=[a-z](?:[\W{HAN}]|$))"
)


_Change = tuple[int, int, str]
"""Put this text in the place of [start, end)."""


@dataclass(frozen=True, slots=True)
class UndisguisedText:
    """A text as it is read, and the layers of changes that led there, each in order and disjoint."""

    text: str
    layers: tuple[Sequence[_Change], ...] = ()

    def with_changes(self, changes: Sequence[_Change]) -> UndisguisedText:
        """This reading with one more layer."""
        if not changes:
            return self
        parts: list[str] = []
        done = 0
        for start, end, new in changes:
            parts += (self.text[done:start], new)
            done = end
        return UndisguisedText("".join([*parts, self.text[done:]]), (*self.layers, changes))

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the source that was read as `text[start:end]`, which must not be empty."""
        for changes in reversed(self.layers):
            start, end = _before(changes, start)[0], _before(changes, end - 1)[1]
        return start, end


def _before(changes: Sequence[_Change], index: int) -> tuple[int, int]:
    """Where the character stood before the changes: [start, end).

    The characters of a change share the old ones' place in proportion, so that a part of a term points at a part of it.
    """
    shift = 0
    for start, end, new in changes:
        place = index - shift - start
        if place < 0:
            break
        if place < len(new):
            size = end - start
            first = start + place * size // len(new)
            return first, max(first, start + (place + 1) * size // len(new) - 1) + 1
        shift += len(new) - (end - start)
    return index - shift, index - shift + 1


@dataclass(frozen=True, slots=True)
class _Unit:
    """What one sound of the text is written with: `text` at [start, end) of the squeezed text."""

    text: str
    start: int
    end: int
    sound: str


class Restorer:
    """Restores the terms of one set of rules. Immutable after it is made; safe to share between threads."""

    def __init__(self, terms: Iterable[str], latin_terms: Iterable[str], table: Disguises, *, spoken: bool) -> None:
        """`spoken` texts may have fillers in the middle of a word, as hosts say them."""
        self._looks = str.maketrans(dict(table.looks))
        self._look = re.compile("[" + "".join(map(re.escape, table.looks)) + "]" if table.looks else r"(?!)")
        self._digits = str.maketrans(dict(table.digits))
        han_terms = sorted({term for term in terms if len(term) >= 2 and all(map(_is_han, term))})
        listed = {spelling: term for term, group in table.terms.items() for spelling in group}
        vocabulary = "\n".join([*han_terms, *latin_terms])
        hidden = {spelling: term for spelling, term in listed.items() if _is_needed(term, vocabulary)}
        self._spellings = _Spellings({**hidden, **table.pieces})
        self._fillers = re.compile("|".join(map(re.escape, table.fillers if spoken else ())) or r"(?!)")
        self._real_words = frozenset(table.real_words)
        self._common = frozenset(table.common)
        latin = {*latin_terms, *table.english}
        self._latin = frozenset(word + ending for word in latin for ending in _ENDINGS)
        self._masked: dict[int, list[str]] = defaultdict(list)
        for word in sorted(latin):
            self._masked[len(word)].append(word)
        self._often_hidden = frozenset(term for term in table.terms if len(term) == 2)
        readings = {syllable for term in han_terms for syllable in _readings_in(term)}
        self._syllables = frozenset(readings | {_syllable(character) for term in han_terms for character in term})
        self._codes = {syllable: chr(_PRIVATE_USE + i) for i, syllable in enumerate(sorted(self._syllables))}
        self._sounds = str.maketrans(_sound_table(self._codes))
        self._automaton = ahocorasick.Automaton()
        self._add_terms(han_terms)

    def read(self, plain: str) -> UndisguisedText | None:
        """The second reading of a text in normal form and lower case; None where it is the first one again."""
        text = plain if self._look.search(plain) is None else plain.translate(self._looks)
        reading = UndisguisedText(text).with_changes(self._spellings.find(text))
        if _HAN_CHARACTER.search(text) is not None:
            if not reading.text.isalnum() and _MAYBE_GAP.search(reading.text) is not None:
                gaps = [(*match.span(), "") for match in _GAP.finditer(reading.text)]
                if gaps:
                    reading = reading.with_changes(gaps)
                    reading = reading.with_changes(self._spellings.find(reading.text))
            reading = reading.with_changes(self._terms(reading.text, with_fillers=False))
            if self._fillers.search(reading.text) is not None:
                reading = reading.with_changes(self._terms(reading.text, with_fillers=True))
        if _LATIN.search(reading.text) is not None:
            reading = reading.with_changes(self._latin_words(reading.text))
        return None if reading.text == plain else reading

    def _add_terms(self, terms: list[str]) -> None:
        by_sound: dict[str, list[str]] = {}
        for term in terms:
            sounds = [self._codes[_syllable(character)] for character in term]
            variants = {"".join(sounds)}
            for i, syllable in enumerate(_readings_in(term)):
                if syllable in self._codes:
                    variants.add("".join([*sounds[:i], self._codes[syllable], *sounds[i + 1 :]]))
            for i, character in enumerate(term[:1] if len(term) == 2 else term):
                variants.add("".join([*sounds[:i], _syllable(character)[0], *sounds[i + 1 :]]))
            for variant in variants:
                by_sound.setdefault(variant, []).append(term)
        for sound, same in by_sound.items():
            self._automaton.add_word(sound, (len(sound), tuple(same)))
        self._automaton.make_automaton()

    def _terms(self, text: str, *, with_fillers: bool) -> list[_Change]:
        if not self._codes:
            return []
        units = self._units(text, with_fillers)
        sounds = text.translate(self._sounds) if units is None else "".join(unit.sound for unit in units)
        found: list[_Change] = []
        for last, (length, terms) in self._automaton.iter(sounds):
            first = last + 1 - length
            if units is None and text[first : last + 1] in terms:
                continue
            span = units[first : last + 1] if units is not None else _characters(text, first, last + 1)
            term = self._best(span, terms, text)
            if term is not None:
                found.append((span[0].start, span[-1].end, term))
        return _longest(found)

    def _units(self, text: str, with_fillers: bool) -> list[_Unit] | None:
        """What each sound is written with; None where that is one character each."""
        special: dict[tuple[int, int], tuple[str, ...]] = (
            {match.span(): () for match in self._fillers.finditer(text)} if with_fillers else {}
        )
        for match in _LATIN_RUN.finditer(text):
            syllables = _split_syllables(match[0], self._syllables)
            if syllables is not None:
                special[match.span()] = syllables
        if not special:
            return None
        units: list[_Unit] = []
        done = 0
        for (start, end), syllables in sorted(special.items()):
            if start < done:
                continue
            units += self._plain_units(text, done, start)
            for syllable in syllables:
                units.append(_Unit(syllable, start, start + len(syllable), self._codes[syllable]))
                start += len(syllable)
            done = end
        return units + self._plain_units(text, done, len(text))

    def _plain_units(self, text: str, start: int, end: int) -> list[_Unit]:
        sounds = text[start:end].translate(self._sounds)
        return [_Unit(text[i], i, i + 1, sounds[i - start]) for i in range(start, end)]

    def _best(self, units: Sequence[_Unit], terms: tuple[str, ...], text: str) -> str | None:
        """The term that the units disguise, or None where they are the term itself or only sound like one."""
        written = "".join(unit.text for unit in units)
        if written in terms:
            broken = any(left.end != right.start for left, right in pairwise(units))
            return written if broken else None
        if written in self._real_words or (len(written) > 1 and written in PHRASES_DICT):
            return None
        letters_around = _letter_at(text, units[0].start - 1) or _letter_at(text, units[-1].end)
        start, end = units[0].start, units[-1].end
        apart = not any(text[at - 1 : at + 1] in PHRASES_DICT for at in (start, end))  # 弟弟一起 is no 第一
        fitting = [
            term
            for term in terms
            if _is_disguise(units, term, letters_around, self._common)
            or (term in self._often_hidden and apart and _is_one_homophone(units, term, self._common))
        ]
        return max(fitting, key=lambda term: sum(u.text == c for u, c in zip(units, term, strict=True)), default=None)

    def _latin_words(self, text: str) -> list[_Change]:
        """English words of the packs that are written with spaces, stops, stars or digits: `d.m`, `gu4ranteed`."""
        found = [change for match in _BROKEN_WORD.finditer(text) for change in self._joined(match)]
        for match in _LATIN_TOKEN.finditer(text):
            token = match[0].strip("!|.*_-")
            start = match.start() + match[0].index(token)
            found += self._undisguised_part(token, start) or [
                change
                for part in _PART_OF_TOKEN.finditer(token)
                for change in self._undisguised_part(part[0], start + part.start())
            ]
        for match in _TWO_WORDS.finditer(text):
            word = match[1] + match[2]
            if len(word) >= _MIN_JOINED_WORD and word in self._latin:
                found.append((*match.span(), word))
        return _longest(found)

    def _joined(self, broken: re.Match[str]) -> list[_Change]:
        """Words in a run of pieces of one or two letters; neighbours may be words: `it's p a t e n t e d`."""
        pieces = [(match.start() + broken.start(), match[0]) for match in _PIECE.finditer(broken[0])][:_MAX_PIECES]
        found: list[_Change] = []
        first = 0
        while first < len(pieces) - 1:
            for last in range(len(pieces), first + 1, -1):
                letters = "".join(piece for _, piece in pieces[first:last]).translate(self._digits)
                if letters in self._latin:
                    found.append((pieces[first][0], pieces[last - 1][0] + len(pieces[last - 1][1]), letters))
                    first = last - 1
                    break
            first += 1
        return found

    def _undisguised_part(self, token: str, start: int) -> list[_Change]:
        word = None if token.isalpha() or token.isdigit() else self._undisguised(token)
        return [] if word is None else [(start, start + len(token), word)]

    def _undisguised(self, token: str) -> str | None:
        """The word that a token with digits or signs stands for: `cl1nically`, `g*aranteed`, `fo11owers`."""
        letters = re.sub(r"[._\-]", "", token)
        for ones in ("i", "l"):
            word = letters.replace("1", ones).translate(self._digits).replace("*", "")
            if word in self._latin:
                return word
        if 0 < letters.count("*") <= 2 and len(letters) >= 4:
            masked = re.compile(re.escape(letters).replace(r"\*", "[a-z]"))
            return next((word for word in self._masked.get(len(letters), ()) if masked.fullmatch(word)), None)
        return None


def _is_needed(term: str, vocabulary: str) -> bool:
    """Whether a rule knows the term, or could match it by a character: a single one, or one beside Latin letters."""
    return term in vocabulary or len(term) == 1 or not all(map(_is_han, term))


class _Spellings:
    """A table of spellings, found by one automaton."""

    def __init__(self, meanings: Mapping[str, str]) -> None:
        self._automaton = ahocorasick.Automaton()
        for spelling, meaning in meanings.items():
            self._automaton.add_word(spelling, (len(spelling), meaning))
        self._empty = not meanings
        if meanings:
            self._automaton.make_automaton()

    def find(self, text: str) -> list[_Change]:
        if self._empty:
            return []
        return _longest([(last + 1 - size, last + 1, meaning) for last, (size, meaning) in self._automaton.iter(text)])


def _is_disguise(units: Sequence[_Unit], term: str, letters_around: bool, common: frozenset[str]) -> bool:
    """Whether the units are convincing as the term's: enough of it must stand there as it is, or in full pinyin.

    A two-character word has homophones that are words of their own, so its disguise must be pinyin or an initial;
    homophones of a short word are listed by hand in disguises.yaml. A common character stands for itself: 家库存 is no
    假库存.
    """
    exact = pinyin_units = initials = homophones = 0
    for unit, character in zip(units, term, strict=True):
        if unit.text == character or _NUMERALS.get(unit.text) == character:
            exact += 1
        elif len(unit.text) > 1:
            pinyin_units += 1
        elif unit.text.isascii() and unit.text.isalpha():
            initials += 1
        elif _is_han(unit.text):
            homophones += 1
        else:
            return False
    count = len(units)
    if initials:
        return initials == 1 and exact == count - 1 and not letters_around
    if homophones:
        if any(unit.text in common and unit.text != c for unit, c in zip(units, term, strict=True)):
            return False
        return count >= 3 and exact + pinyin_units >= max(1, count // 2) and exact >= 1
    if exact:
        return True
    return pinyin_units >= 2 and sum(len(unit.text) for unit in units) >= 6


def _is_one_homophone(units: Sequence[_Unit], term: str, common: frozenset[str]) -> bool:
    """Whether one character of a term that people often hide is an uncommon one that sounds like it: 好坪 for 好评."""
    odd = [unit.text for unit, character in zip(units, term, strict=True) if unit.text != character]
    return len(odd) == 1 and _is_han(odd[0]) and odd[0] not in common


_NUMERALS = {"1": "一", "2": "二", "3": "三", "0": "零", "7": "七", "9": "九"}


def _letter_at(text: str, index: int) -> bool:
    return 0 <= index < len(text) and text[index].isascii() and text[index].isalnum()


def _is_han(character: str) -> bool:
    return _HAN_CHARACTER.match(character) is not None


def _syllable(character: str) -> str:
    """The character's first reading without its tone: 治 → zhi."""
    return _readings().get(character, character)


def _readings_in(term: str) -> list[str]:
    """The readings that the characters have in this term: 弹 is dan, in 反弹 it is tan."""
    readings = [_syllable(character) for character in term]
    for start in range(len(term) - 1):
        for end in range(start + 2, len(term) + 1):
            phrase = PHRASES_DICT.get(term[start:end], [])
            readings[start : start + len(phrase)] = [reading.translate(_TONES) for (reading, *_) in phrase]
    return readings


def _sound_table(codes: Mapping[str, str]) -> dict[str, str]:
    """Every basic Han character (and numeral) that sounds like one of the terms', with that sound's code."""
    table = {}
    for character, syllable in _readings().items():
        code = codes.get(syllable)
        if code is not None:
            table[character] = code
    for digit, character in _NUMERALS.items():
        code = codes.get(_syllable(character))
        if code is not None:
            table[digit] = code
    return table


@cache
def _readings() -> dict[str, str]:
    """The first reading, without its tone, of every character of the basic block."""
    points = (point for point in range(0x4E00, 0x9FFF) if point in PINYIN_DICT)
    return {chr(point): PINYIN_DICT[point].partition(",")[0].translate(_TONES) for point in points}


_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")


@lru_cache(maxsize=4_096)
def _split_syllables(run: str, syllables: frozenset[str]) -> tuple[str, ...] | None:
    """A run of letters as syllables of the terms, longest first; None where it does not split without rest."""
    if len(run) > _MAX_LATIN:
        return None
    best: list[tuple[str, ...] | None] = [None] * len(run) + [()]
    for start in range(len(run) - 1, -1, -1):
        for end in range(min(len(run), start + 6), start + 1, -1):
            rest = best[end]
            if rest is not None and run[start:end] in syllables:
                best[start] = (run[start:end], *rest)
                break
    return best[0]


def _characters(text: str, start: int, end: int) -> list[_Unit]:
    return [_Unit(text[i], i, i + 1, "") for i in range(start, end)]


def _longest(found: list[_Change]) -> list[_Change]:
    """Disjoint finds in order; of overlapping ones the first, of those that begin together the longest."""
    kept: list[_Change] = []
    if not found:
        return kept
    for change in sorted(found, key=lambda item: (item[0], -item[1])):
        if not kept or change[0] >= kept[-1][1]:
            kept.append(change)
    return kept
