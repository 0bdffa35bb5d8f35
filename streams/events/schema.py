"""The records on Pulsewatch's topics: JSON objects, read and written as msgspec structs.

Wire names drop the unit (`event_time`, not `event_time_ms`); times are integer milliseconds since the epoch, UTC;
money is an integer in minor units (fen, cents) of the currency that the brand reports in.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

SCHEMA_VERSION = 1

Platform = Literal[
    "douyin", "tiktok", "bilibili", "kuaishou", "taobao", "xiaohongshu", "weibo", "zhihu", "bluesky", "mastodon", "x",
    "youtube", "other",
]  # fmt: skip
"""A closed set, since it is a metric label; a feed that is none of these is `other`."""

LiveKind = Literal[
    "session_start", "session_end", "exposure", "enter", "leave", "watch", "viewers", "like", "comment", "gift",
    "follow", "unfollow", "share", "product_shown", "product_click", "add_to_cart", "order", "payment", "refund",
    "speech", "notice",
]  # fmt: skip
SocialKind = Literal["post", "repost", "reply", "review", "collect"]
Kind = Literal[LiveKind, SocialKind, "retraction", "account_deletion"]
"""What happened. `comment`, `like`, `share`, `follow` occur on both topics.

`session_start` the stream begins (text: its title; commercial: it is declared to sell) · `enter` a viewer comes in ·
`watch` seconds watched since the last `watch` (value) · `leave` (value: whole stay in seconds, 0 where `watch` events
already reported it) · `viewers` concurrent viewers now (value, always a snapshot) ·
`exposure` the room was shown in a list (value times) · `gift` value items of the unit price `amount` ·
`order` created, `payment` paid, `refund` paid back: value items, `amount` money in all, `subject_id` the order ·
`speech` a caption of the host · `notice` the platform's own violation notice · `post` by or about a brand ·
`retraction` takes back the event named in `retracts`, of the same source or by the platform's own id ·
`account_deletion` takes back the texts of `actor` that are still held, with a `room_id` those of that room; what they
counted in engagement stays.
"""

RUNNING_TOTAL_KINDS: frozenset[str] = frozenset(
    {
        "exposure", "enter", "watch", "like", "comment", "reply", "follow", "unfollow", "share", "collect", "post",
        "repost", "review", "product_shown", "product_click", "add_to_cart", "notice",
    }
)  # fmt: skip
"""Kinds that a feed may report as a running total: each adds its value to one sum. `gift` and `viewers` have rules of
their own (streams.events.codec.contradiction)."""

TEXT_KINDS: frozenset[str] = frozenset({"comment", "speech", "post", "repost", "reply", "review"})
"""Kinds whose `text` is scored."""

ValueMode = Literal["delta", "snapshot", "aggregate"]
"""`delta` adds, `aggregate` adds what a feed summed over some seconds, `snapshot` is a running total of its subject."""

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(max_length=20_000)]
Lang = Annotated[str, Meta(max_length=16)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
"""Pieces, seconds, minor units of money: what Lua and JavaScript keep exact."""
Followers = Annotated[int, Meta(ge=0, le=10**10)]
"""No platform has more accounts than there are people."""
Version = Annotated[int, Meta(ge=0, le=2**31)]
Milliseconds = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Share = Annotated[float, Meta(ge=0, le=1)]
Label = Annotated[str, Meta(max_length=64)]


class Actor(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A person as a pseudonym (HMAC, made by ingest), with the reach that the feed reports."""

    id: Id
    followers: Followers = 0
    verified: bool = False
    official: bool = False
    """The brand's or the host's own account: its posts are brand posts, its captions host speech."""
    masked: bool = False
    """The platform hides who it is: the pseudonym holds within its room alone, and may be shared."""


_WITHOUT_UNITS = {"event_time_ms": "event_time", "ingest_time_ms": "ingest_time", "log_time_ms": "log_time"}


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename=_WITHOUT_UNITS):
    """One social interaction or live-stream event: the value of social.interactions and live.events."""

    event_id: Id
    source: Id
    """The feed that delivered it (`douyin-live`, `shop-orders`); several feeds may serve one platform."""
    platform: Platform
    kind: Kind
    brand_id: Id
    event_time_ms: int
    """The codec bounds it, by the log's time."""
    ingest_time_ms: Milliseconds
    actor: Actor | None = None
    room_id: Id | None = None
    session_id: Id | None = None
    product_id: Id | None = None
    subject_id: Id | None = None
    """What it is about: the gift streak, the post of a snapshot, the order of a payment or refund."""
    text: Text | None = None
    lang: Lang | None = None
    value: Count = 1
    value_mode: ValueMode = "delta"
    amount: Count = 0
    """Money in minor units: of a `gift` the price of one piece, of an order, a payment or a refund all of it."""
    final: bool = True
    """False while a gift streak's or a caption's value may still grow or change under the same `subject_id`."""
    retracts: Id | None = None
    is_mirror: bool = False
    """The same message seen from another room: recorded, counted nowhere but in `mirrors`."""
    commercial: bool = False
    """A text with a shopping link or product card, or a session that is declared to sell: advertising rules apply."""
    source_seq: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    schema_version: Version = SCHEMA_VERSION
    jurisdiction: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    """Whose law a stream is under, where its feed reports it: `CN`, `US`, or any country of ISO 3166."""
    total: Count | None = None
    """The platform's own running total since the stream began, where its messages may be a sample: of likes with a
    `like`, of everyone who came with `viewers`. The growth of a room's likes is counted in place of what its messages
    bring; rates over arrivals go by everyone who came where that is more than the enters that were told."""
    sampled: bool = False
    """Of likes: the platform leaves some messages out. What they bring is an estimate where no total stands beside
    them."""


class Coordinates(msgspec.Struct, frozen=True, gc=False, order=True):
    """A record's position in Kafka."""

    topic: Annotated[str, Meta(max_length=249)]
    partition: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    offset: Annotated[int, Meta(ge=0, le=2**63 - 1)]

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"


TextKind = Literal["host_speech", "brand_post", "comment", "review"]
"""Who speaks, as the rules and the model ask: the host, the brand's own or a commercial post, a viewer, a buyer."""


def text_kind(event: Event) -> TextKind:
    """Which rules a text falls under."""
    if event.kind == "speech":
        return "host_speech"
    if event.kind == "review":
        return "review"
    own = event.commercial or (event.actor is not None and event.actor.official)
    return "brand_post" if own and event.kind in ("post", "repost") else "comment"


ScoredKind = Literal[TextKind, "retraction"]
"""`retraction`: no text but news of one, or of all of an account's: they were deleted."""

SpanEnd = Annotated[int, Meta(ge=0, le=20_000)]
SaidBy = Literal["rule", "likeness", "both"]
"""Which part of the verdict found a breach: a rule that matches, the second opinion alone, or the two of them."""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What a text breaks. `span` is [start, end) in characters of the text as it came."""

    family: Label
    rule: Annotated[str, Meta(max_length=256)]
    article: Annotated[str, Meta(max_length=1_000)]
    span: tuple[SpanEnd, SpanEnd]
    matched: Text
    severity: Literal["info", "warning", "critical"] = "warning"
    said_by: SaidBy = "rule"
    score: Share | None = None
    """The probability that the text is a breach of the family, by what it reads like; None where that is not asked, as
    of comments and personal data."""
    jurisdiction: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    """Whose law the article is of; None for what holds under any law."""


MAX_LABELS = 64
MAX_FINDINGS = 1_000
"""Findings a text: scoring keeps the first so many."""
Shares = Annotated[dict[Label, Share], Meta(max_length=MAX_LABELS)]


UnscoredReason = Literal["language", "model"]
"""`language`: in one that the model does not know, so it was not asked · `model`: it did not answer."""


class ScoredText(
    msgspec.Struct, frozen=True, gc=False, rename={"event_time_ms": "event_time", "log_time_ms": "log_time"}
):
    """One text with its scores and findings: the value of scored.texts, a public product."""

    event_id: Id
    origin: Coordinates
    """The record that it was made of; a text written twice has the same origin and is applied once."""
    log_time_ms: Milliseconds
    """Kafka's timestamp of the origin."""
    platform: Platform
    source: Id
    kind: ScoredKind
    brand_id: Id
    event_time_ms: Milliseconds
    text: Text
    """Personal data masked."""
    scored: bool
    """False where the model did not answer or was not asked: rules were applied, sentiment and risks are unknown."""
    sentiment: Literal["negative", "neutral", "positive"] | None = None
    sentiment_scores: Shares = {}
    risks: Shares = {}
    flagged: Annotated[list[Label], Meta(max_length=MAX_LABELS)] = []
    """Risk labels whose probability reaches the label's threshold."""
    findings: Annotated[list[Finding], Meta(max_length=MAX_FINDINGS)] = []
    actor: Actor | None = None
    room_id: Id | None = None
    session_id: Id | None = None
    product_id: Id | None = None
    lang: Lang | None = None
    model_revision: Annotated[str, Meta(max_length=256)] = ""
    schema_version: Version = SCHEMA_VERSION
    scoring_ms: Milliseconds | None = None
    """From when the worker took the text's slice in hand until it was judged; the wait before is not in it."""
    retracts: Id | None = None
    """Of a retraction: the event that is taken back (streams.events.identity); None for all texts of `actor`."""
    unscored: UnscoredReason | None = None
    """Why it has no score; None where it has one, and in texts of before 0.1.0."""
