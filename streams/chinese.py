"""Our own words in traditional Chinese, made of the simplified ones. Texts from outside are never converted."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from opencc import OpenCC

Region = Literal["tw", "hk"]
TRADITIONAL_TERMS: Mapping[str, str] = MappingProxyType({
    "賬號": "帳號", "點贊": "點讚", "點選": "點擊", "型別": "類型", "質量": "品質",
})  # fmt: skip
"""OpenCC's terms, and the ones that are said in live commerce instead."""
_CONFIGURATIONS: Mapping[Region, str] = MappingProxyType({"tw": "s2twp", "hk": "s2hk"})


@cache
def in_traditional(simplified: str, region: Region = "tw") -> str:
    """A word or sentence in the traditional characters of a region, for Taiwan in its terms too."""
    turned: str = _converter(region).convert(simplified)
    for term, said in TRADITIONAL_TERMS.items():
        turned = turned.replace(term, said)
    return turned


@cache
def _converter(region: Region) -> Any:
    """Loading its dictionaries takes most of a second."""
    return OpenCC(_CONFIGURATIONS[region])
