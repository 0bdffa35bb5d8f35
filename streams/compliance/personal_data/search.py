"""All forms, asked of a text at once; most texts of a live chat have nothing that a personal datum is made of."""

from __future__ import annotations

import re

from streams.compliance.matcher import compile_pattern, compile_set
from streams.compliance.personal_data.account_names import FORMS as ACCOUNT_NAMES
from streams.compliance.personal_data.account_names import HEART
from streams.compliance.personal_data.digits import (
    ENGLISH_DIGITS,
    HAN_DIGITS,
    PINYIN,
    ROUND_DIGITS,
    in_ascii_digits,
    without_tones,
)
from streams.compliance.personal_data.documents import FORMS as DOCUMENTS
from streams.compliance.personal_data.emails import FORMS as EMAILS
from streams.compliance.personal_data.form import PersonalDatum
from streams.compliance.personal_data.home_addresses import FORMS as HOME_ADDRESSES
from streams.compliance.personal_data.ibans import FORMS as IBANS
from streams.compliance.personal_data.net_addresses import FORMS as NET_ADDRESSES
from streams.compliance.personal_data.number_runs import FORMS as NUMBER_RUNS
from streams.compliance.personal_data.phones import FORMS as PHONES

_FORMS = [
    (compile_pattern(form.pattern), form.decide)
    for forms in (NUMBER_RUNS, PHONES, DOCUMENTS, IBANS, NET_ADDRESSES, EMAILS, HOME_ADDRESSES, ACCOUNT_NAMES)
    for form in forms
]
_ANY = compile_set([pattern.pattern for pattern, _ in _FORMS])
_HAN_NUMBER = HAN_DIGITS.replace("o", "") + "十百"
_SIGN = re.compile(rf"[a-z\d{ROUND_DIGITS}{_HAN_NUMBER}공]")
_LATIN_OR_DIGIT = re.compile(rf"[a-z\d{ROUND_DIGITS}]")
_HAN_ALONE = re.compile(rf"[{_HAN_NUMBER}](?:(?:[\W_]{{0,3}}[{_HAN_NUMBER}千么杠]){{5}}|[号弄栋组幢单室房户楼座门])")
_KOREAN_ALONE = "공일"
"""How a mobile number of Korea begins in words: 01."""
_MAYBE = re.compile(
    rf"[\d@_{ROUND_DIGITS}{HAN_DIGITS}微薇威徽维]|(?:yao|yi)[ \-_,.]{{0,3}}(?:{PINYIN})|[艾爱]特|圈a|小老鼠"
    r"|[ \-]at[ \-]|[(\[{【〔<《「] ?(?:at|a|@) ?[)\]}】〕>》」]"
    "|wxid|weixin|wechat|绿色|绿软|insta|(?<![a-z])(?:ig|ins)(?![a-z])"
    rf"|[vw]x|v信|v ?{HEART}|绿泡泡|[加+➕]v|(?:^|[^a-z])v[号:=]|" + "|".join(ENGLISH_DIGITS)
)
"""What no datum with a Latin letter or a digit is without."""


def find_personal_data(plain: str) -> list[PersonalDatum]:
    """Personal data in a text in normal form and lower case; spans in order, disjoint."""
    found: list[PersonalDatum] = []
    plain = without_tones(plain)
    if not _may_hold_any(plain):
        return found
    plain = in_ascii_digits(plain)
    for index in sorted(_ANY.Match(plain) or ()):
        pattern, decide = _FORMS[index]
        for match in pattern.finditer(plain):
            found += decide(match, plain)
    kept: list[PersonalDatum] = []
    for datum in sorted(found, key=lambda datum: (datum.start, -datum.end)):
        if not kept or datum.start >= kept[-1].end:
            kept.append(datum)
    return kept


def _may_hold_any(plain: str) -> bool:
    """Whether a search is worth while.

    A datum has a Latin letter or a digit of any script in it, or else it is Korean or Han alone: a row of digits, or
    a number before a word for a part of an address. Latin letters alone are a datum in few forms.
    """
    sign = _SIGN.search(plain)
    if sign is None:
        return False
    if _LATIN_OR_DIGIT.search(plain, sign.start()) is None:
        return _HAN_ALONE.search(plain, sign.start()) is not None or _KOREAN_ALONE in plain
    return _MAYBE.search(plain) is not None
