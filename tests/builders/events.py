"""Events of one room of one brand; minutes are counted from 10:00."""

import itertools
from typing import Any

from streams.events.schema import Actor, Event

TEN_MS = 1_795_000_000_000 // 86_400_000 * 86_400_000 + 10 * 3_600_000
_NUMBERS = itertools.count()


def event(kind: Any, at_minutes: float = 0, person: str | None = None, **fields: Any) -> Event:
    """An event in room r1 of brand b1, with an id of its own unless one is given."""
    at_ms = TEN_MS + int(at_minutes * 60_000)
    usual: dict[str, Any] = {
        "event_id": f"e{next(_NUMBERS)}", "source": "feed", "platform": "douyin", "brand_id": "b1", "room_id": "r1",
        "kind": kind, "event_time_ms": at_ms, "ingest_time_ms": at_ms,
        "actor": None if person is None else Actor(person),
    }  # fmt: skip
    return Event(**(usual | fields))
