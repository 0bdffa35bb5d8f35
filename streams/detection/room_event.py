"""What the detectors read of an event of live.events; the rest is not decoded."""

import msgspec

from streams.events.schema import Coordinates, Platform


class Account(msgspec.Struct, frozen=True, gc=False):
    """The actor, as a pseudonym."""

    id: str


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
    """Its topic, partition and offset; set by `decode`, whatever the record says."""
