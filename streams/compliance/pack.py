"""The vocabulary of a rule pack: what a lawyer writes in YAML, as typed records.

A rule fires where one of its `words` or `patterns` stands in the text and nothing excuses it. The four excuses differ
in reach: `safe` covers the match itself (最近 covers 最), `unless` and a shared exemption lie in its sentence or right
before it, `unless_text` lies anywhere in the text. `{name}` in a word or a pattern stands for any entry of that list.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from streams.events.schema import Platform, TextKind

Detector = Literal[
    "phone",
    "id_card",
    "bank_card",
    "plate",
    "address",
    "wechat_id",
    "messenger_id",
    "email",
    "ssn",
    "passport",
    "ip_address",
]
"""Personal data that a pattern alone cannot tell from an order number: see personal_data."""

Jurisdiction = Annotated[str, Meta(pattern=r"^(?:[A-Z]{2}|\*)$")]

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
    elsewhere: dict[Jurisdiction, Annotated[str, Meta(min_length=1)]] = {}
    """Its article under other laws, where it differs from the pack's."""
    words: Words = ()
    patterns: Patterns = ()
    detectors: tuple[Detector, ...] = ()
    requires: Patterns = ()
    """Each must occur somewhere in the text as well."""
    safe: Patterns = ()
    """A match that overlaps one of these does not count."""
    unless: Patterns = ()
    """None may occur in the sentence of the match."""
    unless_text: Patterns = ()
    """None may occur anywhere in the text."""
    no_excuse: Patterns = ()
    """What only looks like one of `unless_text`: it is left out of the text in which these are looked for."""
    exempt: Words = ()
    """Names of shared exemptions that excuse a match."""


def text_and_kind(example: str | Example, rule: Rule) -> tuple[str, TextKind]:
    """An example as it is checked: of the rule's first kind if it names none."""
    return (example, rule.kinds[0]) if isinstance(example, str) else (example.text, example.kind)


class PhraseSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Phrases that a timer looks for in captions and titles, in normal form and lower case.

    Disguises are not undone: a disguised disclosure does not count.
    """

    words: Words = ()
    patterns: Patterns = ()
    unless: Patterns = ()
    """None may occur in the sentence of the match: `not sponsored`."""
    must_match: Annotated[tuple[str, ...], Meta(min_length=5)]
    must_not_match: Annotated[tuple[str, ...], Meta(min_length=5)]


SaleEvent = Literal["product_shown", "product_click", "add_to_cart", "order", "payment"]


class Commercial(PhraseSpec, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What makes a stream commercial: events of its shop, or what its host says."""

    events: tuple[SaleEvent, ...] = ()
    lasts_minutes: Annotated[int, Meta(ge=1, le=1440)]
    """So long after the last sign, the stream is no longer commercial."""


class FallbackScope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The streams whose law this is where their feed names no jurisdiction."""

    platforms: Annotated[tuple[Platform, ...], Meta(min_length=1)]
    languages: tuple[Annotated[str, Meta(pattern=r"^[a-z]{2}$")], ...] = ()
    """What the host speaks; any language where none is given."""


class Stream(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A stream as an example: its host says something innocent twice a minute, except where `says` has a caption."""

    minutes: Annotated[int, Meta(ge=1, le=1440)]
    shows: tuple[int, ...] = ()
    """Minutes in which a product is shown."""
    says: dict[int, str] = {}
    """Captions by minute."""
    title: str = ""
    silent: tuple[int, int] | None = None
    """No caption from this minute on, and again from that one on."""
    jurisdiction: str | None = None
    platform: Platform | None = None
    language: str | None = None
    fires: tuple[int, ...] = ()
    """The minutes in which an alert opens, for a stream that must fire."""


class Timer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a commercial stream may run without a disclosure. Minutes count while captions arrive."""

    id: Annotated[str, Meta(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]
    article: Annotated[str, Meta(min_length=1)]
    severity: Literal["info", "warning", "critical"]
    jurisdiction: Literal["CN", "US"] | None = None
    """Where it differs from the pack's."""
    where_unknown: FallbackScope | None = None
    """None: it holds only where the feed names the jurisdiction."""
    first_minutes: Annotated[int, Meta(ge=1, le=720)]
    """From the first sign that the stream is commercial to the first disclosure."""
    every_minutes: Annotated[int, Meta(ge=1, le=720)] | None = None
    """From one disclosure to the next; None where one is enough for a session."""
    title_suffices: bool
    """Whether a disclosure in the title of the stream is one for the whole session."""
    longest_pause_minutes: Annotated[int, Meta(ge=1, le=60)] = 5
    """A longer pause between captions does not count, whatever else the feed brings."""
    commercial: Commercial
    disclosure: PhraseSpec
    must_fire: Annotated[tuple[Stream, ...], Meta(min_length=5)]
    must_not: Annotated[tuple[Stream, ...], Meta(min_length=5)]


class Title(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What people read in the place of a family's name."""

    zh: Annotated[str, Meta(min_length=1, max_length=40)]
    zh_hant: Annotated[str, Meta(min_length=1, max_length=40)]
    en: Annotated[str, Meta(min_length=1, max_length=40)]


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One family under one law."""

    family: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$")]
    """Also the value of the metric label `family`."""
    title: Title
    version: Annotated[str, Meta(pattern=r"^\d{4}\.\d{1,2}\.\d+$")]
    law: str
    jurisdiction: Literal["CN", "US"]
    checked_by_lawyer: bool
    sources: Annotated[str, Meta(min_length=20)]
    """Where the articles come from, and what that is worth."""
    rules: Annotated[tuple[Rule, ...], Meta(min_length=1)]
    elsewhere: dict[Jurisdiction, Annotated[str, Meta(min_length=1)]] = {}
    """What the rules' texts break under other laws; `*` is for any. Under a law without an article they do not hold."""
    lists: dict[str, Words] = {}
    timers: tuple[Timer, ...] = ()


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
