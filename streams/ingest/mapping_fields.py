"""The fields of a mapping in feeds.yaml (streams.ingest.mapping says what becomes of them)."""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from streams.events.schema import Kind
from streams.ingest.money import MoneyUnit
from streams.ingest.written_times import TimeUnit

Action = Literal["delete", "edit", "account_deletion", "ignore"]
"""What a message may be beside a kind of event: `delete` takes back what `id` names (a list: each), `edit` takes it
back and tells it anew, `account_deletion` takes back all texts of `author` (those in `room`, where one is named),
`ignore` means nothing here."""
MAPPED_KINDS = frozenset((set(get_args(Kind)) | set(get_args(Action))) - {"retraction"})
OTHERWISE = "*"


class MessageMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How messages become events. Each field is an expression, if it says nothing else: `currency` is what the message
    has under that name, `"'CNY'"` the constant CNY."""

    each: str | None = None
    """The messages in what came at once: `data.items[]`. Without it, it is one message, or a list of them."""
    when: str | None = None
    """Only messages of which this is true; "false", "no", "0" and an empty text are not."""
    kind: str | None = None
    """What each message is: a kind of event, or an action. A word, no expression."""
    type: str | None = None
    """What a message is in their words; `kinds` says it in ours."""
    kinds: dict[str, str] | None = None
    """Their word → a kind of event, or an action; `*` is every other word. Words, no expressions."""
    id: str | None = None
    """Their id; of `delete` also a list. Without it an id is made of the content: told again, it counts once."""
    personal_id: bool | None = None
    """true: the ids name a person, as an address does, and pseudonyms replace them. No expression."""
    time: str | None = None
    """When it happened; without one, when it came. Numbers since the epoch, and the times below."""
    time_unit: TimeUnit | None = None
    """What a number counts: `s`, `ms`, `us`, `ns`; `auto` goes by its size. No expression."""
    time_form: str | None = None
    """A form of Python's strptime, for times that are none of the known ones. No expression."""
    zone: str | None = None
    """Of times without an offset, as IANA names it: a rule's, else the mapping's, else the feed's `zone`, else UTC. A
    time that says its offset has that one. No expression."""
    text: str | None = None
    """The wording; pieces are joined: `join('', parts[].text)`."""
    lang: str | None = None
    """The text's language as they know it, as `zh`; found, where it is missing."""
    author: str | None = None
    """The user id of who wrote, gave or bought; it becomes a pseudonym."""
    followers: str | None = None
    """How many follow the author: 12000, "12000", 1.2万, 12.3K."""
    verified: str | None = None
    """Whether the platform vouches for the author."""
    parent: str | None = None
    """The id of what it is about: the post of a like, a comment, a running total."""
    subject: str | None = None
    """The order of a payment or refund, the streak of a gift: a name that other feeds of the platform use too."""
    brand: str | None = None
    """The id of the brand whose it is, where one feed brings several. Without it the feed's `brand`, else the catalogue
    by the text: what has no text and is about none that is known goes nowhere, counted."""
    room: str | None = None
    """The live room's id; without it the feed's."""
    session: str | None = None
    """The stream's id within the room; without it the feed's."""
    product: str | None = None
    """The product's id."""
    value: str | None = None
    """Pieces, seconds, viewers; strings and 1.2万 are read. 1, where it is missing."""
    value_is: Literal["delta", "total"] | None = None
    """`total` for a running total of `parent` or, without it, `id`: only its growth counts. No expression."""
    amount: str | None = None
    """The money in all, of a gift the price of one: 19900, "19900", "199.00", "¥1,299.00" (`amount_in`)."""
    amount_in: MoneyUnit | None = None
    """`minor`, which it is where nothing is said: 19900 is 199 yuan; `major`: 199, "199.00". No expression."""
    currency: str | None = None
    """The code of ISO 4217 as the message has it, or a constant, `"'CNY'"`: it decides the digits of `major`."""
    reports_in: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None = None
    """The currency that the brand reports in: an amount of another one is unknown, and counted as such. No
    expression."""
    final: str | None = None
    """False while a gift streak may still grow."""
    commercial: str | None = None
    """Whether the text is an advertisement that says so."""
    counts: dict[str, str] | None = None
    """Kind of event → running total of what `id` names."""
    counts_time: str | None = None
    """When the totals were read; without one, when the message came."""
    rules: tuple["MessageMapping", ...] | None = None
    """Kinds of messages that differ in their fields: the first whose `when` is true is it. What a rule leaves out is as
    the mapping has it."""
