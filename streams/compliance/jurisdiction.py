"""Whose law a text is judged by, and the article that it breaks there.

A feed may name the jurisdiction, or the operator (PULSEWATCH_JURISDICTION). Else the market tells, then the language: a
text on a Chinese platform or in Chinese is under Chinese law, one in English under that of the United States. Of any
other language no law is known here: what breaks the rules of all platforms, such as personal data, is found all the
same.

    text                            named   law    absolute_claim             privacy_leak
    最高级的面料                       -       CN     广告法 第九条                 个人信息保护法 第十三条
    #1 brand worldwide              -       US     15 U.S.C. §45(a)           15 U.S.C. §45(a)
    最高級の素材を使いました               -       -      none                       platform rules
    最高级的面料                       SG      SG     none                       platform rules
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from models.language import Language
from streams.events.schema import Platform

ANYWHERE: Final = "*"
"""In the place of a jurisdiction: what holds under any law."""
_CHINESE_MARKET: Final = frozenset[Platform | None](
    ["douyin", "kuaishou", "taobao", "xiaohongshu", "weibo", "zhihu", "bilibili"]
)
_OF_LANGUAGE: Final[Mapping[Language, str | None]] = {"zh": "CN", "en": "US", "other": None}


class Law:
    """The law that a text is judged by: a jurisdiction (None where it is not known), and whether somebody named it.

    Most texts match no rule, so their language is asked for with the first rule that does.
    """

    def __init__(self, language: Callable[[], Language], platform: Platform | None, named: str | None) -> None:
        self.is_named = named is not None
        self._language = language
        self._platform = platform
        self._named = named

    @cached_property
    def language(self) -> Language:
        return self._language()

    @cached_property
    def jurisdiction(self) -> str | None:
        if self._named is not None:
            return self._named
        is_chinese = self._platform in _CHINESE_MARKET and self.language != "other"
        return "CN" if is_chinese else _OF_LANGUAGE[self.language]


class Citation(NamedTuple):
    """What a finding cites; `jurisdiction` is None for what holds under any law."""

    article: str
    jurisdiction: str | None


def citation(articles: Mapping[str, str], own: str, law: Law) -> Citation | None:
    """The article of a rule under a law; None if the rule does not hold there.

    `articles` are the rule's by jurisdiction, `own` is the one whose law it was written for: that is cited, by its
    name, where a law was only guessed and the rule knows none of it.
    """
    if law.jurisdiction is not None and law.jurisdiction in articles:
        return Citation(articles[law.jurisdiction], law.jurisdiction)
    if ANYWHERE in articles:
        return Citation(articles[ANYWHERE], None)
    if not law.is_named and law.language != "other":
        return Citation(articles[own], own)
    return None
