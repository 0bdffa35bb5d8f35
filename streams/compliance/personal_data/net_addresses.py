"""Somebody's address in the net. Versions look alike, and addresses of one's own network tell nothing."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from streams.compliance.matcher import compile_pattern
from streams.compliance.personal_data.context import before
from streams.compliance.personal_data.digits import HAN_DIGITS, read_han
from streams.compliance.personal_data.form import Form, Found, PersonalDatum

_STOP = re.compile(r" ?(?:\[[.点]\]|\([.点]\)|\bdot\b|[。点.,、\-_·*/]) ?")
_UNLINKED_STOPS = frozenset(("[.]", "(.)"))
_WRITTEN_STOP = r"(?:\[\.\]|\(\.\)|\[点\]|\(点\)| ?[。点,、\-_·*/] ?| \. | dot )"
_VERSION_BEFORE = compile_pattern(
    r"(?:版本号?|version|ver\.?|固件|firmware|release|build|v|\bua|compatible|chrome|safari|firefox|edge)[^a-z0-9]{0,6}$"
)
_IP_BEFORE = compile_pattern(r"\bip\b[^,。!?;]{0,16}$|ip(?:地址|是|为)|登[录陆](?:地址|地点|地)?[^,。!?;0-9]{0,6}$")
_IP_AFTER = compile_pattern(r"^[^,。!?;0-9]{0,5}\bip(?:$|[^a-z属])")
_HAN_PART = f"[{HAN_DIGITS}]{{1,3}}"
_LARGE_PART = 64
_PUBLIC = IPv6Network("2000::/3")
"""What addresses are given out from; `c::d` is a name in a program."""


def _address(match: Any, text: str) -> Found:
    try:
        address = ip_address(_STOP.sub(".", match.group(1)))
    except ValueError:
        return
    if _VERSION_BEFORE.search(before(text, match.start(1), 24)):
        return
    if _is_somebodys(address) or _is_called_ip(match, text):
        yield PersonalDatum(match.start(1), match.end(1), "ip_address")


def _is_called_ip(match: Any, text: str) -> bool:
    said, after = before(text, match.start(1), 24), text[match.end(1) : match.end(1) + 12]
    return bool(_IP_BEFORE.search(said) or _IP_AFTER.search(after))


def _is_somebodys(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is a public one, and no version: versions, chapters and marks count from small numbers, 8.0.44.12."""
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return address in _PUBLIC and address.is_global if mapped is None else _is_somebodys(mapped)
    return address.is_global and sum(part >= _LARGE_PART for part in address.packed) > 1


def _spoken_address(match: Any, text: str) -> Found:
    """一八三点六二点一四一点九, where it is called one."""
    if _is_called_ip(match, text) and all(int(read_han(part)) < 256 for part in match.group(1).split("点")):
        yield PersonalDatum(match.start(1), match.end(1), "ip_address")


def _written_address(match: Any, text: str) -> Found:
    """8[.]8[.]4[.]4, which is written so for no other reason; 8。8。4。4 and 8-8-4-4 are where they are called one."""
    stops = {stop.strip() for stop in _STOP.findall(match.group(1))}
    if stops <= _UNLINKED_STOPS or (len(stops) == 1 and _is_called_ip(match, text)):
        yield from _address(match, text)


FORMS = (
    Form(r"(?:^|[^0-9.])((?:\d{1,3}\.){3}\d{1,3})(?:$|[^0-9.]|\.(?:$|\D))", _address),
    Form(rf"(?:^|[^0-9.])((?:\d{{1,3}}{_WRITTEN_STOP}){{3}}\d{{1,3}})(?:$|[^0-9.]|\.(?:$|\D))", _written_address),
    Form(
        r"(?:^|[^0-9a-f:]:??)((?:::(?:[0-9a-f]{0,4}:){0,6}|[0-9a-f]{1,4}:(?:[0-9a-f]{0,4}:){1,6})"
        r"(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{1,4}))(?:$|[^0-9a-f:])",
        _address,
    ),
    Form(rf"({_HAN_PART}(?:点{_HAN_PART}){{3}})", _spoken_address),
)
