"""Personal data in a text: found, and masked wherever a text is stored.

A number is a person's only if its form and, where there is one, its checksum say so and the words around it do not:
order numbers, prices and hotlines are no people. Numbers are also found as a host reads them aloud (幺三八…) and as
people break them up (138-0013 8000). Everything works on the normal form of models.normalise, in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple

from models.normalise import has_han
from streams.compliance.matcher import compile_pattern, compile_set
from streams.compliance.pack import Detector


class PersonalDatum(NamedTuple):
    """Something personal at [start, end) of the text that was searched."""

    start: int
    end: int
    kind: Detector


def find_personal_data(plain: str) -> list[PersonalDatum]:
    """Personal data in a text in normal form and lower case; spans in order, disjoint."""
    found: list[PersonalDatum] = []
    if _MAYBE.search(plain) is None:
        return found
    for index in sorted(_ANY.Match(plain) or ()):
        pattern, detect = _DETECTORS[index]
        for match in pattern.finditer(plain):
            found += detect(match, plain)
    kept: list[PersonalDatum] = []
    for datum in sorted(found, key=lambda datum: (datum.start, -datum.end)):
        if not kept or datum.start >= kept[-1].end:
            kept.append(datum)
    return kept


_Found = Iterator[PersonalDatum]
_HAN_DIGITS = "oо零〇洞一壹幺二贰两三叁四肆五伍六陆七柒拐八捌九玖勾"
_TO_DIGIT = str.maketrans(_HAN_DIGITS, "000001112223344556677788999")
_DIGIT = f"[0-9{_HAN_DIGITS}]"
_GAP = r"[^\pL\pN\n,。!?;:¥$%=+/×<>]{0,3}"
_ENGLISH_DIGITS = ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_NUMBER = "[0-9零一二三四五六七八九十百]"

_ORDER_BEFORE = compile_pattern(
    r"(?:订单|单号|编号|运单|快递|物流|条形?码|批号|批次|型号|货号|工单|流水|发票|备案|许可|批准|专利|准字|序列|条款|款号|房间号|期号"
    r"|\b(?:isbn|sku|order|tracking|invoice|model|serial|ref|ticket|case|item|patent|lot|upc|confirmation|request|claim))"
    r"[^,。!?;]{0,24}$"
)
_CARD_BEFORE = compile_pattern(
    r"(?:卡号|银行卡|储蓄卡|信用卡|[账帐]号|[账帐]户|打款|汇款|转[账帐]|[工建农招中交]行|card|visa|mastercard|account|debit|credit)"
    r"[^。!?;]{0,16}$"
)
_CARD_NUMBER_BEFORE = compile_pattern(
    r"(?:卡号|银行卡|储蓄卡|信用卡|(?:card|credit|debit) (?:number|no|card))[^,。!?;]{0,6}$"
)
_CALLED_A_PHONE = compile_pattern(r"(?:电话|手机号?|手机号码)[是为:]?$")
_ID_BEFORE = compile_pattern(r"身份证|证件号|\bid (?:card|number|no)")
_PHONE_AFTER = compile_pattern(r"^ (?:is|was) (?:my|her|his|our|their) (?:cell|phone|number|mobile)")
_LANDLINE_BEFORE = compile_pattern(r"(?:家里|我|[她他]|座机|固话|家庭|住宅)[^,。!?;]{0,8}$")
_PHONE_BEFORE = compile_pattern(r"(?:call|text|phone|cell|mobile|number|whatsapp|tel|contact|reach)[^.!?;]{0,24}$")
_SHOP_WORDS = compile_pattern(
    r"门店|本店|店铺|分店|总店|公司|工厂|厂址|仓库|退货|总部|展厅|体验店|专柜|商场|营业|景区|酒店|餐厅|博物馆"
    r"|our (?:store|shop|office|warehouse|showroom)|visit us|headquarter|flagship|located at|return (?:address|to)"
)
_HOME_WORDS = compile_pattern(
    r"\b(?:lives?|living|home|house|address|apt|apartment|unit|resides?|(?:ship|deliver|send it|mail it) to|staying"
    r"|winner|phone)\b"
)
_ROLE_ACCOUNT = compile_pattern(
    r"^(?:support|service|help|info|contact|press|sales|hello|admin|no-?reply|care|customer\w*|business|media|hr|jobs"
    r"|legal|privacy|team|orders?|feedback|kefu)[\w.\-]*@"
)
_OURS_BEFORE = compile_pattern(
    r"\b(?:e?mail|contact|write(?: to)?|reach|tell) us\b[^!?;]{0,30}$|客服邮箱|商务合作|官方邮箱"
)
_TOLL_FREE = ("400", "800", "833", "844", "855", "866", "877", "888", "900")


def _numbers(match: Any, text: str) -> _Found:
    """Phones, ID cards and bank cards in a run of digits that may be broken up: `138 0013 8000`."""
    parts = _parts(match.group(), match.start())
    first = 0
    while first < len(parts):
        for last in range(len(parts), first, -1):
            digits = "".join(part for part, _, _ in parts[first:last])
            start, end = parts[first][1], parts[last - 1][2]
            kind = _number_kind(digits, text, start, [len(part) for part, _, _ in parts[first:last]])
            if kind is not None:
                yield PersonalDatum(start, end, kind)
                first = last - 1
                break
        first += 1


def _parts(run: str, offset: int) -> list[tuple[str, int, int]]:
    """The unbroken pieces of a run of digits: (digits, start, end)."""
    return [
        (piece.group().translate(_TO_DIGIT), offset + piece.start(), offset + piece.end())
        for piece in _DIGITS.finditer(run)
    ]


def _number_kind(digits: str, text: str, start: int, lengths: list[int]) -> Detector | None:
    """What a run of digits is, by its length, its check digit, how it is broken up and what stands before it."""
    before = text[max(0, start - 40) : start]
    if _ORDER_BEFORE.search(before) and not _CALLED_A_PHONE.search(before):
        return None
    if len(digits) == 18 and (is_id_card(digits) or (_ID_BEFORE.search(before) and _birth_date(digits) is not None)):
        return "id_card"  # one that is called so gives a person away even where a digit was mistyped
    if len(digits) in (16, 19) and digits.startswith("62") and luhn(digits):
        return "bank_card"  # UnionPay's own prefix and a right check digit
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    american = lengths[:2] == [1, 3]
    if len(digits) == 11 and digits[0] == "1" and digits[1] in "3456789" and not american:
        return "phone"
    if 16 <= len(digits) <= 19 and (
        (luhn(digits) and (len(lengths) == 4 or _CARD_BEFORE.search(before)))
        or (digits[0] in "3456" and _CARD_NUMBER_BEFORE.search(before))
    ):
        return "bank_card"
    return None


def is_id_card(number: str) -> bool:
    """A Chinese resident ID: 17 digits and a check character by ISO 7064 MOD 11-2 (GB 11643), a real date of birth."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    if _birth_date(number) is None:
        return False
    total = sum(int(digit) * pow(2, 17 - i, 11) for i, digit in enumerate(number[:17]))
    return "10x98765432"[total % 11] == number[17].lower()


def _birth_date(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def luhn(number: str) -> bool:
    """Whether the last digit is right by ISO/IEC 7812's check; all digits alike are nobody's card."""
    if len(set(number)) == 1:
        return False
    doubled = [int(digit) * (2 - i % 2) if i % 2 == 0 else int(digit) for i, digit in enumerate(reversed(number), 1)]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _us_phone(match: Any, text: str) -> _Found:
    digits = "".join(c for c in match.group() if c.isdigit())[-10:]
    before = text[max(0, match.start() - 40) : match.start()]
    called = _PHONE_BEFORE.search(before) or _PHONE_AFTER.search(text[match.end() : match.end() + 30])
    broken = not match.group().endswith(digits)
    if digits.startswith(_TOLL_FREE) or _ORDER_BEFORE.search(before) or not (broken or called):
        return
    yield PersonalDatum(match.start(), match.end(), "phone")


def _spoken_phone(match: Any, _text: str) -> _Found:
    words = _ENGLISH_DIGIT.findall(match.group())
    if len(words) in (7, 10, 11):
        end = match.start() + len(match.group().rstrip(" ,.-"))
        yield PersonalDatum(match.start(), end, "phone")


def _plain(kind: Detector, group: int = 0) -> Callable[[Any, str], _Found]:
    def detect(match: Any, _text: str) -> _Found:
        yield PersonalDatum(match.start(group), match.end(group), kind)

    return detect


def _id_with_x(match: Any, text: str) -> _Found:
    number = "".join(c for c in match.group().translate(_TO_DIGIT) if c.isalnum())
    called = _ID_BEFORE.search(text[max(0, match.start() - 40) : match.start()]) and _birth_date(number) is not None
    if is_id_card(number) or called:
        yield PersonalDatum(match.start(), match.end(), "id_card")


def _landline(match: Any, text: str) -> _Found:
    """A telephone at home; shops tell theirs."""
    before = text[max(0, match.start() - 20) : match.start()]
    if _LANDLINE_BEFORE.search(before) and not _SHOP_WORDS.search(before):
        yield PersonalDatum(match.start(), match.end(), "phone")


def _wechat(match: Any, text: str) -> _Found:
    """An account's name: one with a digit or a joint, or one that is said to be it; `wechat please` is none."""
    link, name = match.group(1), match.group(2)
    told = any(sign in link for sign in "号:=是为叫") or " id" in link
    added = _ADD_BEFORE.search(text[max(0, match.start() - 6) : match.start()])
    if any(not character.isalpha() for character in name) or told or (added and has_han(match.group())):
        yield PersonalDatum(match.start(2), match.end(2), "wechat_id")


def _plate(match: Any, _text: str) -> _Found:
    if any(c.isdigit() for c in match.group(2)):
        yield PersonalDatum(match.start(1), match.end(2), "plate")


def _home(match: Any, text: str) -> _Found:
    """An address, unless the sentence speaks of a shop."""
    if not _SHOP_WORDS.search(text[max(0, match.start() - 30) : match.end() + 20]):
        yield PersonalDatum(match.start(), match.end(), "address")


def _english_home(match: Any, text: str) -> _Found:
    around = text[max(0, match.start() - 40) : match.end() + 30]
    if _HOME_WORDS.search(around) and not _SHOP_WORDS.search(around):
        yield PersonalDatum(match.start(), match.end(), "address")


def _email(match: Any, text: str) -> _Found:
    if not (
        _ROLE_ACCOUNT.search(match.group()) or _OURS_BEFORE.search(text[max(0, match.start() - 40) : match.start()])
    ):
        yield PersonalDatum(match.start(), match.end(), "email")


_DIGITS = compile_pattern(f"{_DIGIT}+")
_ENGLISH_DIGIT = compile_pattern("|".join(_ENGLISH_DIGITS))

_STREET_AND_ROOM = (
    rf"[^\pP\pS ]{{0,12}}(?:路|街|大道|巷|胡同|弄|村|镇){_NUMBER}{{1,5}}[号弄]?[^,。!?;]{{0,12}}?"
    rf"{_NUMBER}{{1,4}}(?:栋|幢|号楼|座|单元)?{_NUMBER}{{0,4}}(?:室|房|户|单元|栋|幢|号楼)"
)
_STREET_AND_BUILDING = (
    rf"[^\pP\pS ]{{0,12}}(?:路|街|大道|巷|胡同|弄){_NUMBER}{{1,5}}号[^,。!?;]{{0,8}}?"
    r"[a-z0-9]{1,3}(?:座|栋|幢|号楼|单元)\d{3,4}"
)
_ESTATE_AND_ROOM = (
    r"[^\pP\pS ]{0,12}(?:小区|花园|公寓|苑|家园|新村|宿舍|雅居|华庭|社区|家属院|[一二三四五六七八九]期)[^,。!?;]{0,4}?"
    rf"{_NUMBER}{{1,3}}(?:栋|幢|号楼|座|单元)[^。!?;]{{0,6}}{_NUMBER}{{1,4}}"
)
_LIVES_AT = (
    r"(?:住在|家住|住址|家庭地址|家在|[她他]家|收货地址)[^。!?;]{0,24}?"
    r"(?:路|街|大道|巷|胡同|弄|村|镇|小区|花园)[^,。!?;]{0,6}?"
    rf"{_NUMBER}{{1,5}}(?:号|弄|栋|组|幢|单元)"
)
_ENGLISH_STREET = (
    r"\b\d{1,5} (?:[a-z.]+ ){1,3}?"
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place)\b"
    r"(?:[, ]+(?:apt|apartment|unit|suite|#) ?[\da-z]+)?"
)
_UNIT_AND_ROOM = (
    rf"[^\pP\pS ]{{0,16}}{_NUMBER}{{1,4}}(?:号楼|楼|栋|幢|座){_NUMBER}{{1,3}}(?:单元|门){_NUMBER}{{2,4}}"
    r"(?:室|房|户|号)?"
)
_RECIPIENT_AT = (
    r"(?:收[货件]|中奖|先生|女士|小姐|我的|[她他]的|本人)[^。!?;]{0,40}?地址[是在改为: ]{0,3}"
    rf"([^,。!?;]{{0,16}}?(?:路|街|大道|巷|胡同|弄|村|镇|小区|花园)[^,。!?;]{{0,6}}?{_NUMBER}{{1,5}}(?:号|弄|栋|组|幢|单元))"
)
_LANDLINE = r"\b0\d{2,3}[- ]?[2-9]\d{6,7}\b"
_WECHAT_ID = (
    r"(?:[微薇威徽维][信❤x]|wechat|weixin|\b[vw]x|\bv ?❤|v信|绿泡泡|[+加][微薇威]|加v|\+v\b)"
    r"((?: ?(?:号码?|账号|帐号|id))?(?: is\b|[是为叫:= ])*)([a-z][a-z0-9_\-]{5,19})\b"
)
_ADD_BEFORE = compile_pattern("[+加]|我的?$")

_DETECTORS: list[tuple[Any, Callable[[Any, str], _Found]]] = [
    (compile_pattern(pattern), detect)
    for pattern, detect in [
        (f"{_DIGIT}(?:{_GAP}{_DIGIT}){{10,40}}", _numbers),
        (rf"[{_HAN_DIGITS}]{{2,4}}(?:[,、 ]{{1,2}}[{_HAN_DIGITS}]{{2,4}}){{2,5}}", _numbers),
        (rf"{_DIGIT}(?:{_GAP}{_DIGIT}){{16}}{_GAP}x\b", _id_with_x),
        (r"(?:\+?1[-. ]?)?\(?\b[2-9]\d{2}\)?[-. ]{0,2}\d{3}[-. ]?\d{4}\b", _us_phone),
        (r"\+(?:[2-79]\d{0,2}|8[0-57-9]\d?)[- ]?\d{1,4}(?:[- ]?\d{2,4}){2,4}\b", _plain("phone")),
        (rf"(?:\b(?:{'|'.join(_ENGLISH_DIGITS)})\b[ ,.\-]{{0,3}}){{7,12}}", _spoken_phone),
        (r"\b\d{3}-\d{2}-\d{4}\b", _plain("ssn")),
        (r"(?:\bssn\b|social security)[^.!?;\d]{0,24}(\d{9})\b", _plain("ssn", 1)),
        (r"(?:护照|passport)[^。!?;\d]{0,14}?([a-z]\d{8})\b", _plain("passport", 1)),
        (rf"([{_PROVINCES}])([a-z][·. \-]?[a-hj-np-z0-9]{{5,6}})(?:[^a-z0-9]|$)", _plate),
        (_STREET_AND_ROOM, _home),
        (_STREET_AND_BUILDING, _home),
        (_ESTATE_AND_ROOM, _home),
        (_UNIT_AND_ROOM, _home),
        (_LIVES_AT, _home),
        (_RECIPIENT_AT, _plain("address", 1)),
        (_LANDLINE, _landline),
        (_ENGLISH_STREET, _english_home),
        (_WECHAT_ID, _wechat),
        (r"\bqq(?:号|群)?(?:是|[: =])*([1-9]\d{4,10})\b", _plain("wechat_id", 1)),
        (r"[a-z0-9._%+\-]{1,64}@[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){0,4}\.[a-z]{2,10}\b", _email),
    ]
]
_MAYBE = re.compile(
    f"[0-9@{_HAN_DIGITS}]|[微薇威徽维]|weixin|wechat|[vw]x|v信|v ?❤|绿泡泡|[加+]v|" + "|".join(_ENGLISH_DIGITS)
)
"""What no personal datum is without; most texts of a live chat have none of it."""
_ANY = compile_set([pattern.pattern for pattern, _ in _DETECTORS])
