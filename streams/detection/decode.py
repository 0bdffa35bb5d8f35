"""From the bytes of scored.texts and live.events to what the detectors read."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from streams.detection.room_event import RoomEvent
from streams.events.codec import AHEAD_MS, EARLIEST_MS, Unreadable, detail_of
from streams.events.schema import Coordinates, ScoredText
from streams.transport.batch import Batch

_scored_text = msgspec.json.Decoder(ScoredText).decode
_room_event = msgspec.json.Decoder(RoomEvent).decode


@dataclass(frozen=True, slots=True)
class Records:
    """The readable records of a batch with their log times in milliseconds, and the unreadable ones."""

    batch: Batch
    readable: list[tuple[ScoredText | RoomEvent, int]]
    unreadable: list[Unreadable]


def scored_texts(batch: Batch) -> Records:
    """Texts as scoring wrote them. Their log time is their source's, so that a replay has the same."""
    readable: list[tuple[ScoredText | RoomEvent, int]] = []
    unreadable: list[Unreadable] = []
    for offset, value in zip(batch.offsets, batch.values, strict=True):
        result = _scored(offset, value)
        if isinstance(result, ScoredText):
            readable.append((result, result.log_time_ms))
        else:
            unreadable.append(result)
    return Records(batch, readable, unreadable)


def room_events(batch: Batch) -> Records:
    """Events of rooms. Unreadable ones are skipped: the engagement stage reads the same topic and reports them."""
    return Records(batch, list(_room_events(batch)), [])


def _scored(offset: int, value: bytes | None) -> ScoredText | Unreadable:
    if not value:
        return Unreadable(offset, value, "empty", "a null value" if value is None else "no bytes")
    try:
        text = _scored_text(value)
    except msgspec.ValidationError as error:
        missing = str(error).startswith("Object missing required field")
        return Unreadable(offset, value, "missing_field" if missing else "wrong_type", detail_of(error))
    except RecursionError as error:
        return Unreadable(offset, value, "too_deep", detail_of(error))
    except ValueError as error:
        return Unreadable(offset, value, "bad_json", detail_of(error))
    if not EARLIEST_MS <= text.event_time_ms <= text.log_time_ms + AHEAD_MS:
        return Unreadable(offset, value, "time_out_of_range", "before 2005, or ahead of its log time")
    return text


def _room_events(batch: Batch) -> Iterator[tuple[ScoredText | RoomEvent, int]]:
    for value, log_ms, offset in zip(batch.values, batch.timestamps_ms, batch.offsets, strict=True):
        try:
            event = _room_event(value or b"")
        except (ValueError, RecursionError):
            continue
        event.origin = Coordinates(batch.topic, batch.partition, offset)
        if EARLIEST_MS <= event.event_time_ms <= log_ms + AHEAD_MS:
            yield event, log_ms
