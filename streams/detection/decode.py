"""From the bytes of scored.texts and live.events to what the detectors read."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from streams.detection.room_event import RoomEvent
from streams.events.codec import (
    EARLIEST_MS,
    LATEST_MS,
    MAX_AHEAD_MS,
    MAX_EVENT_BYTES,
    Reason,
    Unreadable,
    decode,
    detail_of,
    reason_of,
)
from streams.events.schema import Coordinates, ScoredText
from streams.transport.batch import Batch

_REASONS: Mapping[Reason, Reason] = {"unknown_kind": "wrong_type", "unknown_value": "wrong_type"}
"""Closed sets of a record that we wrote ourselves are no feed's news."""
_scored_text = msgspec.json.Decoder(ScoredText).decode


@dataclass(frozen=True, slots=True)
class Records:
    """The readable records of a batch, with their log times in milliseconds and offsets, and the unreadable ones."""

    batch: Batch
    readable: list[tuple[ScoredText | RoomEvent, int, int]]
    unreadable: list[Unreadable]


def scored_texts(batch: Batch) -> Records:
    """Texts as scoring wrote them. Their log time is their source's, so that a replay has the same."""
    readable: list[tuple[ScoredText | RoomEvent, int, int]] = []
    unreadable = list(batch.refused)
    for offset, value in zip(batch.offsets, batch.values, strict=True):
        result = _scored(offset, value)
        if isinstance(result, ScoredText):
            readable.append((result, result.log_time_ms, offset))
        else:
            unreadable.append(result)
    return Records(batch, readable, unreadable)


def room_events(batch: Batch) -> Records:
    """Events of rooms. Those that nobody can use are skipped: the engagement stage reads the same topic with the same
    codec, and reports them."""
    decoded = decode(batch)
    columns = zip(decoded.events, decoded.offsets, decoded.timestamps_ms, strict=True)
    made = (
        (RoomEvent.of(event, Coordinates(batch.topic, batch.partition, offset), log_ms), log_ms, offset)
        for event, offset, log_ms in columns
    )
    return Records(batch, [(event, log_ms, offset) for event, log_ms, offset in made if event is not None], [])


def _scored(offset: int, value: bytes | None) -> ScoredText | Unreadable:
    if not value:
        return Unreadable(offset, value, "empty", "a null value" if value is None else "no bytes")
    if len(value) > MAX_EVENT_BYTES:
        return Unreadable(offset, value, "too_large", f"{len(value)} bytes")
    try:
        text = _scored_text(value)
    except (ValueError, RecursionError) as error:
        reason = reason_of(error, value)
        return Unreadable(offset, value, _REASONS.get(reason, reason), detail_of(error))
    ahead = 0 < text.log_time_ms < text.event_time_ms - MAX_AHEAD_MS  # 0 or less where a log has none
    if ahead or not EARLIEST_MS <= text.event_time_ms < LATEST_MS or text.log_time_ms >= LATEST_MS:
        return Unreadable(offset, value, "time_out_of_range", "before 2005, or a day ahead of its log time")
    return text
