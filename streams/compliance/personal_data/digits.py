"""What people write for a digit: other scripts' digits, Han characters, letters that look like one, its name."""

from __future__ import annotations

import re
import unicodedata

HAN_DIGITS = "oо零〇洞一壹幺二贰两三叁四肆五伍六陆七柒拐八捌九玖勾"
_TO_DIGIT = str.maketrans(HAN_DIGITS, "000001112223344556677788999")
DIGIT = f"[0-9{HAN_DIGITS}]"
_UNITS = {"十": 10, "百": 100, "千": 1000}
DIGITS = re.compile(f"{DIGIT}+")
GAP = rf"(?:[^\pL\pN\n,。!?;:¥$%=+/×<>]{{0,3}}|杠|[\[(][^\[\]()\s0-9{HAN_DIGITS}]{{1,6}}[\])])"
"""What people put between the digits of a number; the name of an emoticon too, or a dash that is said:
138[笑]0013[哭]8000, 138杠0013杠8000."""

LETTERS = "lio|ıіозsbzqget"
DOUBTFUL_LETTERS = "sbzqget"
"""They look like a digit less, and codes are made of them."""
_LETTER_TO_DIGIT = str.maketrans(LETTERS, "110111035829937")

PINYIN_DIGITS = {
    "ling": "0", "dong": "0", "yi": "1", "yao": "1", "er": "2", "liang": "2", "san": "3", "si": "4", "wu": "5",
    "liu": "6", "qi": "7", "guai": "7", "ba": "8", "jiu": "9", "gou": "9",
}  # fmt: skip
PINYIN = "|".join(sorted(PINYIN_DIGITS, key=len, reverse=True))
ENGLISH_DIGITS = ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

KOREAN_DIGITS = "공영일이삼사오육륙칠팔구"
_KOREAN_TO_DIGIT = str.maketrans(KOREAN_DIGITS, "001234566789")
"""As telephone numbers are read aloud: 공일공 is 010."""

ROUND_DIGITS = "❶❷❸❹❺❻❼❽❾➀➁➂➃➄➅➆➇➈➊➋➌➍➎➏➐➑➒⓵⓶⓷⓸⓹⓺⓻⓼⓽⓿〡〢〣〤〥〦〧〨〩"
_OTHER_DIGIT = re.compile(rf"[^\D0-9]|[{ROUND_DIGITS}]")
_TONES = {"āáǎà": "a", "ēéěè": "e", "īíǐì": "i", "ōóǒò": "o", "ūúǔù": "u"}
_TONELESS = {ord(toned): plain for vowels, plain in _TONES.items() for toned in vowels}
_TONED = re.compile(f"[{''.join(_TONES)}]")


def read_han(written: str) -> str:
    """ASCII digits for Han ones, one for one."""
    return written.translate(_TO_DIGIT)


def read_han_number(written: str) -> str:
    """The digits of a whole number below ten thousand that is written in words: 七千四百二十 is 7420, 三百零五 305.
    What has no tens or hundreds in it is read digit by digit."""
    if not any(unit in written for unit in _UNITS):
        return read_han(written)
    value, digit = 0, 0
    for sign in written:
        if sign in _UNITS:
            value += (digit or 1) * _UNITS[sign]
            digit = 0
        else:
            digit = int(read_han(sign))
    return str(value + digit)


def read_korean(written: str) -> str:
    """ASCII digits for Korean ones, one for one."""
    return written.translate(_KOREAN_TO_DIGIT)


def read_letters(written: str) -> str:
    """ASCII digits for the letters that look like them, one for one."""
    return written.translate(_LETTER_TO_DIGIT)


def without_tones(plain: str) -> str:
    """Pinyin without its tones, one for one: yāo sān bā."""
    return plain if _TONED.search(plain) is None else plain.translate(_TONELESS)


def in_ascii_digits(plain: str) -> str:
    """The text with the digits of all scripts as ASCII has them, one for one: ١٣٨, ❶❸❽, 〡〣〨."""
    return plain if _OTHER_DIGIT.search(plain) is None else _OTHER_DIGIT.sub(_ascii_digit, plain)


def _ascii_digit(match: re.Match[str]) -> str:
    return str(unicodedata.digit(match[0], int(unicodedata.numeric(match[0], 0))))
