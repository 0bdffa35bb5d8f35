"""Made-up records for detection's tests: minutes count from START_MS, and the log's time is the event's."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from streams.clock import MINUTE_MS
from streams.detection.config import DetectionConfig
from streams.detection.room_event import RoomEvent
from streams.events.schema import Actor, Coordinates, Finding, ScoredText
from streams.topology import LIVE, SCORED, SOCIAL
from streams.transport.batch import Batch

START_MS = 1_767_225_600_000
"""2026-01-01 00:00 UTC."""
CONFIG = DetectionConfig()


def at(minute: float) -> int:
    return START_MS + int(minute * MINUTE_MS)


def text(minute: float, offset: int = 0, *, mood: str = "neutral", **changes: Any) -> ScoredText:
    """A scored comment. `mood` is neutral, negative (it complains, below the flag), positive or unscored."""
    scored = mood != "unscored"
    facts: dict[str, Any] = {
        "event_id": f"e{offset}", "origin": Coordinates(SOCIAL, 0, offset), "log_time_ms": at(minute),
        "platform": "weibo", "source": "weibo-search", "kind": "comment", "brand_id": "acme",
        "event_time_ms": at(minute), "text": f"words number {offset}", "scored": scored,
        "sentiment": mood if scored else None, "sentiment_scores": {"negative": 0.9} if mood == "negative" else {},
        "risks": {"complaint": 0.5} if mood == "negative" else {},
        "actor": Actor(id=f"a{offset}", followers=100),
    }  # fmt: skip
    return ScoredText(**(facts | changes))


def steady(per_minute: int, minutes: Iterable[int], *, first_offset: int = 0, **facts: Any) -> list[ScoredText]:
    """So many texts in each of these minutes, evenly."""
    moments = [minute + number / per_minute for minute in minutes for number in range(per_minute)]
    return [text(moment, first_offset + number, **facts) for number, moment in enumerate(moments)]


def finding(family: str = "absolute_claim", severity: Any = "warning") -> Finding:
    return Finding(family, f"{family}.best", "广告法 9(3)", (0, 2), "最好", severity)


def speech(minute: float, offset: int, *families: str, room_id: str = "r1", **changes: Any) -> ScoredText:
    return text(
        minute, offset, kind="host_speech", room_id=room_id, findings=[finding(family) for family in families],
        **changes,
    )  # fmt: skip


def room_event(minute: float, kind: str, value: int = 1, **changes: Any) -> RoomEvent:
    facts: dict[str, Any] = {
        "kind": kind, "brand_id": "acme", "event_time_ms": at(minute), "source": "douyin-live", "room_id": "r1",
        "value": value,
    }  # fmt: skip
    return RoomEvent(**(facts | changes))


def text_batch(texts: Sequence[ScoredText], first_offset: int = 0) -> Batch:
    values = [msgspec.json.encode(one) for one in texts]
    offsets = range(first_offset, first_offset + len(values))
    return Batch(SCORED, 0, offsets, [one.log_time_ms for one in texts], values)


def room_batch(events: Sequence[RoomEvent], first_offset: int = 0) -> Batch:
    offsets = range(first_offset, first_offset + len(events))
    values = [_live_value(one, offset) for one, offset in zip(events, offsets, strict=True)]
    return Batch(LIVE, 0, offsets, [one.event_time_ms for one in events], values)


def _live_value(event: RoomEvent, offset: int) -> bytes:
    """The record that a feed wrote: what detectors do not read is added."""
    fields = msgspec.to_builtins(event)
    del fields["origin"]
    return msgspec.json.encode(fields | {"event_id": f"e{offset}", "ingest_time": event.event_time_ms})
