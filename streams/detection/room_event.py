"""What the detectors read of an event of live.events."""

import msgspec

from streams.detection.evidence import short_id
from streams.events.identity import event_identity
from streams.events.schema import Coordinates, Event, Platform

MAX_VALUE = 10**12
"""No room comes near it; more is taken for this, so that a detector's sums stay within 64 bits."""


class Account(msgspec.Struct, frozen=True, gc=False):
    """The actor, as a pseudonym."""

    id: str
    masked: bool = False
    """The platform hides who it is (streams.events.schema.Actor)."""


class RoomEvent(msgspec.Struct, gc=False, rename={"event_time_ms": "event_time"}):
    """An event of a room (streams.events.schema.Event)."""

    kind: str
    brand_id: str
    event_time_ms: int
    source: str
    room_id: str
    value: int = 1
    is_mirror: bool = False
    value_mode: str = "delta"
    actor: Account | None = None
    text: str | None = None
    platform: Platform = "other"
    lang: str | None = None
    session_id: str | None = None
    product_id: str | None = None
    jurisdiction: str | None = None
    commercial: bool = False
    final: bool = True
    origin: Coordinates | None = None
    """Its topic, partition and offset; the record's own."""
    text_id: str = ""
    """Of a caption: the name by which its retraction finds it (streams.detection.evidence)."""
    takes_back: str = ""
    """Of a retraction: that name."""
    log_time_ms: int = 0
    """The record's stamp; 0 or less where the log has none."""
    identity: str = ""
    """What makes two records one event (streams.events.identity)."""
    total: int | None = None
    """The platform's own running total of what is sampled (streams.events.schema)."""

    @classmethod
    def of(cls, event: Event, origin: Coordinates, log_time_ms: int) -> "RoomEvent | None":
        """The part of an event that detectors read; None for one that belongs to no room."""
        if event.room_id is None:
            return None
        return cls(
            kind=event.kind,
            brand_id=event.brand_id,
            event_time_ms=event.event_time_ms,
            source=event.source,
            room_id=event.room_id,
            value=min(event.value, MAX_VALUE),
            is_mirror=event.is_mirror,
            value_mode=event.value_mode,
            actor=None if event.actor is None else Account(event.actor.id, event.actor.masked),
            text=event.text,
            platform=event.platform,
            lang=event.lang,
            session_id=event.session_id,
            product_id=event.product_id,
            jurisdiction=event.jurisdiction,
            commercial=event.commercial,
            final=event.final,
            origin=origin,
            log_time_ms=log_time_ms,
            text_id=short_id(event.event_id, event) if event.kind == "speech" else "",
            takes_back=short_id(event.retracts, event) if event.kind == "retraction" and event.retracts else "",
            identity=event_identity(event.event_id, event.source, event.platform),
            total=None if event.total is None else min(event.total, MAX_VALUE),
        )
