"""Papers: identity cards that end with an X, social security numbers, passports, number plates."""

from __future__ import annotations

from typing import Any

from streams.compliance.matcher import compile_pattern
from streams.compliance.personal_data.check_digits import birth_date, is_hong_kong_id, is_id_card, is_taiwan_id
from streams.compliance.personal_data.context import MODEL_AFTER, before, is_an_order
from streams.compliance.personal_data.digits import DIGIT, DIGITS, GAP, HAN_DIGITS, read_han
from streams.compliance.personal_data.form import Form, Found, PersonalDatum, always
from streams.compliance.personal_data.number_runs import called_id

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_CLEAR_PROVINCES = "沪粤浙苏鲁豫鄂皖赣闽渝冀湘桂琼"
"""Those that are hardly ever a part of another word."""
_BROKEN_PLATE = rf"([{_CLEAR_PROVINCES}])([a-z][·. \-]?[a-hj-np-z0-9](?:[ \-]?[a-hj-np-z0-9]){{4,5}})(?:[^a-z0-9]|$)"
_CALLED_PLATE = (
    rf"(?:车牌|牌照|车号|\bplate)[^,。!?;]{{0,8}}?([{_PROVINCES}])"
    rf"( ?[a-z][·. \-]?[a-hj-np-z0-9{HAN_DIGITS}](?:[ \-]?[a-hj-np-z0-9{HAN_DIGITS}]){{3,5}}[港澳挂学警]?)"
    r"(?:[^a-z0-9]|$)"
)
_FOREIGN_PLATE = (
    r"(?:(?:licen[cs]e|number|his|her|my) plates?|车牌号?)[^,.。!?;0-9a-z]{0,4}(?:number )?(?:is|was|[:是为])[: ]{0,2}"
    r"([a-z0-9]{2,4}[ \-]?[a-z0-9]{3,4})(?:$|[^a-z0-9])"
)
_CALLED_ID = compile_pattern(r"(?:身份证|身分证|证件号|hkid|\bsfz|\bid (?:card|number|no)|\bmy id\b)[^,。!?;]{0,16}$")


def _id_with_x(match: Any, text: str) -> Found:
    number = "".join(c for c in read_han(match.group()) if c.isalnum())
    called = birth_date(number) is not None and called_id(text, match.start())
    if is_id_card(number) or called:
        yield PersonalDatum(match.start(), match.end(), "id_card")


def _elder_id(match: Any, text: str) -> Found:
    """One of 15 digits, from before 1999: no check digit, a date of birth of two-digit year."""
    year, month, day = (match.group(1)[at : at + 2] for at in (6, 8, 10))
    dated = birth_date(f"{match.group(1)[:6]}19{year}{month}{day}")
    if dated is not None and _CALLED_ID.search(before(text, match.start(1), 24)):
        yield PersonalDatum(match.start(1), match.end(1), "id_card")


def _island_id(match: Any, text: str) -> Found:
    """An identity card of Hong Kong, A123456(3), or Taiwan, A123456789, where it is called one."""
    number = "".join(character for character in match.group(1) if character.isalnum())
    right = is_taiwan_id(number) if len(number) == 10 and number[1:].isdigit() else is_hong_kong_id(number)
    if right and _CALLED_ID.search(before(text, match.start(1), 24)):
        yield PersonalDatum(match.start(1), match.end(1), "id_card")


def _ssn(match: Any, text: str) -> Found:
    if not is_an_order(text, match.start()) and not MODEL_AFTER.search(text[match.end() : match.end() + 6]):
        yield PersonalDatum(match.start(), match.end(), "ssn")


def _plate(match: Any, _text: str) -> Found:
    if DIGITS.search(match.group(2)):
        yield PersonalDatum(match.start(1), match.end(2), "plate")


def _foreign_plate(match: Any, _text: str) -> Found:
    """8ABC123, AB12 CDE, AB1234: of letters and digits, where it is called one."""
    plate = match.group(1)
    if any(character.isdigit() for character in plate) and any(character.isalpha() for character in plate):
        yield PersonalDatum(match.start(1), match.end(1), "plate")


FORMS = (
    Form(rf"{DIGIT}(?:{GAP}{DIGIT}){{16}}{GAP}x\b", _id_with_x),
    Form(r"(?:^|\D)(\d{15})(?:$|\D)", _elder_id),
    Form(r"(?:^|[^a-z0-9])([a-z]{1,2} ?\d{6} ?(?:\( ?[0-9a] ?\)|[0-9a])|[a-z][12489]\d{8})(?:$|[^a-z0-9])", _island_id),
    Form(r"(?:aadhaar|aadhar)[^.!?;\d]{0,24}(\d{4}[ \-]?\d{4}[ \-]?\d{4})\b", always("id_card", 1)),
    Form(
        r"(?:national insurance|\bni (?:number|no)|\bnino)[^.!?;\d]{0,20}?\b([a-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[a-d])\b",
        always("id_card", 1),
    ),
    Form(r"\b\d{3}-\d{2}-\d{4}\b", _ssn),
    Form(r"(?:\bssn\b|social security|my social)[^.!?;\d]{0,24}(\d{3}[ \-.]?\d{2}[ \-.]?\d{4})\b", always("ssn", 1)),
    Form(
        r"(?:护照|\bhu ?zhao|passport)[^。!?;\d]{0,14}?\b([a-z]{1,2}[ \-.]?\d(?:[ \-.]?\d){6,7})\b",
        always("passport", 1),
    ),
    Form(
        r"(?:护照(?:号码?|[:是])|passport(?: (?:number|no)|:| is))[^。!?;\d]{0,8}(\d{3}[ \-]?\d{3}[ \-]?\d{3})\b",
        always("passport", 1),
    ),
    Form(r"(?:通行证|台胞证|回乡证)[^。!?;\d]{0,8}?\b([a-z]? ?\d(?:[ \-]?\d){7,10})\b", always("passport", 1)),
    Form(rf"([{_PROVINCES}])([a-z][·. \-]?[a-hj-np-z0-9]{{5,6}})(?:[^a-z0-9]|$)", _plate),
    Form(_BROKEN_PLATE, _plate),
    Form(_CALLED_PLATE, _plate),
    Form(_FOREIGN_PLATE, _foreign_plate),
)
