"""One connection's messages as events, and a count of everything in them that could not be read.

    raw message ─► Fields ─► its type ─► a translation ─► events
                    │           │             │
                    └───────────┴─────────────┴────────► unread, by type and reason, with an example

A decoder is what a platform's messages are: how they say their type, and what each type becomes. A `Feed` is one
connection of it. It never raises: a message that cannot be read costs itself alone.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self

import msgspec

from streams.events.schema import Actor, Event, Kind
from streams.ingest.context import MAX_TEXT_CHARS, FeedContext
from streams.ingest.foreign import (
    MAX_COUNT,
    NOTHING_READ,
    Fields,
    ForeignError,
    UnreadReason,
    digest,
    read_json,
    read_values,
)
from streams.metrics import INGEST_UNREAD

LOG = logging.getLogger(__name__)

EXAMPLE_BYTES = 4_000
MAX_TYPES = 200
"""Type names that a feed keeps apart; further ones, which a hostile feed makes up, are counted together."""
MAX_LIST_PRICES = 1_000
MAX_EDITED = 10_000
"""Edited texts whose newest wording is known."""
OTHER = "other"
NOT_KNOWN = "what it tells is not known"
MAX_TYPE_CHARS = 64
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Message:
    """One message on its way in: what it is, whose feed it came by, and when."""

    type: str
    fields: Fields
    context: FeedContext
    received_ms: int
    notes: list[UnreadReason] = field(default_factory=list)
    """What is not known of it although it was read."""
    versions: dict[str, "FirstWording"] = field(default_factory=dict)
    """By event id: what it is a wording of."""

    def at_ms(self, *names: str) -> int:
        """The time in one of these fields; where there is none, that of its arrival."""
        return self.fields.time_ms(*names) or self.received_ms

    def made_id(self, *parts: object) -> str:
        """The id of what the platform gives none: by room, type and content, so that it is the same told again, and by
        another collector. No user id can be found in it."""
        content = digest(self.context.room_id, self.type, *parts)
        return f"{self.type}:{self.context.pseudonymise(content)}"

    def event(self, kind: Kind, own_id: str, at_ms: int, **fields: Any) -> Event:
        text = fields.get("text")
        if text is not None and len(text) > MAX_TEXT_CHARS:
            self.notes.append("text_cut")
        for name in ("value", "amount", "total"):
            if (fields.get(name) or 0) > MAX_COUNT:
                raise ForeignError("out_of_range", f"{name} is out of range")
        return self.context.event(kind, own_id, at_ms, self.received_ms, **fields)

    def version(
        self, kind: Kind, own_id: str, version: str, at_ms: int, *, replaces_plain: bool = True, **fields: Any
    ) -> Event:
        """The event of a wording: `own_id` names what was edited, `version` how it reads now. The feed takes the former
        wording back, and a deletion of `own_id` is that of the last one. `replaces_plain`: the first wording was told
        as an `event` without a version."""
        event = self.event(kind, f"{own_id}:{version}", at_ms, **fields)
        self.versions[event.event_id] = FirstWording(self.context.own_id(own_id), replaces_plain)
        return event

    def retraction(self, own_id: str, at_ms: int) -> Event:
        return self.context.retraction(own_id, at_ms, self.received_ms)

    def masked(self, mark: str) -> Actor | None:
        """A hidden user, and a note that it is one."""
        self.notes.append("masked_user")
        return self.context.masked_actor(mark)


@dataclass(frozen=True, slots=True)
class FirstWording:
    """The event of a text's first wording, by the id that it has or would have."""

    event_id: str
    was_told: bool


class _LastWording(NamedTuple):
    """What is remembered of an edited text."""

    told_id: str
    """The id by which its newest wording went out."""
    version_id: str
    """The id by which that came."""
    edits: int

    @classmethod
    def of(cls, remembered: str) -> Self:
        told_id, version_id, edits = (*remembered.split(_SEPARATOR), "", "")[:3]
        return cls(told_id, version_id or told_id, int(edits or 1))

    def __str__(self) -> str:
        return _SEPARATOR.join(map(str, self))


Translation = Callable[[Message], list[Event]]
"""What one type of message becomes. Raises ForeignError."""


def one_or_list(value: Any) -> Sequence[Any]:
    """A message, or a list of messages."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Decoder:
    """A platform's messages."""

    type_of: Callable[[Fields], str]
    """A message's type, by the name that the tables have. Raises ForeignError."""
    translations: Mapping[str, Translation]
    ignored: frozenset[str] = frozenset()
    """Types that are known, and mean nothing here."""
    messages_in: Callable[[Any], Sequence[Any]] = one_or_list
    """The messages in what came at once. Raises ForeignError."""

    def decode(self, raw: bytes | str, context: FeedContext, received_ms: int) -> list[Event]:
        """The events of one message; none for a type that means nothing here, or is unknown. Raises
        msgspec.DecodeError, and nothing else."""
        message = self.message(read_json(raw), context, received_ms)
        translate = self.translations.get(message.type)
        return translate(message) if translate else []

    def message(self, value: Any, context: FeedContext, received_ms: int) -> Message:
        """A JSON value as a message. Raises ForeignError."""
        if not isinstance(value, dict):
            raise ForeignError("not_json", "a message is a JSON object")
        fields = Fields(value)
        return Message(self.type_of(fields), fields, context, received_ms)

    def knows(self, type_name: str) -> bool:
        return type_name in self.translations or type_name in self.ignored


@dataclass
class Unread:
    """How often something could not be read, and the first time that it was not."""

    count: int
    example: bytes
    """The message as it came, cut. It may hold personal data: no log or status has it."""
    detail: str


class UnreadPart(NamedTuple):
    """Something of a message that could not be read."""

    type: str
    """Its type, shortened; empty where it says none."""
    reason: UnreadReason
    detail: str
    """In words."""


class Wordings(Protocol):
    """Which wording of an event is the newest: by the id of the first, in the feed's own form. By the id of a wording,
    that it was told."""

    def newest(self, first_id: str) -> str | None: ...

    def note(self, first_id: str, newest_id: str) -> None: ...


class RememberedWordings:
    """In this process, as many as MAX_EDITED."""

    def __init__(self) -> None:
        self._newest: OrderedDict[str, str] = OrderedDict()

    def newest(self, first_id: str) -> str | None:
        return self._newest.get(first_id)

    def note(self, first_id: str, newest_id: str) -> None:
        self._newest[first_id] = newest_id
        self._newest.move_to_end(first_id)
        if len(self._newest) > MAX_EDITED:
            self._newest.popitem(last=False)


class Feed:
    """The messages of one connection. `unread` is for people; `pulsewatch_ingest_unread_total` counts the same."""

    def __init__(self, decoder: Decoder, context: FeedContext, wordings: Wordings | None = None) -> None:
        self._decoder = decoder
        self.context = context
        self._wordings = wordings or RememberedWordings()
        self.unread: dict[tuple[str, UnreadReason], Unread] = {}
        self.not_read: list[UnreadPart] = []
        """Of the last message."""
        self._place = ""
        """Where the message stands that is being read."""
        self._list_prices: OrderedDict[str, int] = OrderedDict()
        """What was told of late at a list price: event id → worth."""

    def read(self, raw: bytes | str, received_ms: int, place: str = "") -> list[Event]:
        """The events of a message, or of a list of messages; `place` is told of what cannot be read. Never raises."""
        self._place, self.not_read = place, []
        try:
            messages = self._decoder.messages_in(read_values(raw))
        except ForeignError as error:
            self._count("", error.reason, str(error), raw)
            return []
        return [event for message in messages for event in self._read(message, raw, received_ms)]

    def summary(self) -> Iterable[str]:
        """A line for each type and reason, the most frequent first."""
        for (type_name, reason), unread in sorted(self.unread.items(), key=lambda item: -item[1].count):
            yield f"{unread.count} × {type_name or 'no type'}: {reason} ({unread.detail})"

    def _read(self, value: Any, raw: bytes | str, received_ms: int) -> list[Event]:
        type_name = ""
        try:
            message = self._decoder.message(value, self.context, received_ms)
            type_name = message.type
            translate = self._decoder.translations.get(type_name)
            if translate is None:
                if type_name not in self._decoder.ignored:
                    self._count(type_name, "unknown_type", "this decoder does not know it", raw)
                return []
            events = translate(message)
        except ForeignError as error:
            self._count(type_name, error.reason, str(error), raw)
            return []
        except RecursionError:
            self._count(type_name, "too_deep", "nested too deeply", raw)
            return []
        for note in message.notes:
            self._count(type_name, note, NOT_KNOWN if note in NOTHING_READ else "the rest of it was read", raw)
        if "list_price" in message.notes:
            self._list_prices.update((event.event_id, event.value * event.amount) for event in events)
            while len(self._list_prices) > MAX_LIST_PRICES:
                self._list_prices.popitem(last=False)
            return events
        folded = [told for event in events for told in self._newest_wording(event, message)]
        return [told for event in folded for told in self._at_its_price(event, message)]

    def _newest_wording(self, event: Event, message: Message) -> Iterable[Event]:
        """An edit takes back what it replaces; a deletion takes back the last wording. A wording that comes back after
        another, as where an edit is undone, is told by an id of its own: its first was taken back."""
        first = message.versions.get(event.event_id)
        if first is None:
            worded = self._last_wording(event.retracts) if event.retracts else None
            yield event if worded is None else self._taken_back(worded.told_id, event, event.event_time_ms)
            return
        last = self._last_wording(first.event_id)
        if last is not None and last.version_id == event.event_id:
            yield event if last.told_id == event.event_id else msgspec.structs.replace(event, event_id=last.told_id)
            return
        if last is not None or first.was_told:
            former_id = first.event_id if last is None else last.told_id
            yield self._taken_back(former_id, event, message.received_ms)
        edits = 1 if last is None else last.edits + 1
        told = event
        if self._wordings.newest(event.event_id) is not None:
            own_id = event.event_id.removeprefix(f"{self.context.id_space}:")
            told = msgspec.structs.replace(event, event_id=self.context.own_id(f"{own_id}~{edits}"))
        self._wordings.note(event.event_id, "")
        self._wordings.note(first.event_id, str(_LastWording(told.event_id, event.event_id, edits)))
        yield told

    def _last_wording(self, first_id: str) -> _LastWording | None:
        remembered = self._wordings.newest(first_id)
        return _LastWording.of(remembered) if remembered else None

    def _taken_back(self, event_id: str, by: Event, at_ms: int) -> Event:
        """The retraction of an event where another event stands."""
        own_id = event_id.removeprefix(f"{self.context.id_space}:")
        retraction = self.context.retraction(own_id, at_ms, by.ingest_time_ms)
        return msgspec.structs.replace(retraction, brand_id=by.brand_id, room_id=by.room_id, session_id=by.session_id)

    def _at_its_price(self, event: Event, message: Message) -> Iterable[Event]:
        """A purchase that was told at its list price is taken back, and told anew, where something else was paid."""
        worth = self._list_prices.pop(event.event_id, None)
        if worth is None or worth == event.value * event.amount or "unknown_price" in message.notes:
            yield event
            return
        own_id = event.event_id.removeprefix(f"{self.context.id_space}:")
        yield self._taken_back(event.event_id, event, event.event_time_ms)
        yield msgspec.structs.replace(event, event_id=self.context.own_id(f"{own_id}:paid"))

    def _count(self, type_name: str, reason: UnreadReason, detail: str, raw: bytes | str) -> None:
        label = type_name if self._decoder.knows(type_name) else OTHER
        INGEST_UNREAD.labels(self.context.source, label, reason).inc()
        name = type_name[:MAX_TYPE_CHARS]
        key = (name if len(self.unread) < MAX_TYPES or (name, reason) in self.unread else OTHER), reason
        self.not_read.append(UnreadPart(name, reason, detail))
        known = self.unread.get(key)
        if known is not None:
            known.count += 1
            return
        detail = f"{self._place}: {detail}" if self._place else detail
        example = raw.encode(errors="replace") if isinstance(raw, str) else bytes(raw)
        self.unread[key] = Unread(1, example[:EXAMPLE_BYTES], detail)
        what = repr(name) if name else "a message"
        LOG.warning("%s: %s was not read, or not all of it: %s (%s)", self.context.source, what, reason, detail)
