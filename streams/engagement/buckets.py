"""The buckets' totals as Redis holds them, and those in use as the partition's owner holds them in memory.

The owner adds in memory and writes whole totals. They cannot be stale: the ledger refuses the write if another worker
wrote since. Redis sets one field for each bucket and scope instead of adding one number for each counter.

    totals := msgpack map  slot → number       (slots: streams.engagement.dictionary)
                           PEOPLE_SLOT → log   the bucket's people while they are few (streams.engagement.people_logs)
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from streams.engagement.deltas import Gauge, NewestTotal, SlotSums
from streams.engagement.dictionary import (
    CAME_SLOT,
    LAST_AT_SLOT,
    LAST_SLOT,
    LIKED_AT_SLOT,
    LIKED_SLOT,
    PEAK_SLOT,
    PEOPLE_SLOT,
)
from streams.engagement.hyperloglog import distinct
from streams.engagement.people_logs import PeopleLogs
from streams.engagement.scopes import SCOPE_CODES, WHOLE_SESSION, BucketTarget, people_log

LIMIT = 2**63 - 1
MINUTES_HELD = 15
HOURS_HELD = 2
SESSIONS_HELD = 20_000
"""How much is held in memory; anything older is loaded again when a late event needs it."""

SHORT_BYTES = 512
"""A longer log of people leaves the totals, which are written whole, and is appended to under a key of its own."""

HeldTotals = dict[int, Any]
"""Slot → number; PEOPLE_SLOT → log."""

_GAUGED = (SCOPE_CODES["room"], WHOLE_SESSION)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[int, int | bytes]).decode


def decode_totals(value: bytes) -> HeldTotals:
    """One field's numbers, and its log of people as far as that lies within the totals."""
    totals: HeldTotals = _decode(value)
    return totals


def encode_totals(totals: HeldTotals) -> bytes:
    """One field's totals as Redis holds them; a number beyond 64 bits stays at the limit."""
    try:
        return _encode(totals)
    except OverflowError:
        return _encode(within_64_bits(totals))


def within_64_bits(totals: HeldTotals) -> HeldTotals:
    """Totals with numbers that can be stored."""
    return {slot: min(max(one, -LIMIT), LIMIT) if isinstance(one, int) else one for slot, one in totals.items()}


def gauge_of(totals: HeldTotals) -> Gauge | None:
    """Their concurrent viewers, if they have any."""
    if LAST_AT_SLOT not in totals:
        return None
    return Gauge(totals[PEAK_SLOT], totals[LAST_AT_SLOT], totals[LAST_SLOT], totals.get(CAME_SLOT, 0))


def likes_of(totals: HeldTotals) -> NewestTotal | None:
    """The platform's total of likes, if it told one."""
    return NewestTotal(totals[LIKED_AT_SLOT], totals[LIKED_SLOT]) if LIKED_AT_SLOT in totals else None


def set_likes(totals: HeldTotals, newest: NewestTotal) -> None:
    totals[LIKED_AT_SLOT], totals[LIKED_SLOT] = newest


def set_gauge(totals: HeldTotals, gauge: Gauge) -> None:
    totals[PEAK_SLOT], totals[LAST_AT_SLOT], totals[LAST_SLOT] = gauge.peak, gauge.at_ms, gauge.last
    if gauge.came:
        totals[CAME_SLOT] = gauge.came


class Totals:
    """One partition's. `newest_minute` is the newest that the ledger may have at assignment."""

    def __init__(self, newest_minute: int) -> None:
        self._loadable = {"minute": newest_minute, "hour": newest_minute // 60}
        """The newest bucket of each size that may be in the ledger without being held."""
        self._newest = dict(self._loadable)
        self._held: dict[str, dict[str, HeldTotals]] = {}
        self._whole: set[str] = set()
        """Buckets that began under this owner: a field of them that is not held does not exist."""
        self._changed: dict[str, dict[str, HeldTotals]] = {}

    def to_load(self, targets: Iterable[BucketTarget]) -> dict[str, list[str]]:
        """The fields that must be loaded before they can be added to, by bucket; begins to hold these buckets."""
        wanted: dict[str, set[str]] = {}
        held, whole = self._held, self._whole
        for bucket, fields in targets:
            if bucket in whole:
                continue
            known = held.get(bucket)
            if known is None:
                known = held[bucket] = {}
                if self._begins(bucket):
                    whole.add(bucket)
                    continue
            for field in fields:
                if field not in known:
                    wanted.setdefault(bucket, set()).add(field)
        return {bucket: sorted(fields) for bucket, fields in wanted.items()}

    def add_loaded(self, wanted: Mapping[str, Iterable[str]], found: Mapping[str, Mapping[str, bytes]]) -> None:
        """Hold what was loaded; what was not found does not exist."""
        for bucket, fields in wanted.items():
            stored = found.get(bucket, {})
            held = self._held[bucket]
            for field in fields:
                held[field] = _decode(stored[field]) if field in stored else {}

    def add(self, targets: Iterable[BucketTarget], slots: SlotSums, log: bytes, long_logs: PeopleLogs) -> None:
        """Add numbers, and the entries of a log of people, to every field of the targets, all of which are held or
        begin now. What is too long for the totals goes to the long logs."""
        for bucket, fields in targets:
            self.add_to(bucket, fields, slots, log, long_logs)

    def add_to(self, bucket: str, fields: Iterable[str], slots: SlotSums, log: bytes, long_logs: PeopleLogs) -> None:
        """The same, to fields of one bucket."""
        held, changed = self._held[bucket], self._changed.get(bucket)
        if changed is None:
            changed = self._changed[bucket] = {}
        for field in fields:
            totals = held.get(field)
            if totals is None:
                totals = held[field] = dict(slots)
            else:
                for slot, number in slots.items():
                    totals[slot] = totals.get(slot, 0) + number
            if log:
                short = totals.get(PEOPLE_SLOT)
                whole = log if short is None else short + log
                if len(whole) > SHORT_BYTES and short is not None:
                    whole = distinct(whole)
                    fits = len(whole) <= SHORT_BYTES // 2
                else:
                    fits = len(whole) <= SHORT_BYTES
                if fits:
                    totals[PEOPLE_SLOT] = whole
                else:
                    totals.pop(PEOPLE_SLOT, None)
                    long_logs.append(people_log(bucket, field), whole)
            if totals:
                changed[field] = totals

    def gauge(self, targets: Iterable[BucketTarget], gauge: Gauge) -> None:
        """Add concurrent viewers to the rooms and sessions among the targets."""
        for totals in self._of_rooms(targets):
            known = gauge_of(totals)
            set_gauge(totals, gauge if known is None else known.later(gauge))

    def note_likes(self, targets: Iterable[BucketTarget], newest: NewestTotal) -> None:
        """Set a platform's total of likes in the rooms and sessions among the targets, if it is the newest there."""
        for totals in self._of_rooms(targets):
            set_likes(totals, max(newest, likes_of(totals) or newest))

    def _of_rooms(self, targets: Iterable[BucketTarget]) -> Iterator[HeldTotals]:
        """The totals of the rooms and sessions among the targets, to be changed."""
        for bucket, fields in targets:
            for field in fields:
                if field.startswith(_GAUGED):
                    totals = self._held[bucket].setdefault(field, {})
                    self._changed.setdefault(bucket, {})[field] = totals
                    yield totals

    def pop_changed(self) -> dict[str, dict[str, bytes | None]]:
        """What changed since the last call, encoded, by bucket and field."""
        changed, self._changed = self._changed, {}
        return {
            bucket: {field: encode_totals(totals) for field, totals in fields.items()}
            for bucket, fields in changed.items()
            if fields
        }

    def evict_old(self) -> None:
        """Drop buckets out of use; called when all that changed is stored."""
        sessions = [bucket for bucket in self._held if bucket.startswith("session:")]
        for bucket in sessions[: max(0, len(sessions) - SESSIONS_HELD)]:
            self._whole.discard(bucket)
            del self._held[bucket]
        for bucket in [bucket for bucket in self._held if self._is_old(bucket)]:
            granularity, number = _parsed(bucket)
            self._loadable[granularity] = max(self._loadable[granularity], number)
            self._whole.discard(bucket)
            del self._held[bucket]

    def _begins(self, bucket: str) -> bool:
        granularity, number = _parsed(bucket)
        if granularity == "session":
            return False
        self._newest[granularity] = max(self._newest[granularity], number)
        return number > self._loadable[granularity]

    def _is_old(self, bucket: str) -> bool:
        granularity, number = _parsed(bucket)
        if granularity == "session":
            return False
        return number <= self._newest[granularity] - (MINUTES_HELD if granularity == "minute" else HOURS_HELD)


def _parsed(bucket: str) -> tuple[str, int]:
    granularity, _, number = bucket.partition(":")
    return granularity, 0 if granularity == "session" else int(number)
