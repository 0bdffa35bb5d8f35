"""A text, read once for everything that judges it: masking, rules and model share what is computed here.

text           親愛的ＡＡ全網罪低價，電話１３８００１３８０００     as it came
normal         亲爱的AA全网罪低价,电话13800138000                  what the model reads
plain          亲爱的aa全网罪低价,电话13800138000                  what rules read, as long as `normal`
undisguised    亲爱的aa全网最低价,电话13800138000                  what rules read a second time
personal_data  [(13, 24, phone)]                                   spans of `plain`
masked         親愛的ＡＡ全網罪低價，電話***********               as long as `text`: what may be stored
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.language import Language, language_of_reading
from models.normalise import MAX_TEXT_CHARS, NormalForm, Normalised, lower, normalise, normalise_mapped
from streams.compliance.disguise import Restorer, UndisguisedText
from streams.compliance.personal_data import PersonalDatum, find_personal_data

MASK = "*"
_CHUNK_OVERLAP_CHARS = 200
_ROMAN_TO_DIGIT = {first + at: str(at + 1) for first in (0x2160, 0x2170) for at in range(9)}
"""Ⅰ to Ⅸ and ⅰ to ⅸ, of which the normal form makes letters that run together."""
_ROMAN_DIGITS = re.compile("[Ⅰ-Ⅸⅰ-ⅸ]{4}")
_STARRED = re.compile(r"\S")


class TextReading:
    """Each reading is computed when it is first asked for, and kept. Not safe to share between threads."""

    _normal: NormalForm | None = None
    _plain: str | None = None
    _mapped: Normalised | None = None
    _personal_data: list[PersonalDatum] | None = None
    _masked: str | None = None
    _undisguised: tuple[Restorer, UndisguisedText | None] | None = None

    _language: Language | None = None

    def __init__(self, text: str, lang: str | None = None) -> None:
        """`lang` is what the text's feed says of its language."""
        self.text = text
        self.lang = lang

    @property
    def normal(self) -> NormalForm:
        """The normal form of the text, case kept."""
        if self._normal is None:
            self._normal = normalise(self.text)
        return self._normal

    @property
    def language(self) -> Language:
        """Which of the languages it is in that rules and model know, whatever its feed says; `other` for any other."""
        if self._language is None:
            self._language = language_of_reading(self.text, self.normal, self.lang)
        return self._language

    @property
    def plain(self) -> str:
        """The normal form in lower case."""
        if self._plain is None:
            self._plain = lower(self.normal)
        return self._plain

    @property
    def personal_data(self) -> list[PersonalDatum]:
        """Personal data in `plain`; spans in order, disjoint."""
        if self._personal_data is None:
            self._personal_data = find_personal_data(self.plain)
        return self._personal_data

    @property
    def masked(self) -> str:
        """The text with a star for each character of personal data; its length stays, so that spans stay true."""
        if self._masked is None:
            self._masked = self._mask()
        return self._masked

    def undisguised(self, restorer: Restorer) -> UndisguisedText | None:
        """`plain` with its disguises undone; None where it has none. The answer of the last restorer is kept."""
        if self._undisguised is None or self._undisguised[0] is not restorer:
            self._undisguised = restorer, restorer.read(self.plain)
        return self._undisguised[1]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the text that was read as `plain[start:end]`, which must not be empty."""
        if self._mapped is None:
            self._mapped = normalise_mapped(self.text)
        return self._mapped.original_span(start, end)

    def _mask(self) -> str:
        """A long text is masked in chunks of what is read at once, which overlap by the longest datum."""
        masked = self.text
        for offset in range(0, max(1, len(masked)), MAX_TEXT_CHARS - _CHUNK_OVERLAP_CHARS):
            chunk = self if offset == 0 else TextReading(self.text[offset : offset + MAX_TEXT_CHARS])
            for span in chunk.personal_spans():
                start, end = (offset + place for place in span)
                masked = masked[:start] + _STARRED.sub(MASK, masked[start:end]) + masked[end:]
        return masked

    def personal_spans(self) -> Iterator[tuple[int, int]]:
        """Where in the text personal data stands: in what is read, and in what a page would not show of its HTML."""
        for datum in self.personal_data:
            yield self.original_span(datum.start, datum.end)
        if _ROMAN_DIGITS.search(self.text):
            digits = self.text.translate(_ROMAN_TO_DIGIT)
            yield from TextReading(digits).personal_spans()
        if "<" in self.text or "＜" in self.text:
            source = normalise_mapped(self.text, as_source=True)
            for datum in find_personal_data(lower(source.text)):
                yield source.original_span(datum.start, datum.end)


def mask(text: str) -> str:
    """`TextReading.masked`, of a text that nothing else reads."""
    return TextReading(text).masked


def masked_start(text: str, chars: int) -> str:
    """No more than so many characters of a text, masked before it is cut: half a number is known for none."""
    return mask(text[: chars + _CHUNK_OVERLAP_CHARS])[:chars]
