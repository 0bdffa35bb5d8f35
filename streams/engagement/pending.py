"""What hours and sessions are still to be given: a batch's sums of a room or product go to its minute at once, and to
its hour and its session together with those of the batches after it.

    batch            1    2    3    4    5                        minute:<m>    every batch writes it
    pending:<n>      +a   +b   +c   ·    +d                       string        every batch appends to it
    hour, session              a+b+c written, `pending` emptied   hash          written when enough has come together

Whoever reads an hour or a session adds what is pending, and the next owner of the partition takes it over: all of it
moves with the batch's offset. Fields share PENDING_GROUPS strings. Only minutes of the last hour are pending, so that
what an hour's hash does not name yet, its minutes do.

    pending := uint64 fold, part*      `fold` counts how often it was emptied: a reader that meets two reads again
    part    := uint32 length, msgpack [[field, session name or nil, minute, totals]*]
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from streams.engagement.buckets import HeldTotals, gauge_of, likes_of, within_64_bits
from streams.engagement.deltas import Gauge, NewestTotal, SlotSums
from streams.engagement.dictionary import PEAK_SLOT
from streams.engagement.hyperloglog import distinct
from streams.engagement.scopes import (
    PENDING_GROUPS,
    SCOPE_CODES,
    WHOLE_SESSION,
    BucketTarget,
    hour_bucket,
    session_bucket,
)

FOLD_BYTES = 48_000
"""A group that has grown beyond this is given to its hours and sessions."""
PENDING_MINUTES = 45
"""How old a pending minute may become, in event time; anything older is given at once."""
FOLD_NUMBER_BYTES = 8
_LENGTH_BYTES = 4
_ROOM = SCOPE_CODES["room"] + ":"

Entry = tuple[str, str | None, int, HeldTotals]
"""(field, session name, minute, totals)."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[str, str | None, int, dict[int, int | bytes]]]).decode


def pending_suffix(group: int) -> str:
    return f"pending:{group}"


def fold_number(stored: bytes | None) -> bytes:
    """What a string begins with that was emptied so often; empty where nothing is stored."""
    return (stored or b"")[:FOLD_NUMBER_BYTES]


def pending_entries(stored: bytes | None) -> Iterator[Entry]:
    """What is pending in a group, in the order in which it came."""
    value = memoryview(stored or b"")
    at = FOLD_NUMBER_BYTES
    while at + _LENGTH_BYTES <= len(value):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(value[at:start], "little")
        yield from _decode(value[start:at])


def targets_of(entry: Entry) -> tuple[BucketTarget, ...]:
    """The hour, and the session if there is one, that an entry is for."""
    name, session, minute, _ = entry
    of_hour = BucketTarget(hour_bucket(minute // 60), (name,))
    if session is None:
        return (of_hour,)
    in_session = WHOLE_SESSION if name.startswith(_ROOM) else name
    return of_hour, BucketTarget(session_bucket(session), (in_session,))


@dataclass(slots=True)
class RollUp:
    """What one field, session and hour are given."""

    targets: tuple[BucketTarget, ...]
    slots: SlotSums = field(default_factory=dict)
    logs: list[bytes] = field(default_factory=list)
    gauge: Gauge | None = None
    liked: NewestTotal | None = None

    @property
    def log(self) -> bytes:
        """Its people, those of several batches once."""
        return distinct(b"".join(self.logs)) if len(self.logs) > 1 else b"".join(self.logs)

    def add(self, totals: HeldTotals) -> None:
        slots = self.slots
        for slot, number in totals.items():
            if isinstance(number, bytes):
                self.logs.append(number)
            elif slot < PEAK_SLOT:
                slots[slot] = slots.get(slot, 0) + number
        gauge = gauge_of(totals)
        if gauge is not None:
            self.gauge = gauge if self.gauge is None else self.gauge.later(gauge)
        liked = likes_of(totals)
        if liked is not None:
            self.liked = max(liked, self.liked or liked)


@dataclass(slots=True)
class Fold:
    """What some groups had pending, put together."""

    roll_ups: list[RollUp] = field(default_factory=list)
    sessions: dict[tuple[str, str], int] = field(default_factory=dict)
    """(field, session name) → the last minute of it."""
    emptied: dict[str, bytes] = field(default_factory=dict)
    """What the groups' strings are set to."""


class _Group:
    """One string, as the ledger has it."""

    __slots__ = ("fold", "limit", "oldest_minute", "parts", "size")

    def __init__(self, limit: int, stored: bytes | None) -> None:
        self.fold = int.from_bytes(fold_number(stored), "little") if stored else -1
        """-1 where nothing is stored."""
        self.limit = limit
        self.size = max(0, len(stored or b"") - FOLD_NUMBER_BYTES)
        self.parts = [stored] if stored and self.size else []
        """Strings as `pending_entries` reads them, one after the other."""
        self.oldest_minute = min((minute for _, _, minute, _ in pending_entries(stored)), default=0)


class PendingRollUps:
    """One partition's."""

    def __init__(self, stored: Iterable[bytes | None]) -> None:
        """`stored`: every group's string."""
        # The first time they are emptied one after the other, so that no batch has to empty all of them.
        self._groups = [
            _Group(FOLD_BYTES * (number + 1) // PENDING_GROUPS, value) for number, value in enumerate(stored)
        ]
        self._new: dict[int, list[Entry]] = {}

    def fold(self, newest_minute: int) -> Fold:
        """What must be given to hours and sessions with this batch, of what was pending before it."""
        folded, roll_ups = Fold(), dict[tuple[str, str | None, int], RollUp]()
        oldest_minute = newest_minute - PENDING_MINUTES
        for number, group in enumerate(self._groups):
            if group.parts and (group.size > group.limit or group.oldest_minute <= oldest_minute):
                for part in group.parts:
                    for entry in pending_entries(part):
                        _put_together(entry, roll_ups, folded.sessions)
                group.fold, group.limit, group.size, group.parts = group.fold + 1, FOLD_BYTES, 0, []
                folded.emptied[pending_suffix(number)] = group.fold.to_bytes(FOLD_NUMBER_BYTES, "little")
        folded.roll_ups = list(roll_ups.values())
        return folded

    def add(self, group: int, entry: Entry) -> None:
        """Let totals wait that a batch brings."""
        self._new.setdefault(group, []).append(entry)

    def pop_new(self) -> dict[str, bytes]:
        """What to append since the last call, by suffix."""
        new, self._new = self._new, {}
        appended: dict[str, bytes] = {}
        for number, entries in new.items():
            group, encoded = self._groups[number], _encoded(entries)
            part = len(encoded).to_bytes(_LENGTH_BYTES, "little") + encoded
            begins = b""
            if group.fold < 0:
                group.fold, begins = 0, bytes(FOLD_NUMBER_BYTES)
            oldest_minute = min([minute for _, _, minute, _ in entries])
            group.oldest_minute = min(group.oldest_minute, oldest_minute) if group.parts else oldest_minute
            group.parts.append(bytes(FOLD_NUMBER_BYTES) + part)
            group.size += len(part)
            appended[pending_suffix(number)] = begins + part
        return appended


def _put_together(
    entry: Entry, roll_ups: dict[tuple[str, str | None, int], RollUp], sessions: dict[tuple[str, str], int]
) -> None:
    name, session, minute, totals = entry
    where = name, session, minute // 60
    known = roll_ups.get(where)
    if known is None:
        known = roll_ups[where] = RollUp(targets_of(entry))
    known.add(totals)
    if session is not None and sessions.get((name, session), -1) < minute:
        sessions[name, session] = minute


def _encoded(entries: list[Entry]) -> bytes:
    try:
        return _encode(entries)
    except OverflowError:
        return _encode([(name, session, minute, within_64_bits(totals)) for name, session, minute, totals in entries])
