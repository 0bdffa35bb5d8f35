"""Personal data in a text: found, and masked wherever a text is stored.

A number is a person's only if its form and, where there is one, its checksum say so and the words around it do not:
order numbers, prices and hotlines are no people. Numbers are also found as a host reads them aloud (幺三八…) and as
people break them up (138-0013 8000), write them in other digits or letters (l38…, ①③⑧, yao san ba), or backwards.
Everything works on the normal form of models.normalise, in lower case.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import accumulate, pairwise
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
    plain = _without_tones(plain)
    if not _may_hold_any(plain):
        return found
    plain = _in_ascii_digits(plain)
    for index in sorted(_ANY.Match(plain) or ()):
        pattern, detect = _DETECTORS[index]
        for match in pattern.finditer(plain):
            found += detect(match, plain)
    kept: list[PersonalDatum] = []
    for datum in sorted(found, key=lambda datum: (datum.start, -datum.end)):
        if not kept or datum.start >= kept[-1].end:
            kept.append(datum)
    return kept


def _may_hold_any(plain: str) -> bool:
    """Whether a search is worth while: most texts of a live chat have nothing that a personal datum is made of.

    A datum has a Latin letter or a digit of any script in it, or else it is Han alone: a row of Han digits, or a
    number before a word for a part of an address. Latin letters alone are a datum in few forms.
    """
    sign = _SIGN.search(plain)
    if sign is None:
        return False
    if _LATIN_OR_DIGIT.search(plain, sign.start()) is None:
        return _HAN_ALONE.search(plain, sign.start()) is not None
    return _MAYBE.search(plain) is not None


def _without_tones(plain: str) -> str:
    """Pinyin without its tones, one for one: yāo sān bā."""
    return plain if _TONED.search(plain) is None else plain.translate(_TONELESS)


def _in_ascii_digits(plain: str) -> str:
    """The text with the digits of all scripts as ASCII has them, one for one: ١٣٨, ❶❸❽, 〡〣〨."""
    return plain if _OTHER_DIGIT.search(plain) is None else _OTHER_DIGIT.sub(_ascii_digit, plain)


def _ascii_digit(match: re.Match[str]) -> str:
    return str(unicodedata.digit(match[0], int(unicodedata.numeric(match[0], 0))))


_TONES = {"āáǎà": "a", "ēéěè": "e", "īíǐì": "i", "ōóǒò": "o", "ūúǔù": "u"}
_TONELESS = {ord(toned): plain for vowels, plain in _TONES.items() for toned in vowels}
_TONED = re.compile(f"[{''.join(_TONES)}]")
_ROUND_DIGITS = "❶❷❸❹❺❻❼❽❾➀➁➂➃➄➅➆➇➈➊➋➌➍➎➏➐➑➒⓵⓶⓷⓸⓹⓺⓻⓼⓽⓿〡〢〣〤〥〦〧〨〩"
_OTHER_DIGIT = re.compile(rf"[^\D0-9]|[{_ROUND_DIGITS}]")

_Found = Iterator[PersonalDatum]
_HAN_DIGITS = "oо零〇洞一壹幺二贰两三叁四肆五伍六陆七柒拐八捌九玖勾"
_TO_DIGIT = str.maketrans(_HAN_DIGITS, "000001112223344556677788999")
_DIGIT = f"[0-9{_HAN_DIGITS}]"
_GAP = rf"(?:[^\pL\pN\n,。!?;:¥$%=+/×<>]{{0,3}}|[\[(][^\[\]()\s0-9{_HAN_DIGITS}]{{1,6}}[\])])"
"""What people put between the digits of a number; the name of an emoticon too: 138[笑]0013[哭]8000."""
_ENGLISH_DIGITS = ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_CLEAR_PROVINCES = "沪粤浙苏鲁豫鄂皖赣闽渝冀湘桂琼"
"""Those that are hardly ever a part of another word."""
_NUMBER = "[0-9零一二三四五六七八九十百]"

_CANDIDATE = re.compile(
    r"(?=(?:0{0,2}86)?1[3-9][0-9]{9}|62[0-9]{14}|[0-9]{6}(?:18|19|20|21)[0-9]{2}[01][0-9][0-3][0-9]{5})"
)
"""Where a mobile number, a UnionPay card or an ID card may begin among digits; other cards show by what is around."""
_LENGTHS = (19, 18, 17, 16, 15, 14, 13, 11)
"""Digits of bank and ID cards, of a mobile number with +86 and without: no other run is looked at any further."""


class _HintBefore:
    """Words that say what a number is, so many characters before it at most, with no sign that ends a clause between.

    A text's hints are found once, however many numbers it holds."""

    def __init__(self, words: str, within: int, ends: str = ",。!?;") -> None:
        self._words = re.compile(words, re.ASCII)
        self._within = within
        self._ends = frozenset(ends)
        self._found = lru_cache(maxsize=8)(self._find)

    def is_in(self, text: str) -> bool:
        return bool(self._found(text))

    def stands_before(self, text: str, start: int) -> bool:
        ends = self._found(text)
        at = bisect_right(ends, start) - 1
        return at >= 0 and start - ends[at] <= self._within and self._ends.isdisjoint(text[ends[at] : start])

    def _find(self, text: str) -> list[int]:
        """Where hints end; they may overlap, as 银行卡 and 卡号 do."""
        found, at = list[int](), 0
        while (match := self._words.search(text, at)) is not None:
            found.append(match.end())
            at = match.start() + 1
        return sorted(found)


_ORDER_BEFORE = compile_pattern(
    r"(?:订单|单号|编号|运单|快递|物流|条形?码|批号|批次|型号|货号|工单|流水|发票|备案|许可|批准|专利|准字|序列|条款|款号|房间号|期号"
    r"|\bs/?n\b|\b(?:isbn|sku|order|tracking|invoice|model|serial|ref|ticket|case|item|patent|lot|upc|confirmation|request|claim))"
    r"[^,。!?;]{0,24}$"
)
_CARD = _HintBefore(
    r"卡号|银行卡|储蓄卡|信用卡|[账帐]号|[账帐]户|打款|汇款|转[账帐]|[工建农招中交]行"
    r"|card|visa|mastercard|amex|american express|account|debit|credit",
    within=16,
    ends="。!?;",
)
_CARD_NUMBER = _HintBefore(r"卡号|银行卡|储蓄卡|信用卡|(?:card|credit|debit) (?:number|no|card)", within=6)
_CALLED_A_PHONE = compile_pattern(r"(?:电话|手机号?|手机号码)[是为:]?$")
_ID_BEFORE = compile_pattern(r"身份证|证件号|\bid (?:card|number|no)")
_PHONE_AFTER = compile_pattern(r"^ (?:is|was) (?:my|her|his|our|their) (?:cell|phone|number|mobile)")
_MODEL_AFTER = compile_pattern("^ ?(?:型号|编号|货号|批号|批次|款)")
_LANDLINE_BEFORE = compile_pattern(r"(?:家里|我|[她他]|座机|固话|宅电|家庭|住宅)[^,。!?;]{0,8}$")
_PHONE_BEFORE = compile_pattern(r"(?:call|text|phone|cell|mobile|number|whatsapp|tel|contact|reach)[^.!?;]{0,24}$")
_SHOP_WORDS = compile_pattern(
    r"门店|本店|店铺|分店|总店|公司|工厂|厂址|仓库|退货|总部|展厅|体验店|专柜|商场|营业|景区|酒店|餐厅|博物馆"
    r"|our (?:store|shop|office|warehouse|showroom)|visit us|headquarter|flagship|located at|return (?:address|to)"
)
_HOME_WORDS = compile_pattern(
    r"\b(?:lives?|living|home|house|address|apt|apartment|unit|resides?|(?:ship|deliver|send it|mail it) to|staying"
    r"|winner|phone|moved (?:to|into|from)|my place|my door|i'm at|i am at"
    r"|my (?:mum|mom|dad|parents|sister|brother)'s)\b"
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
            if _has_decimals(text, parts[first:last]):
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
    return [
        (piece.group().translate(_TO_DIGIT), offset + piece.start(), offset + piece.end())
        for piece in _DIGITS.finditer(run)
    ]


def _number_kind(digits: str, text: str, start: int, pieces: int, *, american: bool) -> Detector | None:
    """What a run of digits is, by its length, its check digit, how it is broken up and what stands before it.
    `american` is one that begins as 1 and three digits."""
    kind = _kind_by_form(digits, text, start, pieces, american=american)
    return None if kind is None or _is_an_order(text[max(0, start - 40) : start]) else kind


def _kind_by_form(digits: str, text: str, start: int, pieces: int, *, american: bool) -> Detector | None:
    if len(digits) == 18 and (is_id_card(digits) or (_birth_date(digits) is not None and _called_id(text, start))):
        return "id_card"  # one that is called so gives a person away even where a digit was mistyped
    if len(digits) in (16, 19) and digits.startswith("62") and luhn(digits):
        return "bank_card"  # UnionPay's own prefix and a right check digit
    for prefix in ("86", "0086", "086"):
        if len(digits) == 11 + len(prefix) and digits.startswith(prefix):
            digits = digits.removeprefix(prefix)
    if len(digits) == 11 and digits[0] == "1" and digits[1] in "3456789" and not american:
        return "phone"
    if 16 <= len(digits) <= 19 and (
        ((pieces == 4 or _CARD.stands_before(text, start)) and luhn(digits))
        or (digits[0] in "3456" and _CARD_NUMBER.stands_before(text, start))
    ):
        return "bank_card"
    if len(digits) == 15 and digits[:2] in ("34", "37") and _CARD.stands_before(text, start) and luhn(digits):
        return "bank_card"  # American Express
    return None


def _split_card(match: Any, _text: str) -> _Found:
    if luhn(re.sub("[^0-9]", "", match.group(1))):
        yield PersonalDatum(match.start(1), match.end(1), "bank_card")


def _called_id(text: str, start: int) -> bool:
    return _ID_BEFORE.search(text[max(0, start - 40) : start]) is not None


def is_id_card(number: str) -> bool:
    """A Chinese resident ID: 17 digits and a check character by ISO 7064 MOD 11-2 (GB 11643), a real date of birth."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    if _birth_date(number) is None:
        return False
    total = sum(int(digit) * pow(2, 17 - i, 11) for i, digit in enumerate(number[:17]))
    return "10x98765432"[total % 11] == number[17].lower()


def _birth_date(number: str) -> date | None:
    if not "1850" <= number[6:10] <= "2100":
        return None
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


def _is_an_order(before: str) -> bool:
    """Whether a number is called an order's, or something else that no person is."""
    return _ORDER_BEFORE.search(before) is not None and _CALLED_A_PHONE.search(before) is None


def _is_mobile(digits: str) -> bool:
    return len(digits) == 11 and digits[0] == "1" and digits[1] in "3456789"


_GROUPINGS = {(3, 4, 4), (4, 4, 3), (1,) * 11}
"""How people break a mobile number up by commas, slashes or stops; prices in a row look otherwise."""
_AMOUNT_AFTER = compile_pattern(
    r"^ ?(?:元|块|件|个(?:[^人]|$)|颗|只|次|首|张|瓶|盒|袋|等于|[是为]?多少|rmb\b|usd\b|equals)"
)


def _grouped_phone(match: Any, text: str) -> _Found:
    """138/0013/8000, 138,0013,8000, 138+0013+8000."""
    groups = [part for part in re.split("[^0-9]+", match.group(1)) if part]
    before = text[max(0, match.start(1) - 40) : match.start(1)]
    same_signs = len(set(re.findall("[^0-9 ]", match.group(1)))) == 1
    is_phone = tuple(map(len, groups)) in _GROUPINGS and same_signs and _is_mobile("".join(groups))
    if is_phone and not _is_an_order(before) and not _AMOUNT_AFTER.search(text[match.end(1) : match.end(1) + 8]):
        yield PersonalDatum(match.start(1), match.end(1), "phone")


_LETTERS_AS_DIGITS = str.maketrans("lio|ıіозsbzqget", "110111035829937")
_LETTERED = "0-9lio|ıіозsbzqget"
_DOUBTFUL_LETTERS = "sbzqget"
"""They look like a digit less, and codes are made of them."""


def _lettered_phone(match: Any, text: str) -> _Found:
    """l38O0l38ooo: letters in the place of digits that they look like, most of it digits."""
    written = "".join(c for c in match.group(1) if c.isalnum() or c == "|")
    doubtful = sum(c in _DOUBTFUL_LETTERS for c in written)
    real = sum(c.isdigit() for c in written)
    before = text[max(0, match.start(1) - 40) : match.start(1)]
    enough = not written.isdigit() and real >= (7 if doubtful else 4)
    if enough and _is_mobile(written.translate(_LETTERS_AS_DIGITS)) and not _is_an_order(before):
        yield PersonalDatum(match.start(1), match.end(1), "phone")


def _reversed_phone(match: Any, _text: str) -> _Found:
    """A number that is said to be written backwards."""
    for group in (1, 2):
        if match.group(group) is not None and _is_mobile(re.sub(r"\D", "", match.group(group))[::-1]):
            yield PersonalDatum(match.start(group), match.end(group), "phone")


_PINYIN_DIGITS = {
    "ling": "0", "dong": "0", "yi": "1", "yao": "1", "er": "2", "liang": "2", "san": "3", "si": "4", "wu": "5",
    "liu": "6", "qi": "7", "guai": "7", "ba": "8", "jiu": "9", "gou": "9",
}  # fmt: skip


_MIN_SPELT = 3


def _pinyin_phone(match: Any, text: str) -> _Found:
    """yao san ba ling ling yao san ba ling ling ling; some of it may be digits."""
    words = _PINYIN_DIGIT.findall(match.group())
    spelt = sum(word in _PINYIN_DIGITS for word in words)
    if spelt < _MIN_SPELT or _is_an_order(text[max(0, match.start() - 40) : match.start()]):
        return
    if _is_mobile("".join(_PINYIN_DIGITS.get(word, word) for word in words)):
        yield PersonalDatum(match.start(), match.start() + len(match.group().rstrip(" -_,.")), "phone")


def _iban(match: Any, _text: str) -> _Found:
    """An account by ISO 13616, with its check digits (ISO 7064, MOD 97-10)."""
    if _is_iban(match.group().replace(" ", "").replace("-", "")):
        yield PersonalDatum(match.start(), match.end(), "bank_card")


def _is_iban(number: str) -> bool:
    return 15 <= len(number) <= 34 and int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97 == 1


def _split_iban(match: Any, text: str) -> _Found:
    """One that is broken up anywhere, G B 2 9 N W B K …: it ends where its country's are long enough."""
    places = [at for at, c in enumerate(match.group()) if c.isalnum()]
    length = _IBAN_LENGTHS.get("".join(match.group()[at] for at in places[:2]))
    if length is None or len(places) < length:
        return
    end = match.start() + places[length - 1] + 1
    whole = not text[end : end + 1].isalnum()
    if whole and _is_iban("".join(match.group()[at] for at in places[:length])):
        yield PersonalDatum(match.start(), end, "bank_card")


_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "no", 16: "be", 18: "dk fi fo gl nl", 19: "mk si", 20: "at ba ee kz lt lu xk", 21: "ch hr li lv",
        22: "bg bh cr de gb ge ie me rs", 23: "ae gi il iq om tl", 24: "ad cz es md pk ro sa se sk tn vg",
        25: "ly pt st", 26: "is tr", 27: "bi fr gr it mc mr sm", 28: "al az by cy do gt hu lb ni pl sv",
        29: "br eg ps qa ua", 30: "jo kw mu", 31: "mt sc", 32: "lc",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""By country, as SWIFT's registry of IBANs has them."""


def _ip_address(match: Any, text: str) -> _Found:
    """Somebody's address in the net; versions look alike, and addresses of one's own network tell nothing."""
    try:
        address = ip_address(_IP_STOP.sub(".", match.group(1)))
    except ValueError:
        return
    if _VERSION_BEFORE.search(text[max(0, match.start(1) - 24) : match.start(1)]):
        return
    if (address.is_global and not _looks_like_a_version(address)) or _is_called_ip(match, text):
        yield PersonalDatum(match.start(1), match.end(1), "ip_address")


def _is_called_ip(match: Any, text: str) -> bool:
    before, after = text[max(0, match.start(1) - 24) : match.start(1)], text[match.end(1) : match.end(1) + 12]
    return bool(_IP_BEFORE.search(before) or _IP_AFTER.search(after))


_LARGE_PART = 64


def _looks_like_a_version(address: IPv4Address | IPv6Address) -> bool:
    """Versions, chapters and marks count from small numbers: 8.0.44.12."""
    return isinstance(address, IPv4Address) and sum(part >= _LARGE_PART for part in address.packed) < 2


def _written_ip_address(match: Any, text: str) -> _Found:
    """8[.]8[.]4[.]4, which is written so for no other reason; 8。8。4。4 and 8-8-4-4 are where they are called one."""
    stops = {stop.strip() for stop in _IP_STOP.findall(match.group(1))}
    if stops <= _UNLINKED_STOPS or (len(stops) == 1 and _is_called_ip(match, text)):
        yield from _ip_address(match, text)


def _written_email(match: Any, text: str) -> _Found:
    """jane dot doe at gmail dot com, 12345艾特qq点com."""
    name, host = (group for group in match.groups() if group is not None)
    before = text[max(0, match.start() - 30) : match.start()]
    told = _MAIL_BEFORE.search(before) or _MAIL_HOST.search(host) or any(c in "0123456789._" for c in name)
    if told and not _ROLE_ACCOUNT.search(f"{name}@") and not _OURS_BEFORE.search(before):
        yield PersonalDatum(match.start(), match.end(), "email")


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


def _ssn(match: Any, text: str) -> _Found:
    ordered = _is_an_order(text[max(0, match.start() - 40) : match.start()])
    if not ordered and not _MODEL_AFTER.search(text[match.end() : match.end() + 6]):
        yield PersonalDatum(match.start(), match.end(), "ssn")


def _id_with_x(match: Any, text: str) -> _Found:
    number = "".join(c for c in match.group().translate(_TO_DIGIT) if c.isalnum())
    called = _birth_date(number) is not None and _called_id(text, match.start())
    if is_id_card(number) or called:
        yield PersonalDatum(match.start(), match.end(), "id_card")


def _landline(match: Any, text: str) -> _Found:
    """A telephone at home; shops tell theirs."""
    before = text[max(0, match.start() - 20) : match.start()]
    around = before + text[match.end() : match.end() + 16]
    if _ORDER_BEFORE.search(before) or _SHOP_WORDS.search(around) or _HOTLINE_WORDS.search(around):
        return
    broken = not match.group().isdigit()
    if broken or _LANDLINE_BEFORE.search(before) or _CALL_BEFORE.search(before):
        yield PersonalDatum(match.start(), match.end(), "phone")


def _spoken_landline(match: Any, text: str) -> _Found:
    """零二一五八八八七七六六, where it is called a telephone."""
    before = text[max(0, match.start() - 20) : match.start()]
    if (_LANDLINE_BEFORE.search(before) or _CALL_BEFORE.search(before)) and not _HOTLINE_WORDS.search(before):
        yield PersonalDatum(match.start(), match.end(), "phone")


def _wechat(match: Any, text: str) -> _Found:
    """An account's name: one with a digit or a joint, or one that is said to be it; `wechat please` is none."""
    link, name = match.group(1), match.group(2)
    told = any(sign in link for sign in "号:=是为叫") or " id" in link
    added = _ADD_BEFORE.search(text[max(0, match.start() - 6) : match.start()])
    if any(not character.isalpha() for character in name) or told or (added and has_han(match.group())):
        yield PersonalDatum(match.start(2), match.end(2), "wechat_id")


def _messenger_name(match: Any, _text: str) -> _Found:
    """An account's name, with a digit or a joint in it or an @ before it: `telegram channel` is none."""
    name = match.group(1)
    if not name.isalpha() or match.group().endswith(f"@{name}"):
        yield PersonalDatum(match.start(1), match.end(1), "messenger_id")


def _instagram_name(match: Any, text: str) -> _Found:
    """An account's name: one with a joint, one that is said to be it and has a digit, or one that asks to be added;
    `ig: yes` and a code to buy with are none."""
    link, name = match.group(1), match.group(2)
    told = "@" in link or any(sign in link for sign in "号:=是为叫→➡👉-") or " is" in link
    joined = "_" in name or (told and "." in name)
    asked = _ADD_ME_BEFORE.search(text[max(0, match.start() - 24) : match.start()])
    ends = not text[match.end(2) : match.end(2) + 2].strip(" ,.!;?)。")
    if _OFFER.search(text[match.start(2) : match.end(2) + 12]):
        return
    if joined or "@" in link or (told and not name.isalpha()) or (told and asked and ends and len(name) >= _MIN_NAME):
        yield PersonalDatum(match.start(2), match.end(2), "messenger_id")


_MIN_NAME = 6


def _green_name(match: Any, text: str) -> _Found:
    """绿色软件 is WeChat where somebody is to be added there; else it is a program that needs no installation."""
    link, name = match.group(1), match.group(2)
    asked = _ADD_THERE_BEFORE.search(text[max(0, match.start() - 6) : match.start()])
    if ("号" in link or asked or "聊天" in match.group()) and (
        not name.isalpha() or any(sign in link for sign in "号:=是为叫")
    ):
        yield PersonalDatum(match.start(2), match.end(2), "wechat_id")


_QQ_LENGTHS = range(5, 12)
_BROKEN_QQ_LENGTHS = range(8, 12)


def _qq_number(match: Any, text: str) -> _Found:
    """扣扣12345678; one in pieces only where it is long, since prices and dates stand behind these words too."""
    number = match.group(1)
    digits = sum(c.isalnum() for c in number)
    lengths = _QQ_LENGTHS if digits == len(number) else _BROKEN_QQ_LENGTHS
    amount = _DATE.match(number) or _AMOUNT_AFTER.search(text[match.end(1) : match.end(1) + 8])
    if digits in lengths and not amount:
        yield PersonalDatum(match.start(1), match.end(1), "wechat_id")


def _plate(match: Any, _text: str) -> _Found:
    if _DIGITS.search(match.group(2)):
        yield PersonalDatum(match.start(1), match.end(2), "plate")


def _home(match: Any, text: str) -> _Found:
    """An address, unless the sentence speaks of a shop."""
    if not _SHOP_WORDS.search(text[max(0, match.start() - 30) : match.end() + 20]):
        yield PersonalDatum(match.start(), match.end(), "address")


def _english_home(match: Any, text: str) -> _Found:
    around = text[max(0, match.start() - 40) : match.end() + 30]
    at_home = _HOME_WORDS.search(around) or _ROOM_OR_CODE.search(text[match.start() : match.end() + 40])
    if at_home and not _SHOP_WORDS.search(around):
        yield PersonalDatum(match.start(), match.end(), "address")


def _post_box(match: Any, text: str) -> _Found:
    if not _SHOP_WORDS.search(text[max(0, match.start() - 40) : match.end() + 30]):
        yield PersonalDatum(match.start(), match.end(), "address")


def _email(match: Any, text: str) -> _Found:
    if not (
        _ROLE_ACCOUNT.search(match.group()) or _OURS_BEFORE.search(text[max(0, match.start() - 40) : match.start()])
    ):
        yield PersonalDatum(match.start(), match.end(), "email")


_HOTLINE_WORDS = compile_pattern(
    r"客服|热线|售后|总机|前台|官方|咨询|订座|订位|预[约订]|服务电话|商务|招商|专线|值班|急诊|医院|学校|银行|机场|公安"
    r"|派出所|传真|fax|hotline"
)
_CALL_BEFORE = compile_pattern(r"(?:电话|座机|固话|打|拨|联系|致电|tel|call|phone)[^,。!?;]{0,8}$")
_IP_STOP = re.compile(r" ?(?:\[[.点]\]|\([.点]\)|\bdot\b|[。点.,、\-_·*/]) ?")
_UNLINKED_STOPS = frozenset(("[.]", "(.)"))
_VERSION_BEFORE = compile_pattern(
    r"(?:版本号?|version|ver\.?|固件|firmware|release|build|v|\bua|compatible|chrome|safari|firefox|edge)[^a-z0-9]{0,6}$"
)
_IP_BEFORE = compile_pattern(r"\bip\b[^,。!?;]{0,16}$|ip(?:地址|是|为)|登[录陆](?:地址|地点|地)?[^,。!?;0-9]{0,6}$")
_IP_AFTER = compile_pattern(r"^[^,。!?;0-9]{0,5}\bip(?:$|[^a-z属])")
_MAIL_BEFORE = compile_pattern(r"(?:e-?mail|mail|邮箱|邮件|contact|reach|write|message)[^,。!?;]{0,20}$")
_MAIL_HOST = compile_pattern(
    r"^(?:gmail|googlemail|hotmail|outlook|yahoo|qq|163|126|139|189|foxmail|sina|sohu|icloud|me|aol|live|msn|gmx|proton\w*"
    r"|yandex|mail|web|naver)$"
)
_ROOM_OR_CODE = compile_pattern(
    r"\b(?:apt|apartment|unit|flat|suite|#) ?[\da-z]+\b|,? [a-z]{2},? \d{5}(?:-\d{4})?\b"
    r"|\b[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}\b"
)
_PINYIN = "|".join(sorted(_PINYIN_DIGITS, key=len, reverse=True))
_PINYIN_DIGIT = re.compile(rf"{_PINYIN}|\d")
_DIGITS = re.compile(f"{_DIGIT}+")
_ENGLISH_DIGIT = compile_pattern("|".join(_ENGLISH_DIGITS))

_STREET_AND_ROOM = (
    rf"[^\pP\pS ]{{0,12}}(?:路|街|大道|巷|胡同|弄|村|镇) ?{_NUMBER}{{1,5}} ?[号弄]?[^,。!?;]{{0,12}}?"
    rf"{_NUMBER}{{1,4}} ?(?:栋|幢|号楼|座|单元)? ?{_NUMBER}{{0,4}} ?(?:室|房|户|单元|栋|幢|号楼)"
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
    r"\b\d{1,5}[a-z]? (?:(?:[a-z.'’]+|\d{1,3}(?:st|nd|rd|th)) ){1,3}?"
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|terrace|close|crescent|circle"
    r"|cir|parkway|pkwy|highway|hwy|square|trail|grove|gardens|mews)\b\.?"
    r"(?:[, ]+(?:apt|apartment|unit|suite|flat|#) ?[\da-z]+)?"
    r"|\b\d{1,4}[a-z]?,? (?:rue|avenue|boulevard|via|calle|rua) (?:[a-z'’.]+ ?){1,4}"
)
_UNIT_AND_ROOM = (
    rf"[^\pP\pS ]{{0,16}}{_NUMBER}{{1,4}}(?:号楼|楼|栋|幢|座){_NUMBER}{{1,3}}(?:单元|门){_NUMBER}{{2,4}}"
    r"(?:室|房|户|号)?"
)
_BUILDING_UNIT_ROOM = (
    r"(?:住在?|家在?|地址[是:]?|寄[到给]|送[到给])[^,。!?;0-9]{1,16}(?:区|园|苑|里|村|城|府|庭|湾|号院|[一二三四五六七八九]期)"
    r" ?\d{1,3}-\d{1,2}-\d{3,4}\b"
)
_RECIPIENT_AT = (
    r"(?:收[货件]|中奖|先生|女士|小姐|我的|[她他]的|本人)[^。!?;]{0,40}?地址[是在改为: ]{0,3}"
    rf"([^,。!?;]{{0,16}}?(?:路|街|大道|巷|胡同|弄|村|镇|小区|花园)[^,。!?;]{{0,6}}?{_NUMBER}{{1,5}}(?:号|弄|栋|组|幢|单元))"
)
_LANDLINE = r"(?:\(0\d{2,3}\)|\b0\d{2,3})[-–—/. ]{0,2}[2-9]\d{2,3}[-–—/ ]?\d{4}\b|\b09\d{2}[- ]\d{3}[- ]?\d{3}\b"
_ABROAD_LANDLINE = r"(?:\+|\b00)86[- ]?(?:10|2\d|[3-9]\d{2})[- ]\d{3,4}[- ]?\d{4}\b"
_SPOKEN_LANDLINE = rf"[零〇洞](?: ?[{_HAN_DIGITS}]){{9,11}}"
_WRITTEN_STOP = r"(?:\[\.\]|\(\.\)|\[点\]|\(点\)| ?[。点,、\-_·*/] ?| \. | dot )"
_SPLIT = "[,/.|~:;。!+=<>×%$¥]"
_GROUPED_PHONE = (
    rf"(?:^|[^0-9,/.|~:;。!+=<>×%$¥])(?:0{{0,2}}86{_SPLIT}? ?)?(1{_SPLIT}? ?[3-9](?:{_SPLIT}? ?\d){{9}})"
    rf"(?:$|[^0-9,/.|~:;。!+=<>×%$¥]|{_SPLIT}(?:$|\D))"
)
_HEART = "[❤♥♡💕💗💙-💞]"
_WECHAT_ID = (
    rf"(?:[微薇威徽维] ?{_HEART}? ?(?:[信x]|{_HEART})|wechat|wei ?xin|\bv?[vw]x|\bv ?{_HEART}|v信|绿泡泡"
    r"|[+加➕][微薇威徽维]|[加➕]v|\+v\b"
    r"|(?:^|[^\pL])[微薇威徽维v](?:号|[:=])+)"
    r"((?: ?(?:号码?|账号|帐号|id))?(?: is\b|[是为叫:= →➡👉])*)([a-z][a-z0-9_\-]{5,19})\b"
)
_BROKEN_PLATE = rf"([{_CLEAR_PROVINCES}])([a-z][·. \-]?[a-hj-np-z0-9](?:[ \-]?[a-hj-np-z0-9]){{4,5}})(?:[^a-z0-9]|$)"
_CALLED_PLATE = (
    rf"(?:车牌|牌照|车号|\bplate)[^,。!?;]{{0,8}}?([{_PROVINCES}])"
    rf"( ?[a-z][·. \-]?[a-hj-np-z0-9{_HAN_DIGITS}](?:[ \-]?[a-hj-np-z0-9{_HAN_DIGITS}]){{3,5}}[港澳挂学警]?)"
    r"(?:[^a-z0-9]|$)"
)
_SPLIT_CARD = (
    r"(?:卡号|银行卡号?|储蓄卡|信用卡|card (?:number|no)|(?:my|debit|credit) card)[^\d,。!?;]{0,6}"
    r"(\d{4}[/,.|。](?:\d{4}[/,.|。]){2,3}\d{3,4})(?:$|[^\d/,.|。])"
)
_BACKWARDS = "(?:倒着|倒过来|反着|反过来|倒序|逆序|反向|从后往前|从右往左|back ?wards?|in reverse|reversed?)"
_ELEVEN = r"(\d(?:[- ]?\d){10})"
_REVERSED_PHONE = rf"{_BACKWARDS}[^0-9]{{0,20}}{_ELEVEN}\b|\b{_ELEVEN}[^0-9a-z]{{0,3}}[^0-9]{{0,8}}{_BACKWARDS}"
_WRITTEN_EMAIL = (
    r"([a-z0-9][a-z0-9._\-]{0,40}(?: dot [a-z0-9]+)?)"
    r" ?(?:@|\(at\)|\[at\]|\{at\}|艾特|圈a|小老鼠| at |-at-| # ?) ?([a-z0-9\-]{2,30})"
    r" ?(?:\(dot\)|\[dot\]|\{dot\}| dot |-dot-|点|。|\(\.\)| \.|\. ) ?"
    r"(?:com|net|org|cn|io|co|me|edu|info|de|uk|jp|fr)\b"
)
_EMAIL_AT_IN_WORDS = (
    r"([a-z0-9][a-z0-9._\-]{0,40}) ?(?:\(at\)|\[at\]|\{at\}|艾特|圈a) ?([a-z0-9\-]{2,30})\."
    r"(?:com|net|org|cn|io|co|me|edu|info|de|uk|jp|fr)\b"
    r"|([a-z0-9][a-z0-9._\-]{0,40})#((?:gmail|hotmail|outlook|yahoo|icloud|foxmail|qq|163|126|sina))\.com\b"
)
_DATE = re.compile(r"(?:19|20)\d\d[ .\-/]\d{1,2}[ .\-/]\d{1,2}\b")
_QQ_NUMBER = (
    r"(?:(?:\bq|ԛ) ?[·.\-]? ?[qԛ]|扣 ?扣|抠 ?抠|口 ?口|叩 ?叩|企鹅|🐧|球球|蔻蔻|寇寇|\bqiu ?qiu|\bkou ?kou"
    r"|\bq(?:号|:)|(?:[+加➕]我?的?|我的?)q)(?:号码?|群)*(?:是|为|加|[: =])*"
    rf"([1-9]\d{{4,10}}\b|[1-9]\d{{2,5}}(?:[ .·\-]\d{{2,6}}){{1,3}}\b|\(?[1-9](?:[ ()]{{0,2}}\d){{6,10}}\)?"
    rf"|[{_HAN_DIGITS}]{{6,11}})"
)
_MESSENGER_NAME = (
    r"(?:\btg|telegram|纸飞机|飞机号|电报号?|\bt\.me/|\bline (?:id|号)|\bskype|\bsnap(?:chat)?)"
    r"(?:号|账号| id)?(?: is\b|[是为叫:= ])*@?((?:live:)?[a-z][a-z0-9_.]{4,31})\b"
)
_INSTAGRAM_NAME = (
    r"(?:\binsta(?:gram)?|\big|\bins)"
    r"((?:号|账号|帐号| (?:id|handle|name|account|user(?:name)?))?(?: is\b|[是为叫:= →➡👉\-]| @|@)+)"
    r"([a-z][a-z0-9_.]{3,28}[a-z0-9_])(?:$|[^a-z0-9_])"
)
_ADD_ME_BEFORE = compile_pattern(
    r"\b(?:add|dm|follow|find|message|msg|text|reach|hmu|hit)\b[^,.!?;]{0,16}$|[+加][^,。!?;]{0,4}$|我的?$"
)
_OFFER = compile_pattern(
    r"^(?:promo|sale|save|code|deal|off|gift|win|summer|winter|xmas)\w*\d|^\w+ (?:code|discount|sale|filter|promo)"
)
_GREEN_NAME = (
    r"(?:绿色(?:聊天)?(?:软件|图标|app)|绿软)"
    r"((?: ?(?:号码?|账号|帐号|id))?(?: is\b|[是为叫:= →➡👉])*)([a-z][a-z0-9_\-]{5,19})\b"
)
_ADD_THERE_BEFORE = compile_pattern("(?:[+加搜找]|联系|我的)[^,。!?;]{0,3}$")
_ADD_BEFORE = compile_pattern("[+加]|我的?$")

_IBAN_GAP = r"[ .\-_·]{0,2}"

_DETECTORS: list[tuple[Any, Callable[[Any, str], _Found]]] = [
    (compile_pattern(pattern), detect)
    for pattern, detect in [
        (f"{_DIGIT}(?:{_GAP}{_DIGIT}){{10,40}}", _numbers),
        (rf"[{_HAN_DIGITS}]{{2,4}}(?:[,、 ]{{1,2}}[{_HAN_DIGITS}]{{2,4}}){{2,5}}", _numbers),
        (rf"{_DIGIT}(?:{_GAP}{_DIGIT}){{16}}{_GAP}x\b", _id_with_x),
        (_SPLIT_CARD, _split_card),
        (_GROUPED_PHONE, _grouped_phone),
        (
            rf"(?:^|[^\pL\pN])((?:[1li|ıі])[- ]?(?:[{_LETTERED}][- ]?){{9}}[{_LETTERED}])(?:$|[^a-z0-9])",
            _lettered_phone,
        ),
        (_REVERSED_PHONE, _reversed_phone),
        (rf"\b(?:yao|yi|1)[ \-_,.]{{0,3}}(?:(?:{_PINYIN}|\d)[ \-_,.]{{0,3}}){{10}}(?:\b|$)", _pinyin_phone),
        (r"\b[a-z]{2}\d{2}(?:[ \-]?[a-z0-9]{4}){2,7}(?:[ \-]?[a-z0-9]{1,4})?\b", _iban),
        (rf"\b(?:[a-z]{_IBAN_GAP}){{2}}(?:\d{_IBAN_GAP}){{2}}(?:[a-z0-9]{_IBAN_GAP}){{10,29}}[a-z0-9]", _split_iban),
        (r"(?:^|[^0-9.])((?:\d{1,3}\.){3}\d{1,3})(?:$|[^0-9.]|\.(?:$|\D))", _ip_address),
        (rf"(?:^|[^0-9.])((?:\d{{1,3}}{_WRITTEN_STOP}){{3}}\d{{1,3}})(?:$|[^0-9.]|\.(?:$|\D))", _written_ip_address),
        (r"(?:^|[^0-9a-f:]:?)((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4})(?:$|[^0-9a-f:])", _ip_address),
        (_WRITTEN_EMAIL, _written_email),
        (_EMAIL_AT_IN_WORDS, _written_email),
        (r"\bwxid_[a-z0-9]{6,24}\b", _plain("wechat_id")),
        (
            r"\b00[- ]?(?:[2-79]\d{0,2}|8[0-57-9]\d?)[- ]\d{1,4}(?:[- ]?\d{2,4}){2,4}\b",
            _plain("phone"),
        ),
        (r"(?:\+?1[-. ]?)?\(?\b[2-9]\d{2}\)?[-. ]{0,2}\d{3}[-. ]?\d{4}\b", _us_phone),
        (r"\+(?:[2-79]\d{0,2}|8[0-57-9]\d?)[- ]?\d{1,4}(?:[- ]?\d{2,4}){2,4}\b", _plain("phone")),
        (rf"(?:\b(?:{'|'.join(_ENGLISH_DIGITS)})\b[ ,.\-]{{0,3}}){{7,12}}", _spoken_phone),
        (r"\b\d{3}-\d{2}-\d{4}\b", _ssn),
        (r"(?:\bssn\b|social security|my social)[^.!?;\d]{0,24}(\d{3}[ \-.]?\d{2}[ \-.]?\d{4})\b", _plain("ssn", 1)),
        (r"(?:护照|passport)[^。!?;\d]{0,14}?\b([a-z]{1,2}[ \-]?\d(?:[ \-]?\d){6,7})\b", _plain("passport", 1)),
        (r"(?:护照号码?|passport (?:number|no))[^。!?;\d]{0,8}(\d{3}[ \-]?\d{3}[ \-]?\d{3})\b", _plain("passport", 1)),
        (rf"([{_PROVINCES}])([a-z][·. \-]?[a-hj-np-z0-9]{{5,6}})(?:[^a-z0-9]|$)", _plate),
        (_BROKEN_PLATE, _plate),
        (_CALLED_PLATE, _plate),
        (_STREET_AND_ROOM, _home),
        (_STREET_AND_BUILDING, _home),
        (_ESTATE_AND_ROOM, _home),
        (_UNIT_AND_ROOM, _home),
        (_BUILDING_UNIT_ROOM, _home),
        (_LIVES_AT, _home),
        (_RECIPIENT_AT, _plain("address", 1)),
        (_LANDLINE, _landline),
        (_ABROAD_LANDLINE, _landline),
        (_SPOKEN_LANDLINE, _spoken_landline),
        (_ENGLISH_STREET, _english_home),
        (r"\bp\.? ?o\.? box \d{1,6}\b", _post_box),
        (_WECHAT_ID, _wechat),
        (_GREEN_NAME, _green_name),
        (_INSTAGRAM_NAME, _instagram_name),
        (_QQ_NUMBER, _qq_number),
        (_MESSENGER_NAME, _messenger_name),
        (r"\bwhats ?app[^,。!?;\d]{0,12}(\+?\d(?:[ \-]?\d){8,14})\b", _plain("messenger_id", 1)),
        (r"[a-z0-9._%+\-]{1,64}@[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){0,4}\.[a-z]{2,10}\b", _email),
    ]
]
_HAN_NUMBER = _HAN_DIGITS.replace("o", "") + "十百"
_SIGN = re.compile(rf"[a-z\d{_ROUND_DIGITS}{_HAN_NUMBER}]")
_LATIN_OR_DIGIT = re.compile(rf"[a-z\d{_ROUND_DIGITS}]")
_HAN_ALONE = re.compile(rf"[{_HAN_NUMBER}](?:(?:[\W_]{{0,3}}[{_HAN_NUMBER}]){{5}}|[号弄栋组幢单室房户楼座门])")
_MAYBE = re.compile(
    rf"[\d@_{_ROUND_DIGITS}{_HAN_DIGITS}微薇威徽维]|(?:yao|yi)[ \-_,.]{{0,3}}(?:{_PINYIN})|艾特|圈a|[ (\[\-]at[ )\]\-]"
    "|wxid|weixin|wechat|绿色|绿软|insta|(?<![a-z])(?:ig|ins)(?![a-z])"
    rf"|[vw]x|v信|v ?{_HEART}|绿泡泡|[加+➕]v|(?:^|[^a-z])v[号:=]|" + "|".join(_ENGLISH_DIGITS)
)
"""What no datum with a Latin letter or a digit is without."""
_ANY = compile_set([pattern.pattern for pattern, _ in _DETECTORS])
