"""Telephone numbers that are no plain run of digits: landlines, other countries', disguised, spoken, written backwards.

Mobile numbers of mainland China in digits are streams.compliance.personal_data.number_runs'.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from streams.compliance.matcher import compile_pattern
from streams.compliance.personal_data.context import (
    AMOUNT_AFTER,
    CALL_BEFORE,
    HOTLINE_WORDS,
    MODEL_AFTER,
    ORDER_BEFORE,
    PRICE_BEFORE,
    SHOP_WORDS,
    before,
    is_an_order,
)
from streams.compliance.personal_data.digits import (
    DIGIT,
    DOUBTFUL_LETTERS,
    ENGLISH_DIGITS,
    GAP,
    HAN_DIGITS,
    KOREAN_DIGITS,
    LETTERS,
    PINYIN,
    PINYIN_DIGITS,
    read_han,
    read_han_number,
    read_korean,
    read_letters,
)
from streams.compliance.personal_data.form import Form, Found, PersonalDatum, always
from streams.compliance.personal_data.number_runs import is_mobile

_PHONE_AFTER = compile_pattern(
    r"^[ ,]{0,2}(?:(?:is|was) (?:my|her|his|our|their) (?:cell|phone|number|mobile)|(?:call|text|ring|whatsapp) me"
    r"|找我|打我|打给我|给我打|联系我|是我的?(?:号|电话|手机)|香港的?号)"
)
_LANDLINE_BEFORE = compile_pattern(r"(?:家里|我|[她他]|座机|固话|宅电|家庭|住宅)[^,。!?;]{0,8}$")
_PHONE_BEFORE = compile_pattern(r"(?:call|text|phone|cell|mobile|number|whatsapp|tel|contact|reach)[^.!?;]{0,24}$")
_CALLED_BEFORE = compile_pattern(
    r"(?:电话|手机|座机|固话|宅电|号码|我的?号|我家|打给?我|联系我?|致电|whats ?app|wa\.me/"
    r"|\b(?:(?:call|text|ring|phone|reach|dial|contact) (?:me|him|her|us|them)"
    r"|my (?:cell|phone|number|mobile|hp|line|home)|mich an"
    r"|(?:cell|phone|mobile|hp|handphone|landline|tel|telephone|handy|telefon|nummer|num[eé]ro|tél))"
    r"|schreib mir|(?:appel\w*|[ée]cri\w*)-moi|mon (?:portable|mobile)"
    r"|ll[aá]mame|escr[ií]beme|mi n[uú]mero|tel[eé]fono|m[oó]vil"
    r"|chiamami|scrivimi|cellulare|meu (?:zap|n[uú]mero|celular|whats\w*)|\bbel me|mijn (?:mobiel|nummer)"
    r"|телефон|номер|звони|пиши|携帯|番号|连络|でんわ|ケータイ|번호|전화|연락|핸드폰|휴대폰)\b?[^.!?;。\d]{0,14}$"
)
_TOLL_FREE = ("400", "800", "833", "844", "855", "866", "877", "888", "900")
_TOLL_FREE_ABROAD = re.compile(r"\+(?:[17]|[2-9]\d{1,2})[-. ]?(?:\(?0\)?)?[-. ]?80[08]")
_COUNTED_AFTER = compile_pattern(
    r"^ ?(?:views?|units?|series|likes?|times|euros?|plays|people|sold|copies|downloads?|米|人|播放|粉丝|点赞|阅读)"
)
_GROUPINGS = {(3, 4, 4), (4, 4, 3), (1,) * 11}
"""How people break a mobile number up by commas, slashes or stops; prices in a row look otherwise."""
_MIN_SPELT = 3
_PINYIN_WORD = re.compile(PINYIN)
_PINYIN_DIGIT = re.compile(rf"{PINYIN}|\d")
_SPOKEN_DIGIT = re.compile(rf"(double|triple|treble)?[ \-]{{0,2}}\b({'|'.join(ENGLISH_DIGITS)})\b|(\d)")
_TIMES = {"double": 2, "triple": 3, "treble": 3}

_LANDLINE = r"(?:\(0\d{2,3}\)|\b0\d{2,3})[-–—~·_/. ]{0,2}[2-9]\d{2,3}[-–—~·_/ ]?\d{4}\b|\b09\d{2}[- ]\d{3}[- ]?\d{3}\b"
_ABROAD_LANDLINE = r"(?:\+|\b00)86[- ]?(?:10|2\d|[3-9]\d{2})[- ]\d{3,4}[- ]?\d{4}\b"
_SPOKEN_LANDLINE = rf"[零〇洞](?: ?[{HAN_DIGITS}]){{9,11}}"
_COUNTRY_CODE = r"(?:[2-79]\d{0,2}|8[0-57-9]\d?)"
_FROM_ABROAD = rf"\+{_COUNTRY_CODE}[-. ]?(?:\(0\)[-. ]?)?\d{{1,4}}(?:[-. ]?\d{{2,4}}){{2,4}}\b"
_NATIONAL = "|".join(
    (
        r"(?:91[- ]?)?[6-9]\d{4}[- ]?\d{5}",  # India
        r"[569]\d{3}[- ]?\d{4}",  # Hong Kong, Macau, Singapore
        r"(?:886[- ]?|0)9\d{2}[- ]?\d{3}[- ]?\d{3}|0[2-8][- ]?\d{3,4}[- ]?\d{4}",  # Taiwan
        r"07\d{3}[- ]?\d{3}[- ]?\d{3}|0(?:1\d{2,3}|2\d)[- ]?\d{3,4}[- ]?\d{3,4}",  # the United Kingdom
        r"01[5-7]\d[-/ ]?\d{7,8}|0[2-9]\d{1,3}[-/ ]\d{5,8}",  # Germany
        r"0[67](?:[-. ]?\d{2}){4}",  # France
        r"04\d{2}[- ]?\d{3}[- ]?\d{3}",  # Australia
        r"0[5789]0[- ]?\d{4}[- ]?\d{4}|01[016-9][-. ]?\d{3,4}[-. ]?\d{4}",  # Japan, Korea
        r"[2-9]\d{2}[/.][2-9]\d{2}[/.]\d{4}",  # North America
        r"[67]\d{2}(?:[-. ]?\d{3}[-. ]?\d{3}|(?:[-. ]\d{2}){3})",  # Spain
        r"3[2-9]\d[-. ]?\d{3}[-. ]?\d{4}",  # Italy
        r"06[- ]\d{8}",  # the Netherlands
        r"[78][- ]?\(?9\d{2}\)?[- ]?\d{3}[- ]?\d{2}[- ]?\d{2}",  # Russia
        r"\(?[1-9]\d\)?[- ]?9\d{4}[- ]?\d{4}",  # Brazil
    )
)
"""As people write their numbers at home: figures of many other things look so too."""
_OWN_SHAPE = r"\(?\b85[23]\)?[- ][5-9]\d{3}[- ]?\d{4}\b|\b0[789]0-\d{4}-\d{4}\b"
"""Hong Kong's and Macau's with their code, Japan's mobile numbers."""
_SPLIT = "[,/.|~:;。!+=<>×%$¥]"
_GROUPED_PHONE = (
    rf"(?:^|[^0-9,/.|~:;。!+=<>×%$¥])(?:0{{0,2}}86{_SPLIT}? ?)?(1{_SPLIT}? ?[3-9](?:{_SPLIT}{{0,3}} ?\d){{9}})"
    rf"(?:$|[^0-9,/.|~:;。!+=<>×%$¥]|{_SPLIT}(?:$|\D))"
)
_JOINT = r"[ ,、]{0,2}(?:然后|接着|最后|后面|中间|再|接|then|and then|followed by|next|finally)(?: ?是)?[ ,:]{0,2}"
_JOINED_PHONE = rf"(?:^|\D)(1[3-9]\d{_JOINT}\d{{4}}{_JOINT}\d{{4}}|1[3-9]\d{{2}}{_JOINT}\d{{4}}{_JOINT}\d{{3}})(?:$|\D)"
_BACKWARDS = "(?:倒着|倒过来|反着|反过来|倒序|逆序|反向|从后往前|从右往左|back ?wards?|in reverse|reversed?)"
_ELEVEN = rf"({DIGIT}(?:[- ]?{DIGIT}){{10}})"
_REVERSED_PHONE = (
    rf"{_BACKWARDS}[^0-9]{{0,20}}?{_ELEVEN}(?:$|[^0-9{HAN_DIGITS}])"
    rf"|(?:^|[^0-9{HAN_DIGITS}]){_ELEVEN}[^0-9a-z]{{0,3}}[^0-9]{{0,8}}{_BACKWARDS}"
)
_HAN_NUMBER = "[零〇一二两三四五六七八九十百千]{1,7}"
_COUNTED_PHONE = (
    rf"(?:^|[^一二两三四五六七八九十百千万])(一百[三四五六七八九]十[一二三四五六七八九]?"
    rf"(?:[、,. \-]{{0,2}}(?:\d{{1,4}}|{_HAN_NUMBER})){{1,4}})(?:$|[^十百千万亿0-9])"
)
"""一百八十六 七千四百二十 三千九百五十一: told in hundreds and thousands, as prices are."""
_NUMBER_PART = re.compile("[0-9]+|[零〇一二两三四五六七八九十百千]+")
_ONES = "[一二三四五六七八九]"
_TENS = rf"(?:零{_ONES}(?:十{_ONES}?)?|[一二两三四五六七八九]百(?:零{_ONES}|{_ONES}十{_ONES}?)?)"
_THOUSANDS = rf"[一二两三四五六七八九]千{_TENS}?"
_RUN_TOGETHER_PHONE = (
    rf"(?:^|[^一二两三四五六七八九十百千万])(一百[三四五六七八九]十[一二三四五六七八九]?)"
    rf"(?:({_THOUSANDS})({_THOUSANDS})|([零〇幺一二三四五六七八九]{{8}}))(?:$|[^一二三四五六七八九十百千万亿0-9])"
)
"""一百八十六七千四百二十三千九百五十一: the same without a sign between."""
_MISSPELT_ONE_PHONE = (
    rf"(?:^|[^什怎那这多要])(么{GAP}[3-9三四五六七八九](?:{GAP}(?:么|{DIGIT})){{9}})(?:$|[^么0-9{HAN_DIGITS}])"
)
"""么三八零零么三八零零零: 么 is in most texts, as 幺 it begins a number and is told in it."""
_LISTED_PHONE = (
    rf"(?:^|[^0-9{HAN_DIGITS}])({DIGIT}{{3,8}}(?:[,、 ]{{1,2}}{DIGIT}{{3,8}}){{1,2}})(?:$|[^0-9{HAN_DIGITS}])"
)
_KOREAN_PHONE = rf"(공일[공일육칠팔구](?:[-. ]?[{KOREAN_DIGITS}]){{7,8}})(?:$|[^{KOREAN_DIGITS}])"
_KANA_ZERO = "(?:ゼロ|マル|レイ)"
_KANA_PHONE = (
    rf"{_KANA_ZERO}[-・ ]?(?:キュウ|キュー|ハチ|ナナ|[789])[-・ ]?{_KANA_ZERO}(?:[-・ ]?(?:\d{{4}})){{2}}(?:$|\D)"
)
_LETTERED_PHONE = rf"(?:^|[^a-z0-9])((?:[1li|ıі])[- ]?(?:[0-9{LETTERS}][- ]?){{9}}[0-9{LETTERS}])(?:$|[^a-z0-9])"
_PINYIN_PHONE = rf"\b(?:yao|yi|1)[ \-_,.]{{0,3}}(?:(?:{PINYIN}|\d)[ \-_,.]{{0,3}}){{10}}(?:\b|$)"
_TONED_PHONE = rf"\b(?:yao|yi)[1-5][ \-_,.]{{0,3}}(?:(?:{PINYIN})[1-5][ \-_,.]{{0,3}}){{10}}"
_SPOKEN_PHONE = (
    rf"(?:(?:\b(?:double|triple|treble)[ \-])?(?:\b(?:{'|'.join(ENGLISH_DIGITS)})\b|\d{{1,4}})[ ,.\-]{{0,3}}){{3,12}}"
)


def _grouped_phone(match: Any, text: str) -> Found:
    """138/0013/8000, 138,0013,8000, 138+0013+8000."""
    groups = [part for part in re.split("[^0-9]+", match.group(1)) if part]
    same_signs = len(set(re.findall("[^0-9 ]+", match.group(1)))) == 1
    is_phone = tuple(map(len, groups)) in _GROUPINGS and same_signs and is_mobile("".join(groups))
    amount = AMOUNT_AFTER.search(text[match.end(1) : match.end(1) + 8])
    if is_phone and not is_an_order(text, match.start(1)) and not amount:
        yield PersonalDatum(match.start(1), match.end(1), "phone")


def _lettered_phone(match: Any, text: str) -> Found:
    """l38O0l38ooo: letters in the place of digits that they look like, most of it digits."""
    written = "".join(c for c in match.group(1) if c.isalnum() or c == "|")
    doubtful = sum(c in DOUBTFUL_LETTERS for c in written)
    real = sum(c.isdigit() for c in written)
    enough = not written.isdigit() and real >= (7 if doubtful else 4)
    if enough and is_mobile(read_letters(written)) and not is_an_order(text, match.start(1)):
        yield PersonalDatum(match.start(1), match.end(1), "phone")


def _counted_phone(match: Any, text: str) -> Found:
    """186 7420 3951 in words, each part a number."""
    parts = [part if part.isascii() else read_han_number(part) for part in _NUMBER_PART.findall(match.group(1))]
    counted = AMOUNT_AFTER.search(text[match.end(1) : match.end(1) + 8])
    if is_mobile("".join(parts)) and not counted and not is_an_order(text, match.start(1)):
        yield PersonalDatum(match.start(1), match.end(1), "phone")


def _run_together_phone(match: Any, text: str) -> Found:
    """186 7420 3951 in words without a sign between."""
    hundreds, *rest = (part for part in match.groups() if part is not None)
    end = match.start(1) + sum(map(len, (hundreds, *rest)))
    digits = read_han_number(hundreds) + "".join(map(read_han_number, rest))
    counted = AMOUNT_AFTER.search(text[end : end + 8])
    if is_mobile(digits) and not counted and not is_an_order(text, match.start(1)):
        yield PersonalDatum(match.start(1), end, "phone")


def _misspelt_one_phone(match: Any, text: str) -> Found:
    """么 for 幺."""
    digits = "".join(c for c in read_han(match.group(1).replace("么", "幺")) if c.isdigit())
    if is_mobile(digits) and not is_an_order(text, match.start(1)):
        yield PersonalDatum(match.start(1), match.end(1), "phone")


def _listed_phone(match: Any, text: str) -> Found:
    """一八六七四二,零三九五一: uneven pieces, where it is called a telephone."""
    start, end = match.span(1)
    digits = "".join(c for c in read_han(match.group(1)) if c.isdigit())
    if is_mobile(digits) and _is_called_phone(text, start, end) and not is_an_order(text, start):
        yield PersonalDatum(start, end, "phone")


def _korean_phone(match: Any, text: str) -> Found:
    """공일공 이삼사오 육칠팔구."""
    digits = "".join(c for c in read_korean(match.group(1)) if c.isdigit())
    if len(digits) in (10, 11) and not is_an_order(text, match.start(1)):
        yield PersonalDatum(match.start(1), match.end(1), "phone")


def _reversed_phone(match: Any, _text: str) -> Found:
    """A number that is said to be written backwards."""
    for group in (1, 2):
        written = match.group(group)
        if written is not None and is_mobile(re.sub("[- ]", "", read_han(written))[::-1]):
            yield PersonalDatum(match.start(group), match.end(group), "phone")


def _pinyin_phone(match: Any, text: str) -> Found:
    """yao san ba ling ling yao san ba ling ling ling; some of it may be digits."""
    words = _PINYIN_DIGIT.findall(match.group())
    spelt = sum(word in PINYIN_DIGITS for word in words)
    if spelt < _MIN_SPELT or is_an_order(text, match.start()):
        return
    if is_mobile("".join(PINYIN_DIGITS.get(word, word) for word in words)):
        yield PersonalDatum(match.start(), match.start() + len(match.group().rstrip(" -_,.")), "phone")


def _toned_phone(match: Any, text: str) -> Found:
    """yao1 ba1 liu4 …, with the number of each syllable's tone."""
    digits = "".join(PINYIN_DIGITS[word] for word in _PINYIN_WORD.findall(match.group()))
    if is_mobile(digits) and not is_an_order(text, match.start()):
        yield PersonalDatum(match.start(), match.start() + len(match.group().rstrip(" -_,.")), "phone")


def _joined_phone(match: Any, text: str) -> Found:
    """186然后7420再3951, where it is called a telephone."""
    start, end = match.span(1)
    if _is_called_phone(text, start, end) and not is_an_order(text, start):
        yield PersonalDatum(start, end, "phone")


def _us_phone(match: Any, text: str) -> Found:
    digits = "".join(c for c in match.group() if c.isdigit())[-10:]
    said = before(text, match.start())
    called = _PHONE_BEFORE.search(said) or _PHONE_AFTER.search(text[match.end() : match.end() + 30])
    broken = not match.group().endswith(digits)
    priced = ORDER_BEFORE.search(said) or PRICE_BEFORE.search(said)
    if digits.startswith(_TOLL_FREE) or priced or not (broken or called):
        return
    yield PersonalDatum(match.start(), match.end(), "phone")


def _from_abroad(match: Any, text: str) -> Found:
    """+44 (0)7911 123456; shops and free lines tell theirs."""
    around = before(text, match.start(), 20) + " " + text[match.end() : match.end() + 16]
    if not HOTLINE_WORDS.search(around) and not _TOLL_FREE_ABROAD.match(match.group()):
        yield PersonalDatum(match.start(), match.end(), "phone")


def _national(match: Any, text: str) -> Found:
    """A number of some country without its code, where it is called a telephone."""
    start, end = match.span(1)
    if _is_called_phone(text, start, end) and not _is_somebody_elses(text, start, end):
        yield PersonalDatum(start, end, "phone")


def _own_shape(match: Any, text: str) -> Found:
    if not _is_somebody_elses(text, *match.span()):
        yield PersonalDatum(match.start(), match.end(), "phone")


def _is_called_phone(text: str, start: int, end: int) -> bool:
    return bool(_CALLED_BEFORE.search(before(text, start)) or _PHONE_AFTER.search(text[end : end + 30]))


def _is_somebody_elses(text: str, start: int, end: int) -> bool:
    """Whether it is an order's, an amount, a shop's, a hotline's, or a model's."""
    said, after = before(text, start), text[end : end + 16]
    counted = AMOUNT_AFTER.search(after) or _COUNTED_AFTER.search(after) or MODEL_AFTER.search(after)
    shop = SHOP_WORDS.search(said + after) or HOTLINE_WORDS.search(said + after)
    return bool(ORDER_BEFORE.search(said) or PRICE_BEFORE.search(said) or counted or shop)


def _spoken_phone(match: Any, text: str) -> Found:
    """four one five, five five five …; with digits or `double one` among the words where it is called a telephone."""
    words = _SPOKEN_DIGIT.findall(match.group())
    said = [name or digit for _, name, digit in words]
    spelt = sum(bool(name) for _, name, _ in words)
    count = sum(_TIMES.get(times, 1) for times, _, _ in words)
    if count not in (7, 8, 10, 11):
        return
    plain = spelt == len(words) == count
    called = _PHONE_BEFORE.search(before(text, match.start())) or _is_called_phone(text, match.start(), match.end())
    lengths = (7, 10, 11) if plain else (7, 8, 10, 11) if called and spelt >= _MIN_SPELT else ()
    if count in lengths and not _is_counting(said):
        yield PersonalDatum(match.start(), match.start() + len(match.group().rstrip(" ,.-")), "phone")


def _is_counting(said: list[str]) -> bool:
    """One two three four five six seven, or back."""
    numbers = [int(one) if one.isdigit() else max(0, ENGLISH_DIGITS.index(one) - 1) for one in said]
    steps = {after - first for first, after in pairwise(numbers)}
    return steps in ({1}, {-1})


def _landline(match: Any, text: str) -> Found:
    """A telephone at home; shops tell theirs."""
    said = before(text, match.start(), 20)
    around = said + text[match.end() : match.end() + 16]
    if ORDER_BEFORE.search(said) or SHOP_WORDS.search(around) or HOTLINE_WORDS.search(around):
        return
    broken = not match.group().isdigit()
    if MODEL_AFTER.search(text[match.end() : match.end() + 8]):
        return
    if broken or _LANDLINE_BEFORE.search(said) or CALL_BEFORE.search(said):
        yield PersonalDatum(match.start(), match.end(), "phone")


def _spoken_landline(match: Any, text: str) -> Found:
    """零二一五八八八七七六六, where it is called a telephone."""
    said = before(text, match.start(), 20)
    if (_LANDLINE_BEFORE.search(said) or CALL_BEFORE.search(said)) and not HOTLINE_WORDS.search(said):
        yield PersonalDatum(match.start(), match.end(), "phone")


FORMS = (
    Form(_GROUPED_PHONE, _grouped_phone),
    Form(_JOINED_PHONE, _joined_phone),
    Form(_LETTERED_PHONE, _lettered_phone),
    Form(_REVERSED_PHONE, _reversed_phone),
    Form(_COUNTED_PHONE, _counted_phone),
    Form(_RUN_TOGETHER_PHONE, _run_together_phone),
    Form(_MISSPELT_ONE_PHONE, _misspelt_one_phone),
    Form(_LISTED_PHONE, _listed_phone),
    Form(_KOREAN_PHONE, _korean_phone),
    Form(_KANA_PHONE, _own_shape),
    Form(_PINYIN_PHONE, _pinyin_phone),
    Form(_TONED_PHONE, _toned_phone),
    Form(r"\b00[- ]?(?:[2-79]\d{0,2}|8[0-57-9]\d?)[- ]\d{1,4}(?:[- ]?\d{2,4}){2,4}\b", always("phone")),
    Form(r"(?:\+?1[-. ]?)?\(?\b[2-9]\d{2}\)?[-. ]{0,2}\d{3}[-. ]?\d{4}\b", _us_phone),
    Form(_FROM_ABROAD, _from_abroad),
    Form(rf"(?:^|[^0-9+\-./])({_NATIONAL})(?:$|[^0-9\-./:]|[.\-/:](?:$|\D))", _national),
    Form(_OWN_SHAPE, _own_shape),
    Form(_SPOKEN_PHONE, _spoken_phone),
    Form(_LANDLINE, _landline),
    Form(_ABROAD_LANDLINE, _landline),
    Form(_SPOKEN_LANDLINE, _spoken_landline),
)
