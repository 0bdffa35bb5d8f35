"""The fields of a mapping in feeds.yaml (streams.ingest.mapping says what becomes of them)."""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from streams.events.schema import Kind
from streams.ingest.money import MoneyUnit
from streams.ingest.written_times import TimeUnit

Action = Literal["delete", "edit", "account_deletion", "ignore"]
"""What a message may be beside a kind of event: `delete` takes back what `id` names (a list: each), `edit` takes it
back and tells it anew, `account_deletion` takes back all texts of `author`, `ignore` means nothing here."""
MAPPED_KINDS = frozenset((set(get_args(Kind)) | set(get_args(Action))) - {"retraction"})
OTHERWISE = "*"


class MessageMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How messages become events. Each field is an expression, if it says nothing else."""

    each: str | None = None
    when: str | None = None
    """Only messages of which this is true."""
    kind: str | None = None
    """What each message is: a kind of event, or an action. No expression."""
    type: str | None = None
    """What a message is in their words; `kinds` says it in ours."""
    kinds: dict[str, str] | None = None
    """Their word → a kind of event, or an action; `*` is every other word. No expressions."""
    id: str | None = None
    """Their id. Without one an id is made of the content, so that the same message told again counts once."""
    personal_id: bool | None = None
    """The ids name a person, as an address does: pseudonyms replace them."""
    time: str | None = None
    """When it happened; without one, when it came."""
    time_unit: TimeUnit | None = None
    time_form: str | None = None
    """A form of Python's strptime, for times that are none of the known ones."""
    zone: str | None = None
    """Of times without an offset, as IANA names it; UTC, where it is missing."""
    text: str | None = None
    lang: str | None = None
    author: str | None = None
    followers: str | None = None
    verified: str | None = None
    parent: str | None = None
    """The id of what it is about: the post of a like, a comment, a running total."""
    subject: str | None = None
    """The order of a payment or refund, the streak of a gift: a name that other feeds of the platform use too."""
    brand: str | None = None
    """Whose it is, where one feed brings several brands."""
    room: str | None = None
    session: str | None = None
    product: str | None = None
    value: str | None = None
    """Pieces, seconds, viewers."""
    value_is: Literal["delta", "total"] | None = None
    """`total` for a running total of `parent` or, without it, `id`: only its growth counts."""
    amount: str | None = None
    amount_in: MoneyUnit | None = None
    currency: str | None = None
    """The code of ISO 4217: it decides the digits of `amount_in: major`."""
    reports_in: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None = None
    """The currency that the brand reports in: an amount of another one is unknown, and counted as such."""
    final: str | None = None
    """False while a gift streak may still grow."""
    commercial: str | None = None
    counts: dict[str, str] | None = None
    """Kind of event → running total of what `id` names."""
    counts_time: str | None = None
    """When the totals were read; without one, when the message came."""
    rules: tuple["MessageMapping", ...] | None = None
    """Kinds of messages that differ in their fields: the first whose `when` is true is it. What a rule leaves out is as
    the mapping has it."""
