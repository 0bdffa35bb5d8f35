"""One posted event: read as kindly as the schema allows, checked as every stage will, and answered for."""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from streams.events.codec import Reason, Unreadable, contradiction, decode_one, detail_of, reason_of
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event, Milliseconds
from streams.ingest.http.event_brands import RequestBrands
from streams.ingest.http.keys import Sender
from streams.ingest.routing import route


class PostedEvent(Event, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """An event as it is posted: the time of ingest is ours, and numbers may be strings, as 64-bit ones are in JSON."""

    brand_id: Annotated[str, Meta(max_length=128)] = ""
    """Where a catalogue of brands is set, it may be missing: the text says whose it is."""
    ingest_time_ms: Milliseconds = 0


class EventResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one event; `index` is its place in the request, from 0."""

    index: int
    status: Literal["accepted", "refused", "unmatched"]
    """`unmatched`: its text is about no brand of the catalogue, so it goes nowhere."""
    event_id: str | None = None
    reason: Reason | Literal["not_allowed"] | None = None
    detail: str | None = None
    brands: list[str] | None = None
    """Where the catalogue chose them."""


@dataclass(frozen=True, slots=True)
class Routed:
    """An accepted event as Kafka gets it."""

    topic: str
    key: str
    value: bytes


_read = msgspec.json.Decoder(PostedEvent, strict=False).decode
_write = msgspec.json.Encoder().encode


def read_posted(index: int, raw: bytes | msgspec.Raw, pseudonyms: Pseudonyms, now_ms: int) -> PostedEvent | EventResult:
    """The event with our time of ingest and a pseudonym in the place of who did it, or why it cannot be read."""
    try:
        posted = _read(raw)
    except (ValueError, RecursionError) as error:
        return EventResult(index, "refused", None, reason_of(error, bytes(raw)), detail_of(error))
    actor = posted.actor
    if actor is not None:
        actor = msgspec.structs.replace(actor, id=pseudonyms.pseudonym(posted.platform, actor.id))
    return msgspec.structs.replace(posted, ingest_time_ms=now_ms, actor=actor)


def receive(
    index: int, posted: PostedEvent, sender: Sender, brands: RequestBrands | None, now_ms: int
) -> tuple[list[Routed], EventResult]:
    """Where the event goes, once for each of its brands; and the sentence for its sender."""
    if brands is None and not posted.brand_id:
        return [], EventResult(index, "refused", posted.event_id, "missing_field", "no brand_id, and no catalogue")
    copies = [posted] if brands is None else brands.events(posted)
    routed = []
    for event in copies:
        checked = _checked(event, sender, index, now_ms, posted.event_id)
        if isinstance(checked, EventResult):
            return [], checked
        routed.append(checked)
    if not copies:
        return [], EventResult(index, "unmatched", posted.event_id)
    chosen = None if posted.brand_id else [event.brand_id for event in copies]
    return routed, EventResult(index, "accepted", posted.event_id, brands=chosen)


def _checked(event: Event, sender: Sender, index: int, now_ms: int, posted_id: str) -> Routed | EventResult:
    forbidden = sender.forbids(event)
    if forbidden is not None:
        return EventResult(index, "refused", posted_id, "not_allowed", forbidden)
    value = _write(event)
    read = decode_one(value, index, now_ms)
    if isinstance(read, Unreadable):
        return EventResult(index, "refused", posted_id, read.reason, read.detail)
    against = contradiction(read)
    if against is not None:
        return EventResult(index, "refused", posted_id, *against)
    return Routed(*route(read), value)
