"""What a simulation is made of, as frozen facts; minutes count from the scenario's start.

Brands have products and social feeds, rooms belong to brands, incidents fall upon either, and disorder is what real
feeds do to all of it on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from streams.events.schema import Platform

Language = Literal["zh", "en"]
Goods = Literal["food", "electronics", "care"]
"""Decides the words of a crisis."""

IncidentKind = Literal[
    "crisis",
    "praise",
    "coordinated",
    "false_advertising",
    "room_collapse",
    "silent_feed",
    "fake_traffic",
    "undisclosed",
]


@dataclass(frozen=True)
class Product:
    """Something sold; the price in minor units."""

    product_id: str
    zh: str
    en: str
    price: int


@dataclass(frozen=True)
class SocialFeed:
    """A collector's feed of posts about a brand; each brand's feed is a source of its own."""

    platform: Platform
    source: str
    language: Language
    texts_per_minute: float


@dataclass(frozen=True)
class Brand:
    """A brand, by both of its names."""

    brand_id: str
    zh: str
    en: str
    goods: Goods
    products: tuple[Product, ...]
    feeds: tuple[SocialFeed, ...]


@dataclass(frozen=True)
class Room:
    """A live room with one session; it is still open at the scenario's end where `closes_minute` is None."""

    room_id: str
    brand_id: str
    platform: Platform
    source: str
    language: Language
    host: str
    audience: int
    """Concurrent viewers once the room has filled."""
    opens_minute: float = 0.0
    """Below 0 before the scenario's start."""
    closes_minute: float | None = None
    stay_seconds: float = 180.0
    comments_per_minute: float = 2.5
    captions_per_minute: float = 2.0
    discloses_minutes: float = 12.0
    """How often the host says that the stream is an advertisement."""
    watch_heartbeats: bool = False
    """True: the player reports watched seconds every minute; False: the whole stay comes with `leave`."""


@dataclass(frozen=True)
class Incident:
    """Something that happens to a brand, or to one of its rooms, and the alerts that it deserves."""

    kind: IncidentKind
    brand_id: str
    onset_minute: float
    minutes: float
    texts_per_minute: float = 0.0
    room_id: str | None = None
    source: str | None = None
    """The feed that falls silent."""
    families: tuple[str, ...] = ()
    """Rule families that the host breaks."""


@dataclass(frozen=True)
class Disorder:
    """Shares of events that meet each fate, and how often each kind of unreadable record occurs."""

    duplicates: float = 0.01
    mirrors: float = 0.1
    """Of comments in rooms on platforms that mirror (bilibili)."""
    retractions: float = 0.01
    """Of comments, posts, reviews and single gifts."""
    early_retractions: float = 0.2
    """Of these, how many overtake what they take back."""
    unmatched_retractions: int = 3
    late: int = 40
    malformed_rounds: int = 1
    huge_records: bool = True
    """Records of ten megabytes and of a million levels."""
    absurd_numbers: bool = False
    """Numbers and ids of a readable event beyond all bounds, among the malformed ones."""


@dataclass(frozen=True)
class Unkindness:
    """What real feeds do, and a simulator need not. Each is a switch of its own, and off by itself."""

    platform_messages: frozenset[str] = frozenset()
    """Rooms that speak in their platform's own messages, through its decoder: only what the platform sends is told,
    without a session's id; orders, payments and refunds come from a merchant's feed of its own."""
    clocks_off_seconds: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Source of a feed, or a room that speaks for itself → how far its clock is ahead; below 0 behind."""
    polled_minutes: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Source of a social feed → how often its collector asks; it is told the newest first."""
    silent_ends: frozenset[str] = frozenset()
    """Rooms that never say that their stream is over."""
    masked_users: float = 0.0
    """The share of Bilibili's users whom who is not signed in sees masked."""
    sampled: float = 0.0
    """The share of likes and enters on TikTok and Douyin that the platform leaves out; its totals have them."""
    reordered_seconds: float = 0.0
    """How late comments, likes and enters of such rooms may be, each by itself, so that they come out of order."""
    deleted_accounts: int = 0
    """Authors of posts whose account is deleted minutes later: one message, not one for each post."""
    strange_languages: float = 0.0
    """The share of comments in rooms in a language that the model does not know."""


@dataclass(frozen=True)
class Scenario:
    """All of it; the same scenario, seed and end give the same bytes."""

    name: str
    minutes: int
    brands: tuple[Brand, ...]
    rooms: tuple[Room, ...]
    incidents: tuple[Incident, ...] = ()
    disorder: Disorder = Disorder()
    unkindness: Unkindness = Unkindness()
    seed: int = 7
