"""The buckets' totals as Redis holds them, and those in use as the partition's owner holds them in memory.

The owner adds in memory and writes whole totals. They cannot be stale: the ledger refuses the write if another worker
wrote since. Redis sets one field for each bucket and scope instead of adding one number for each counter.

    totals := msgpack map  slot → number       (slots: streams.engagement.dictionary)
"""

from collections.abc import Iterable, Mapping

import msgspec

from streams.engagement.deltas import Gauge, SlotSums
from streams.engagement.dictionary import CAME_SLOT, LAST_AT_SLOT, LAST_SLOT, PEAK_SLOT
from streams.engagement.scopes import SCOPE_CODES, WHOLE_SESSION, BucketTarget

LIMIT = 2**63 - 1
MINUTES_HELD = 15
HOURS_HELD = 2
SESSIONS_HELD = 5_000
"""How much is held in memory; anything older is loaded again when a late event needs it."""

_GAUGED = (SCOPE_CODES["room"], WHOLE_SESSION)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[int, int]).decode


def decode_totals(value: bytes) -> SlotSums:
    """One field's totals."""
    return _decode(value)


def encode_totals(totals: SlotSums) -> bytes:
    """One field's totals as Redis holds them; a number beyond 64 bits stays at the limit."""
    try:
        return _encode(totals)
    except OverflowError:
        return _encode({slot: min(max(number, -LIMIT), LIMIT) for slot, number in totals.items()})


class Totals:
    """One partition's. `newest_minute` is the newest that the ledger may have at assignment."""

    def __init__(self, newest_minute: int) -> None:
        self._loadable = {"minute": newest_minute, "hour": newest_minute // 60}
        """The newest bucket of each size that may be in the ledger without being held."""
        self._newest = dict(self._loadable)
        self._held: dict[str, dict[str, SlotSums]] = {}
        self._whole: set[str] = set()
        """Buckets that began under this owner: a field of them that is not held does not exist."""
        self._changed: dict[str, set[str]] = {}

    def to_load(self, targets: Iterable[BucketTarget]) -> dict[str, list[str]]:
        """The fields that must be loaded before they can be added to, by bucket; begins to hold these buckets."""
        wanted: dict[str, set[str]] = {}
        for bucket, fields, _ in targets:
            held = self._held.get(bucket)
            if held is None:
                held = self._held[bucket] = {}
                if self._begins(bucket):
                    self._whole.add(bucket)
            if bucket not in self._whole:
                wanted.setdefault(bucket, set()).update(field for field in fields if field not in held)
        return {bucket: sorted(fields) for bucket, fields in wanted.items() if fields}

    def add_loaded(self, wanted: Mapping[str, Iterable[str]], found: Mapping[str, Mapping[str, bytes]]) -> None:
        """Hold what was loaded; what was not found does not exist."""
        for bucket, fields in wanted.items():
            stored = found.get(bucket, {})
            held = self._held[bucket]
            for field in fields:
                held[field] = _decode(stored[field]) if field in stored else {}

    def add(self, targets: Iterable[BucketTarget], slots: SlotSums) -> None:
        """Add to every field of the targets, all of which are held or begin now."""
        numbers = tuple(slots.items())
        for bucket, fields, _ in targets:
            held, changed = self._held[bucket], self._changed.get(bucket)
            if changed is None:
                changed = self._changed[bucket] = set()
            for field in fields:
                changed.add(field)
                totals = held.get(field)
                if totals is None:
                    held[field] = slots.copy()
                else:
                    for slot, number in numbers:
                        totals[slot] = totals.get(slot, 0) + number

    def gauge(self, targets: Iterable[BucketTarget], gauge: Gauge) -> None:
        """Add concurrent viewers to the rooms and sessions among the targets."""
        for bucket, fields, _ in targets:
            for field in fields:
                if field.startswith(_GAUGED):
                    _raise_gauge(self._held[bucket].setdefault(field, {}), gauge)
                    self._changed.setdefault(bucket, set()).add(field)

    def pop_changed(self) -> dict[str, dict[str, bytes | None]]:
        """What changed since the last call, encoded, by bucket and field."""
        changed, self._changed = self._changed, {}
        return {
            bucket: {field: encode_totals(self._held[bucket][field]) for field in fields}
            for bucket, fields in changed.items()
        }

    def evict_old(self) -> None:
        """Drop buckets out of use; called when all that changed is stored."""
        sessions = [bucket for bucket in self._held if bucket.startswith("session:")]
        for bucket in sessions[: max(0, len(sessions) - SESSIONS_HELD)]:
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


def _raise_gauge(totals: SlotSums, gauge: Gauge) -> None:
    if LAST_AT_SLOT in totals:
        known = Gauge(totals[PEAK_SLOT], totals[LAST_AT_SLOT], totals[LAST_SLOT], totals.get(CAME_SLOT, 0))
        gauge = known.later(gauge)
    totals[PEAK_SLOT], totals[LAST_AT_SLOT], totals[LAST_SLOT] = gauge.peak, gauge.at_ms, gauge.last
    if gauge.came:
        totals[CAME_SLOT] = gauge.came


def _parsed(bucket: str) -> tuple[str, int]:
    granularity, _, number = bucket.partition(":")
    return granularity, 0 if granularity == "session" else int(number)
