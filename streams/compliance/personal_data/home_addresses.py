"""Where somebody lives, in Chinese and English; where a shop is, is nobody's."""

from __future__ import annotations

from typing import Any

from streams.compliance.matcher import compile_pattern
from streams.compliance.personal_data.context import SHOP_WORDS
from streams.compliance.personal_data.form import Form, Found, PersonalDatum, always

_NUMBER = "[0-9零一二三四五六七八九十百]"
_HOME_WORDS = compile_pattern(
    r"\b(?:lives?|living|home|house|address|apt|apartment|unit|resides?|(?:ship|deliver|send it|mail it) to|staying"
    r"|winner|phone|moved (?:to|into|from)|my place|my door|i'm at|i am at"
    r"|my (?:mum|mom|dad|parents|sister|brother)'s)\b"
)
_ROOM_OR_CODE = compile_pattern(
    r"\b(?:apt|apartment|unit|flat|suite|#) ?[\da-z]+\b|,? [a-z]{2},? \d{5}(?:-\d{4})?\b"
    r"|\b[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}\b"
)
_CALLED_HOME = compile_pattern(r"我家|住|[她他]家|收[货件]|寄[到给]|送[到给]|家在|地址")
_STREET_AND_ROOM = (
    rf"[^\pP\pS ]{{0,12}}(?:路|街|大道|巷|胡同|弄|村|镇) ?{_NUMBER}{{1,5}} ?[号弄]?[^,。!?;]{{0,12}}?"
    rf"{_NUMBER}{{1,4}} ?(?:栋|幢|号楼|座|单元)? ?{_NUMBER}{{0,4}} ?(?:室|房|户|单元|栋|幢|号楼)"
)
_STREET_AND_BUILDING = (
    rf"[^\pP\pS ]{{0,12}}(?:路|街|大道|巷|胡同|弄){_NUMBER}{{1,5}}号[^,。!?;]{{0,8}}?"
    r"[a-z0-9]{1,3}(?:座|栋|幢|号楼|单元)\d{3,4}"
)
_STREET_AND_FLOOR = (
    rf"[^\pP\pS ]{{0,12}}(?:路|街|道|巷|弄)(?:{_NUMBER}{{1,3}}段)?(?:{_NUMBER}{{1,4}}巷)?(?:{_NUMBER}{{1,4}}弄)?"
    rf"{_NUMBER}{{1,5}}号[^,。!?;0-9]{{0,8}}{_NUMBER}{{1,3}}(?:楼|层)(?: ?之?[0-9a-z]{{1,4}}(?:室|座|房)?)?"
)
_ESTATE_AND_ROOM = (
    r"[^\pP\pS ]{0,12}(?:小区|花园|公寓|苑|家园|新村|宿舍|雅居|华庭|社区|家属院|[一二三四五六七八九]期)[^,。!?;]{0,4}?"
    rf"{_NUMBER}{{1,3}}(?:栋|幢|号楼|座|单元)[^。!?;]{{0,6}}{_NUMBER}{{1,4}}"
)
_UNIT_AND_ROOM = (
    rf"[^\pP\pS ]{{0,16}}{_NUMBER}{{1,4}}(?:号楼|楼|栋|幢|座){_NUMBER}{{1,3}}(?:单元|门){_NUMBER}{{2,4}}"
    r"(?:室|房|户|号)?"
)
_BUILDING_UNIT_ROOM = (
    r"(?:住在?|家在?|地址[是:]?|寄[到给]|送[到给])[^,。!?;0-9]{1,16}(?:区|园|苑|里|村|城|府|庭|湾|号院|[一二三四五六七八九]期)"
    r" ?\d{1,3}-\d{1,2}-\d{3,4}\b"
)
_LIVES_AT = (
    r"(?:住在|家住|住址|家庭地址|家在|[她他]家|收货地址)[^。!?;]{0,24}?"
    r"(?:路|街|大道|巷|胡同|弄|村|镇|小区|花园)[^,。!?;]{0,6}?"
    rf"{_NUMBER}{{1,5}}(?:号|弄|栋|组|幢|单元)(?:{_NUMBER}{{1,4}}(?:号楼|号|栋|幢|单元|楼|室)?){{0,3}}"
)
_RECIPIENT_AT = (
    r"(?:收[货件]|中奖|先生|女士|小姐|我的|[她他]的|本人)[^。!?;]{0,40}?地址[是在改为: ]{0,3}"
    rf"([^,。!?;]{{0,16}}?(?:路|街|大道|巷|胡同|弄|村|镇|小区|花园)[^,。!?;]{{0,6}}?{_NUMBER}{{1,5}}(?:号|弄|栋|组|幢|单元))"
)
_ENGLISH_STREET = (
    r"(?:\b(?:flat|unit|apt\.?|apartment|blk|block) ?[\da-z]{1,5},? )?"
    r"\b\d{1,5}[a-z]? (?:(?:[a-z.'’]+|\d{1,3}(?:st|nd|rd|th)) ){1,3}?"
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|terrace|close|crescent|circle"
    r"|cir|parkway|pkwy|highway|hwy|square|trail|grove|gardens|mews)\b\.?"
    r"(?: \d{1,2} ?#\d{1,3}-\d{1,4}|[, ]+(?:apt|apartment|unit|suite|flat|#) ?[\da-z]+)?"
    r"|\b[a-zäöüß.\-]{3,30}(?:straße|strasse|str\.|gasse|allee|platz|weg) \d{1,4} ?[a-z]?, \d{5} [a-zäöüß]{3,}"
    r"|\b\d{1,4}[a-z]?,? (?:rue|avenue|boulevard|via|calle|rua) (?:[a-z'’.]+ ?){1,4}"
)


def _home(match: Any, text: str) -> Found:
    """An address, unless the sentence speaks of a shop."""
    if not SHOP_WORDS.search(text[max(0, match.start() - 30) : match.end() + 20]):
        yield PersonalDatum(match.start(), match.end(), "address")


def _called_home(match: Any, text: str) -> Found:
    """A floor of a house in a street: shops are on floors too, so it must be called somebody's."""
    around = text[max(0, match.start() - 16) : match.end() + 10]
    if _CALLED_HOME.search(around) and not SHOP_WORDS.search(text[max(0, match.start() - 30) : match.end() + 20]):
        yield PersonalDatum(match.start(), match.end(), "address")


def _english_home(match: Any, text: str) -> Found:
    around = text[max(0, match.start() - 40) : match.end() + 30]
    at_home = _HOME_WORDS.search(around) or _ROOM_OR_CODE.search(text[match.start() : match.end() + 40])
    if at_home and not SHOP_WORDS.search(around):
        yield PersonalDatum(match.start(), match.end(), "address")


def _post_box(match: Any, text: str) -> Found:
    if not SHOP_WORDS.search(text[max(0, match.start() - 40) : match.end() + 30]):
        yield PersonalDatum(match.start(), match.end(), "address")


FORMS = (
    Form(_STREET_AND_ROOM, _home),
    Form(_STREET_AND_BUILDING, _home),
    Form(_STREET_AND_FLOOR, _called_home),
    Form(_ESTATE_AND_ROOM, _home),
    Form(_UNIT_AND_ROOM, _home),
    Form(_BUILDING_UNIT_ROOM, _home),
    Form(_LIVES_AT, _home),
    Form(_RECIPIENT_AT, always("address", 1)),
    Form(_ENGLISH_STREET, _english_home),
    Form(r"\bp\.? ?o\.? box \d{1,6}\b", _post_box),
)
