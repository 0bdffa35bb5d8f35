"""One posted event: read as kindly as the schema allows, checked as every stage will, and answered for."""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from streams.catalogue.matcher import BrandMatcher
from streams.events.codec import Reason, Unreadable, contradiction, decode_one, detail_of, reason_of
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event, Milliseconds
from streams.ingest.feed_brands import event_id_of_brand
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


def receive(
    index: int,
    raw: bytes | msgspec.Raw,
    sender: Sender,
    pseudonyms: Pseudonyms,
    catalogue: BrandMatcher | None,
    now_ms: int,
) -> tuple[list[Routed], EventResult]:
    """Where the event goes, once for each of its brands; and the sentence for its sender."""
    try:
        posted = _read(raw)
    except (ValueError, RecursionError) as error:
        return [], EventResult(index, "refused", None, reason_of(error, bytes(raw)), detail_of(error))
    brands = [posted.brand_id]
    if not posted.brand_id:
        if catalogue is None:
            return [], EventResult(index, "refused", posted.event_id, "missing_field", "no brand_id, and no catalogue")
        brands = catalogue.brands(posted.text or "")
        if not brands:
            return [], EventResult(index, "unmatched", posted.event_id)
    routed = []
    for place, brand in enumerate(brands):
        event = _as_event(posted, brand, place, pseudonyms, now_ms)
        checked = _checked(event, sender, index, now_ms)
        if isinstance(checked, EventResult):
            return [], checked
        routed.append(checked)
    return routed, EventResult(index, "accepted", posted.event_id, brands=None if posted.brand_id else brands)


def _checked(event: PostedEvent, sender: Sender, index: int, now_ms: int) -> Routed | EventResult:
    forbidden = sender.forbids(event)
    if forbidden is not None:
        return EventResult(index, "refused", event.event_id, "not_allowed", forbidden)
    value = _write(event)
    read = decode_one(value, index, now_ms)
    if isinstance(read, Unreadable):
        return EventResult(index, "refused", event.event_id, read.reason, read.detail)
    against = contradiction(read)
    if against is not None:
        return EventResult(index, "refused", event.event_id, *against)
    return Routed(*route(read), value)


def _as_event(posted: PostedEvent, brand: str, place: int, pseudonyms: Pseudonyms, now_ms: int) -> PostedEvent:
    """The event of one brand, with our time of ingest and a pseudonym in the place of who did it. The second brand's
    has an id of its own, or it would be taken for a repetition."""
    actor = posted.actor
    if actor is not None:
        actor = msgspec.structs.replace(actor, id=pseudonyms.pseudonym(posted.platform, actor.id))
    event_id = event_id_of_brand(posted.event_id, brand, place)
    return msgspec.structs.replace(posted, event_id=event_id, brand_id=brand, ingest_time_ms=now_ms, actor=actor)
