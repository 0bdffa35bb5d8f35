"""The vocabulary of a rule pack: what a lawyer writes in YAML, as typed records.

A rule fires where one of its `words` or `patterns` stands in the text and nothing excuses it. The four excuses differ
in reach: `safe` covers the match itself (最近 covers 最), `unless` and a shared exemption lie in its sentence or right
before it, `unless_text` lies anywhere in the text. `{name}` in a word or a pattern stands for any entry of that list.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from streams.events.schema import Platform, TextKind

Family = Literal[
    "absolute_claim", "unsupported_statistic", "patent_claim", "disparagement", "medical_claim", "health_food",
    "false_promise", "fake_engagement", "prize_draw", "ad_disclosure", "off_platform_diversion", "privacy_leak",
    "minors", "illegal_finance", "superstition_vulgar", "national_symbols",
]  # fmt: skip

Detector = Literal["phone", "id_card", "bank_card", "plate", "address", "wechat_id", "email", "ssn", "passport"]
"""Personal data that a pattern alone cannot tell from an order number: see personal_data."""

Words = tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...]
Patterns = tuple[Annotated[str, Meta(min_length=1, max_length=2000)], ...]


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text with what else the rule asks for, where it is not the rule's first kind."""

    text: str
    kind: TextKind


Examples = Annotated[tuple[str | Example, ...], Meta(min_length=5)]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule. Words are literal; patterns are RE2; both are matched on the normal form in lower case."""

    id: Annotated[str, Meta(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]
    article: Annotated[str, Meta(min_length=1)]
    severity: Literal["info", "warning", "critical"]
    kinds: Annotated[tuple[TextKind, ...], Meta(min_length=1)]
    must_fire: Examples
    must_not: Examples
    platforms: tuple[Platform, ...] = ()
    """Where given, the rule holds on these platforms alone; a text of unknown platform falls under every rule."""
    jurisdiction: Literal["CN", "US"] | None = None
    """Where it differs from the pack's."""
    words: Words = ()
    patterns: Patterns = ()
    detectors: tuple[Detector, ...] = ()
    requires: Patterns = ()
    """Each must occur somewhere in the text as well."""
    safe: Patterns = ()
    """A match that overlaps one of these is none."""
    unless: Patterns = ()
    """None may occur in the sentence of the match."""
    unless_text: Patterns = ()
    """None may occur anywhere in the text."""
    exempt: Words = ()
    """Names of shared exemptions that excuse a match."""


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One family under one law."""

    family: Family
    version: Annotated[str, Meta(pattern=r"^\d{4}\.\d{1,2}\.\d+$")]
    law: str
    jurisdiction: Literal["CN", "US"]
    checked_by_lawyer: bool
    sources: Annotated[str, Meta(min_length=20)]
    """Where the articles come from, and what that is worth."""
    rules: Annotated[tuple[Rule, ...], Meta(min_length=1)]
    lists: dict[str, Words] = {}


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An excuse that several rules share."""

    where: Literal["before", "after", "sentence", "text"]
    patterns: Annotated[Patterns, Meta(min_length=1)]
    within: Annotated[int, Meta(ge=0, le=40)] = 6
    """For `before` and `after`: characters that may stand between the excuse and the match, in one clause."""
    why: str = ""


class Shared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """shared.yaml: lists and exemptions for every pack."""

    lists: dict[str, Words] = {}
    exemptions: dict[str, Exemption] = {}


class Disguises(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """disguises.yaml: how people write a word so that a filter misses it."""

    looks: dict[str, str]
    """A character for one that it stands for: Cyrillic letters, 囯, ❤."""
    pieces: dict[str, str]
    """Characters taken apart, or two signs that are read as one: 氵台 → 治."""
    terms: dict[str, Words]
    """A term and the spellings that stand for it: 微信: [薇信, 卫星]."""
    fillers: Words
    """What hosts say between the characters of a word: 某, 什么."""
    digits: dict[str, str]
    """Signs in the place of Latin letters: 0 → o."""
    english: Words
    """English words that are looked for in disguise, beside those of the packs' patterns."""
    common: str
    """Characters so common that they stand for themselves, never for a homophone."""
    real_words: Words = ()
    """Words that merely sound like a term of the packs and are left alone."""
