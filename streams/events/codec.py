"""From a partition's records to events: a record that cannot be read becomes an `Unreadable` with a reason, never an
exception.

Nearly every record can be read, so a slice is decoded in one comprehension; only when that fails is each of its records
tried by itself.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from operator import attrgetter, sub
from typing import Literal, Protocol, cast

import msgspec

from streams.clock import HOUR_MS, MINUTE_MS
from streams.events.schema import RUNNING_TOTAL_KINDS, Event

Reason = Literal[
    "empty", "too_large", "bad_utf8", "bad_json", "too_deep", "missing_field", "wrong_type", "unknown_kind",
    "unknown_value", "out_of_range", "time_out_of_range", "contradiction", "undigestible",
]  # fmt: skip
"""Why a record cannot be used; a metric label.

`empty` null or no bytes · `too_large` above MAX_EVENT_BYTES · `bad_utf8` an id or text that is not UTF-8 · `bad_json`
cut short, NaN, a lone surrogate or otherwise not JSON · `too_deep` nested beyond MAX_LEVELS · `missing_field` a
field that the event, or its kind, must have · `wrong_type` · `unknown_kind` a kind that the schema has not ·
`unknown_value` the same for other closed sets (platform, value_mode) · `out_of_range` a number or a length ·
`time_out_of_range` an event time before 2005, or more than a day ahead of the log · `contradiction` fields that cannot
go together · `undigestible` a readable record on which a stage failed, several times and by itself.
"""

MAX_EVENT_BYTES = 1_048_576
"""A hundred times the longest text that the schema allows; more is an accident or an attack."""
EARLIEST_MS = 1_104_537_600_000
"""2005-01-01 UTC: no platform of ours is older, so an earlier time is a clock or a unit gone wrong."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01 UTC, whatever the log says: a bound for arithmetic in 64 bits."""
FAR_AHEAD_MS = 5 * MINUTE_MS
"""Further ahead of its arrival, an event is far ahead. Counters take it to be of its arrival (`placed`); detection
measures such a clock, and corrects it where it is constant (streams.detection.feed_time)."""
MAX_AHEAD_MS = 26 * HOUR_MS
"""The farthest time zone. What is ahead by more is no clock that is off, and no stage takes it."""

MAX_LEVELS = 1_000
"""So many lists and objects within each other. The parser's own limit is Python's, and differs between its versions."""

DETAIL_CHARACTERS = 200
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_QUOTED = re.compile(r"""(['"])(?![A-Za-z_ .-]{1,40}\1)[^\n]*\1""")


class Records(Protocol):
    """The columns of some records."""

    @property
    def offsets(self) -> Sequence[int]: ...
    @property
    def timestamps_ms(self) -> Sequence[int]: ...
    @property
    def values(self) -> Sequence[bytes | None]: ...


class SliceableBatch(Protocol):
    """A batch, piece by piece: an unreadable record slows down its own piece alone."""

    @property
    def refused(self) -> "Sequence[Unreadable]":
        """Records that were not even unpacked; they are in no slice."""

    def slices(self) -> Iterable[Records]: ...


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that cannot be used. `detail` is for people; it may quote a name of the record, never a text."""

    offset: int
    value: bytes | None
    reason: Reason
    detail: str
    records: int | None = None
    """Of a whole batch that is refused by reference: how many records it holds, from `offset` on."""

    @property
    def count(self) -> int:
        """How many records share this fate."""
        return 1 if self.records is None else self.records


@dataclass(frozen=True, slots=True)
class Decoded:
    """Events with their offsets, Kafka timestamps and bytes, in offset order; and the records that cannot be read."""

    events: list[Event]
    offsets: Sequence[int]
    timestamps_ms: Sequence[int]
    values: Sequence[bytes]
    unreadable: list[Unreadable]
    ahead: Sequence[int] = ()
    """Positions of events that are further ahead of their Kafka timestamps than FAR_AHEAD_MS."""


_decode = msgspec.json.Decoder(Event).decode


def decode(batch: SliceableBatch) -> Decoded:
    """All records of a batch; those that contradict themselves are among the unreadable. Costs what the JSON decoder
    costs, as long as nearly all can be read."""
    whole = Decoded([], offsets := list[int](), timestamps_ms := list[int](), values := list[bytes](), [])
    for decoded in map(_consistent, decode_slices(batch)):
        whole.events.extend(decoded.events)
        offsets += decoded.offsets
        timestamps_ms += decoded.timestamps_ms
        values += decoded.values
        whole.unreadable.extend(decoded.unreadable)
    return whole


def decode_slices(batch: SliceableBatch) -> Iterator[Decoded]:
    """A batch's records slice by slice, in order. Finish one slice before asking for the next: each fits into the CPU
    cache. Events are not checked for contradictions: the caller does so for the few that can have any."""
    refused = [Decoded([], [], [], [], list(batch.refused))] if batch.refused else []
    return chain(refused, map(_decode_slice, batch.slices()))


def decode_one(value: bytes | None, offset: int, timestamp_ms: int) -> Event | Unreadable:
    """One record. `timestamp_ms` is Kafka's; 0 or less where the log has none."""
    if not value:
        return Unreadable(offset, value, "empty", "a null value" if value is None else "no bytes")
    if len(value) > MAX_EVENT_BYTES:
        return Unreadable(offset, value, "too_large", f"{len(value)} bytes")
    try:
        event = _decode(value)
    except (ValueError, RecursionError) as error:
        return Unreadable(offset, value, reason_of(error, value), detail_of(error))
    if event.event_time_ms < EARLIEST_MS:
        return Unreadable(offset, value, "time_out_of_range", "before 2005-01-01")
    if event.event_time_ms >= LATEST_MS:
        return Unreadable(offset, value, "time_out_of_range", "2100-01-01 or later")
    ahead_ms = event.event_time_ms - timestamp_ms
    if timestamp_ms > 0 and ahead_ms > MAX_AHEAD_MS:
        detail = f"{event.source}: {ahead_ms / HOUR_MS:.1f} hours ahead of the log"
        return Unreadable(offset, value, "time_out_of_range", detail[:DETAIL_CHARACTERS])
    return event


_CONTRADICTORY_KINDS = frozenset({"viewers", "gift", "retraction", "account_deletion"})


def contradiction(event: Event) -> tuple[Reason, str] | None:
    """Why an event cannot be used although each of its fields can, with a detail for people; None for a sound one.

    Only a snapshot, a gift, a retraction and a report of viewers can contradict themselves; of an event that was seen
    from another room only the sight counts.

        gift, not final, without subject_id          a report that it grew looks like a new gift
        viewers without room_id                      they belong to no room
        retraction without retracts, account_deletion without actor
        snapshot of a kind that has no running total (an order, a payment, a stay …)
        gift as a snapshot without subject_id
    """
    snapshot = event.value_mode == "snapshot"
    if event.is_mirror or not (snapshot or event.kind in _CONTRADICTORY_KINDS):
        return None
    if event.kind == "viewers":
        return None if event.room_id is not None else ("missing_field", "viewers without room_id")
    if event.kind == "retraction":
        return None if event.retracts is not None else ("missing_field", "retraction without retracts")
    if event.kind == "account_deletion":
        return None if event.actor is not None else ("missing_field", "account_deletion without actor")
    if event.kind == "gift":
        grows = snapshot or not event.final
        without = grows and event.subject_id is None
        return ("missing_field", "a gift that may still grow, without subject_id") if without else None
    return None if event.kind in RUNNING_TOTAL_KINDS else ("contradiction", f"a snapshot of {event.kind}")


def _consistent(decoded: Decoded) -> Decoded:
    reasons = list(map(contradiction, decoded.events))
    if not any(reasons):
        return decoded
    good = [at for at, reason in enumerate(reasons) if reason is None]
    refused = [
        Unreadable(decoded.offsets[at], decoded.values[at], *reason) for at, reason in enumerate(reasons) if reason
    ]
    return Decoded(
        [decoded.events[at] for at in good],
        [decoded.offsets[at] for at in good],
        [decoded.timestamps_ms[at] for at in good],
        [decoded.values[at] for at in good],
        sorted([*decoded.unreadable, *refused], key=attrgetter("offset")),
    )


def _decode_all(offsets: Sequence[int], timestamps_ms: Sequence[int], values: Sequence[bytes]) -> Decoded | None:
    """All the records, or None where one of them cannot be used."""
    try:
        # None is no buffer (TypeError); invalid UTF-8 is a ValueError, as all of msgspec's errors are.
        events = list(map(_decode, values))
    except (ValueError, TypeError, RecursionError):
        return None
    times_ms = [event.event_time_ms for event in events]
    farthest_ms = max(map(sub, times_ms, timestamps_ms), default=0)
    usable = (
        min(times_ms, default=EARLIEST_MS) >= EARLIEST_MS
        and max(times_ms, default=0) < LATEST_MS
        and farthest_ms <= MAX_AHEAD_MS
        and max(map(len, values), default=0) <= MAX_EVENT_BYTES
    )
    if not usable:
        return None
    ahead = _ahead(events, timestamps_ms) if farthest_ms > FAR_AHEAD_MS else ()
    return Decoded(events, offsets, timestamps_ms, values, [], ahead)


def _ahead(events: Sequence[Event], timestamps_ms: Sequence[int]) -> list[int]:
    return [at for at, event in enumerate(events) if 0 < timestamps_ms[at] < event.event_time_ms - FAR_AHEAD_MS]


def _decode_slice(records: Records) -> Decoded:
    offsets, timestamps_ms, values = records.offsets, records.timestamps_ms, records.values
    whole = cast(Sequence[bytes], values)  # a None among them takes the slow path
    decoded = _decode_all(offsets, timestamps_ms, whole)
    if decoded is not None:
        return decoded
    results = list(map(decode_one, values, offsets, timestamps_ms))
    good = [position for position, result in enumerate(results) if isinstance(result, Event)]
    events = [result for result in results if isinstance(result, Event)]
    stamps_ms = [timestamps_ms[position] for position in good]
    return Decoded(
        events,
        [offsets[position] for position in good],
        stamps_ms,
        [whole[position] for position in good],
        [result for result in results if isinstance(result, Unreadable)],
        _ahead(events, stamps_ms),
    )


def placed(decoded: Decoded) -> Decoded:
    """The same with events that are far ahead of their arrival at their arrival: they happened no later."""
    if not decoded.ahead:
        return decoded
    events = list(decoded.events)
    for at in decoded.ahead:
        events[at] = msgspec.structs.replace(events[at], event_time_ms=decoded.timestamps_ms[at])
    return replace(decoded, events=events)


def detail_of(error: Exception) -> str:
    """The decoder's own words, without quoted values that are more than a name: they may be personal data. At most 200
    characters."""
    return _QUOTED.sub("'…'", str(error))[:DETAIL_CHARACTERS]


def reason_of(error: ValueError | RecursionError, value: bytes) -> Reason:
    """From the decoder's message: it has one exception class for everything that breaks the schema."""
    if isinstance(error, RecursionError):
        return "too_deep"
    if not isinstance(error, msgspec.ValidationError):
        return "bad_json" if _is_utf8(value) else "bad_utf8"
    if _is_deep(value):
        return "too_deep"
    words = str(error)
    if words.startswith("Object missing required field"):
        return "missing_field"
    if words.startswith("Invalid enum value"):
        return "unknown_kind" if words.endswith("`$.kind`") else "unknown_value"
    if "out of range" in words or " of length " in words or "` >= " in words or "` <= " in words:
        return "out_of_range"
    return "wrong_type"


def _is_deep(value: bytes) -> bool:
    """Whether it nests beyond MAX_LEVELS; brackets within strings are none."""
    if value.count(b"{") + value.count(b"[") <= MAX_LEVELS:
        return False
    brackets = re.findall(rb"[\[\]{}]", _STRING.sub(b"", value))
    return max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets)) > MAX_LEVELS


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
