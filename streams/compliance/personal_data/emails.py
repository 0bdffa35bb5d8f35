"""People's mail addresses; a shop's own, support@…, are nobody's."""

from __future__ import annotations

from typing import Any

from streams.compliance.matcher import compile_pattern
from streams.compliance.personal_data.context import before
from streams.compliance.personal_data.form import Form, Found, PersonalDatum, always

_ROLE_ACCOUNT = compile_pattern(
    r"^(?:support|service|help|info|contact|press|sales|hello|admin|no-?reply|care|customer\w*|business|media|hr|jobs"
    r"|legal|privacy|team|orders?|feedback|kefu)[\w.\-]*@"
)
_OURS_BEFORE = compile_pattern(
    r"\b(?:e?mail|contact|write(?: to)?|reach|tell) us\b[^!?;]{0,30}$|客服邮箱|商务合作|官方邮箱"
)
_MAIL_BEFORE = compile_pattern(r"(?:e-?mail|mail|邮箱|邮件|contact|reach|write|message)[^,。!?;]{0,20}$")
_MAIL_HOST = compile_pattern(
    r"^(?:gmail|googlemail|hotmail|outlook|yahoo|qq|163|126|139|189|foxmail|sina|sohu|icloud|me|aol|live|msn|gmx|proton\w*"
    r"|yandex|mail|web|naver)$"
)
_NAME = r"[a-z0-9][a-z0-9._\-]{0,40}"
_HOST = r"[a-z0-9\-]{2,30}"
_OPEN, _CLOSE = r"[(\[{【〔<《「] ?", r" ?[)\]}】〕>》」]"
_AT = rf"(?:@{{1,3}}|{_OPEN}(?:at|a|@|艾特|爱特){_CLOSE}|艾特|爱特|圈a|小老鼠| at |-at-| # ?)"
_DOT = rf"(?:{_OPEN}(?:dot|d|\.|点){_CLOSE}| dot |-dot-|点|。| \.|\. )"
_ENDS = r"(?:c[o0]m|net|org|cn|io|co|me|edu|info|de|uk|jp|fr)\b"
_PUBLIC_HOST = "(?:gmail|hotmail|outlook|yahoo|icloud|foxmail|qq|163|126|139|189|sina|sohu)"
_WRITTEN_EMAIL = rf"({_NAME}(?: dot [a-z0-9]+)?) ?{_AT} ?({_HOST}) ?{_DOT} ?{_ENDS}"
_AT_IN_WORDS = (
    rf"({_NAME}) ?(?:@@{{1,2}}|{_OPEN}(?:at|a|@|艾特|爱特){_CLOSE}|艾特|爱特|圈a|小老鼠) ?({_HOST})\.{_ENDS}"
    rf"|({_NAME})#({_PUBLIC_HOST})\.com\b|({_NAME}) ?@ ?({_PUBLIC_HOST})[ ,.]{{0,2}}c[o0]m\b"
)
_SPACED_EMAIL = r"\b(?:[a-z0-9._\-] ){3,40}@ (?:[a-z0-9\-] ?){2,20}\. ?c ?(?:o ?m|n)\b"


def _written_email(match: Any, text: str) -> Found:
    """jane dot doe at gmail dot com, 12345艾特qq点com."""
    name, host = (group for group in match.groups() if group is not None)
    said = before(text, match.start(), 30)
    told = _MAIL_BEFORE.search(said) or _MAIL_HOST.search(host) or any(c in "0123456789._" for c in name)
    if told and not _ROLE_ACCOUNT.search(f"{name}@") and not _OURS_BEFORE.search(said):
        yield PersonalDatum(match.start(), match.end(), "email")


def _email(match: Any, text: str) -> Found:
    if not (_ROLE_ACCOUNT.search(match.group()) or _OURS_BEFORE.search(before(text, match.start()))):
        yield PersonalDatum(match.start(), match.end(), "email")


FORMS = (
    Form(_WRITTEN_EMAIL, _written_email),
    Form(_AT_IN_WORDS, _written_email),
    Form(_SPACED_EMAIL, always("email")),
    Form(r"[a-z0-9._%+\-]{1,64}@[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){0,4}\.[a-z]{2,10}\b", _email),
)
