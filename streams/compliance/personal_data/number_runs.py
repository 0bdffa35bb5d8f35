"""Runs of digits, broken up or not: a mobile number, an identity card, a bank card, or none of them."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import Any

from streams.compliance.matcher import compile_pattern
from streams.compliance.pack import Detector
from streams.compliance.personal_data.check_digits import birth_date, is_id_card, luhn
from streams.compliance.personal_data.context import HintBefore, before, is_an_order
from streams.compliance.personal_data.digits import DIGIT, DIGITS, GAP, HAN_DIGITS, read_han
from streams.compliance.personal_data.form import Form, Found, PersonalDatum

_CANDIDATE = re.compile(
    r"(?=(?:0{0,2}860?)?1[3-9][0-9]{9}|62[0-9]{14}|[0-9]{6}(?:18|19|20|21)[0-9]{2}[01][0-9][0-3][0-9]{5})"
)
"""Where a mobile number, a UnionPay card or an ID card may begin among digits; other cards show by what is around."""
_LENGTHS = (19, 18, 17, 16, 15, 14, 13, 11)
"""Digits of bank and ID cards, of a mobile number with +86 and without: no other run is looked at any further."""
_DECIMAL_POINT = re.compile(rf"{DIGIT}点$")
_CARD = HintBefore(
    r"卡号|银行卡|储蓄卡|信用卡|[账帐]号|[账帐]户|打款|汇款|转[账帐]|[工建农招中交]行"
    r"|card|visa|mastercard|amex|american express|account|debit|credit",
    within=16,
    ends="。!?;",
)
_CARD_NUMBER = HintBefore(r"卡号|银行卡|储蓄卡|信用卡|(?:card|credit|debit) (?:number|no|card)", within=6)
_ID_BEFORE = compile_pattern(r"身份证|身分证|证件号|\bsfz|\bid (?:card|number|no)")
_SPLIT_CARD = (
    r"(?:卡号|银行卡号?|储蓄卡|信用卡|card (?:number|no)|(?:my|debit|credit) card)[^\d,。!?;]{0,6}"
    r"(\d{4}[/,.|。](?:\d{4}[/,.|。]){2,3}\d{3,4})(?:$|[^\d/,.|。])"
)


def is_mobile(digits: str) -> bool:
    """Whether they are a mobile number of mainland China."""
    return len(digits) == 11 and digits[0] == "1" and digits[1] in "3456789"


def called_id(text: str, start: int) -> bool:
    """Whether a number is called an identity card's."""
    return _ID_BEFORE.search(before(text, start)) is not None


def _numbers(match: Any, text: str) -> Found:
    """Phones, ID cards and bank cards in a run of digits that may be broken up: `138 0013 8000`."""
    parts = _parts(match.group(), match.start())
    digits = "".join(part for part, _, _ in parts)
    begins = [0, *accumulate(len(part) for part, _, _ in parts)]
    part_at = {begin: at for at, begin in enumerate(begins)}
    candidates = {candidate.start() for candidate in _CANDIDATE.finditer(digits)}
    hinted = _CARD.is_in(text) or _CARD_NUMBER.is_in(text)
    first = 0
    while first < len(parts):
        in_four = first + 4 < len(begins) and 16 <= begins[first + 4] - begins[first] <= 19
        may_begin = begins[first] in candidates or in_four or (hinted and _is_called_card(text, parts[first][1]))
        for length in _LENGTHS if may_begin else ():
            last = part_at.get(begins[first] + length)
            if last is None:
                continue
            start, end = parts[first][1], parts[last - 1][2]
            if _has_decimals(text, parts[first:last]) or _DECIMAL_POINT.search(before(text, start, 2)):
                continue
            american = begins[first + 1] - begins[first] == 1 and part_at.get(begins[first] + 4) == first + 2
            number = digits[begins[first] : begins[last]]
            kind = _number_kind(number, text, start, last - first, american=american)
            if kind is not None:
                yield PersonalDatum(start, end, kind)
                first = last - 1
                break
        first += 1


def _has_decimals(text: str, parts: list[tuple[str, int, int]]) -> bool:
    """Whether pieces are prices in a row, 19.9 29.9, and no number that is broken up by one sign."""
    gaps = [text[end:start] for (_, _, end), (_, start, _) in pairwise(parts)]
    decimals = any(gap == "." and len(after[0]) <= 2 for gap, after in zip(gaps, parts[1:], strict=True))
    return decimals and any(gap != "." for gap in gaps)


def _is_called_card(text: str, start: int) -> bool:
    return _CARD.stands_before(text, start) or _CARD_NUMBER.stands_before(text, start)


def _parts(run: str, offset: int) -> list[tuple[str, int, int]]:
    """The unbroken pieces of a run of digits: (digits, start, end)."""
    return [(read_han(piece.group()), offset + piece.start(), offset + piece.end()) for piece in DIGITS.finditer(run)]


def _number_kind(digits: str, text: str, start: int, pieces: int, *, american: bool) -> Detector | None:
    """What a run of digits is, by its length, its check digit, how it is broken up and what stands before it.
    `american` is one that begins as 1 and three digits."""
    kind = _kind_by_form(digits, text, start, pieces, american=american)
    return None if kind is None or is_an_order(text, start) else kind


def _kind_by_form(digits: str, text: str, start: int, pieces: int, *, american: bool) -> Detector | None:
    if len(digits) == 18 and (is_id_card(digits) or (birth_date(digits) is not None and called_id(text, start))):
        return "id_card"  # one that is called so gives a person away even where a digit was mistyped
    if len(digits) in (16, 19) and digits.startswith("62") and luhn(digits):
        return "bank_card"  # UnionPay's own prefix and a right check digit
    for prefix in ("86", "0086", "086", "860", "00860"):
        if len(digits) == 11 + len(prefix) and digits.startswith(prefix):
            digits = digits.removeprefix(prefix)
    if is_mobile(digits) and not american:
        return "phone"
    if 16 <= len(digits) <= 19 and (
        ((pieces == 4 or _CARD.stands_before(text, start)) and luhn(digits))
        or (digits[0] in "3456" and _CARD_NUMBER.stands_before(text, start))
    ):
        return "bank_card"
    if len(digits) == 15 and digits[:2] in ("34", "37") and _CARD.stands_before(text, start) and luhn(digits):
        return "bank_card"  # American Express
    return None


def _split_card(match: Any, _text: str) -> Found:
    if luhn(re.sub("[^0-9]", "", match.group(1))):
        yield PersonalDatum(match.start(1), match.end(1), "bank_card")


FORMS = (
    Form(f"{DIGIT}(?:{GAP}{DIGIT}){{10,40}}", _numbers),
    Form(rf"[{HAN_DIGITS}]{{2,4}}(?:[,、 ]{{1,2}}[{HAN_DIGITS}]{{2,4}}){{2,5}}", _numbers),
    Form(_SPLIT_CARD, _split_card),
)
