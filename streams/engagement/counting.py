"""From a batch's events to its changes, in columns: Python's own loops run over distinct combinations, and over the few
events that need a look at what came before.

Nothing here waits or knows of a server. What is carried from batch to batch depends on the log alone.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import compress
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from streams.clock import DAY_MS, MINUTE_MS
from streams.engagement.changes import SESSION_ONLY, Changes
from streams.engagement.duplicates import Columns, Numbers, Window, block_of
from streams.engagement.meaning import LATE, SLOTS
from streams.engagement.people import entries, hashes
from streams.engagement.places import MOST_PROFILES, Profile, Profiles, profile_key
from streams.engagement.special import Special, needed_to_take_back
from streams.events.codec import Decoded
from streams.events.schema import Event

LATE_MS = DAY_MS
"""An event this much older than the newest of its partition is too late for every window."""
_MINUTE_BITS = 32
_EXACT = 2**62

_event_id = attrgetter("event_id")
_time_ms = attrgetter("event_time_ms")
_value = attrgetter("value")
_amount = attrgetter("amount")
_actor = attrgetter("actor")


class Counting:
    """What is carried along one partition."""

    def __init__(self, live_from: int, watermark_ms: int, block_watermarks_ms: dict[int, int]) -> None:
        self.live_from = live_from
        """Below this offset everything is in the ledger already: such events only fill the window."""
        self._stored_watermark_ms = watermark_ms
        self.block_watermarks_ms = block_watermarks_ms
        """The watermark before each of the last blocks' first event: it decides again what was late."""
        known = min(block_watermarks_ms, default=None)
        self.watermark_ms = 0 if known is None else block_watermarks_ms[known]
        self._window = Window()
        self._profiles = Profiles()

    def count(self, decoded: Decoded) -> Changes:
        """The changes of a batch's events from `live_from` on."""
        changes = Changes()
        offsets, events = decoded.offsets, decoded.events
        start = 0
        while start < len(events):
            block, live = block_of(offsets[start]), offsets[start] >= self.live_from
            border = (block + 1 << 16) if live else min(block + 1 << 16, self.live_from)
            end = bisect_left(offsets, border, start)
            whole = start == 0 and end == len(events)
            self._enter(block, live)
            self._stretch(events if whole else events[start:end], offsets[start:end], changes if live else None)
            start = end
        return changes

    def _enter(self, block: int, live: bool) -> None:
        if live:
            self.watermark_ms = max(self.watermark_ms, self._stored_watermark_ms)
        self._window.enter(block)
        self.block_watermarks_ms.setdefault(block, self.watermark_ms)
        for old in [number for number in self.block_watermarks_ms if number < block - 1]:
            del self.block_watermarks_ms[old]
        if len(self._profiles) > MOST_PROFILES:
            self._profiles = Profiles()

    def _stretch(self, events: list[Event], offsets: Sequence[int], changes: Changes | None) -> None:
        """One run of events of a block, all live or all warming up (`changes` None).

        1. Which occurred before. 2. Their columns. 3. Which are late. 4. Those that need a look at what came before.
        5. All others by groups.
        """
        size = len(events)
        again = self._window.occur(list(map(_event_id, events)))
        profiles = self._profiles
        profile = np.fromiter(map(profiles.__getitem__, map(profile_key, events)), np.int32, size)
        times_ms, values, amounts = (
            np.fromiter(map(get, events), np.int64, size) for get in (_time_ms, _value, _amount)
        )
        highest_ms = np.maximum.accumulate(np.concatenate(([self.watermark_ms], times_ms)))
        self.watermark_ms = int(highest_ms[-1])
        late = times_ms < highest_ms[:-1] - LATE_MS
        traits = profiles.columns()[profile]
        counted = ~late
        counted[again] = False
        special = np.flatnonzero(traits[:, 2].astype(bool)).tolist()
        remembered = {at: events[at] for at in special if needed_to_take_back(events[at])}
        columns = Columns(profiles, profile, times_ms, values, amounts, late.copy(), remembered)
        self._window.keep(columns)
        looking_back = Special(self._window, events, offsets, columns, highest_ms, changes)
        for at in special:
            if counted[at] and not looking_back.take(at):
                counted[at] = False
        if changes is not None:
            changes.fates["duplicate"] += len(again)
            late[again] = False
            self._late(np.flatnonzero(late).tolist(), columns, changes)
            _sum(columns, counted, changes)
            _meet(events, columns, traits, counted, changes)
            changes.fates["applied"] += int(counted.sum())

    def _late(self, positions: list[int], columns: Columns, changes: Changes) -> None:
        """Too late for windows; a session takes note, and a refund amends it."""
        for at in positions:
            profile = columns.profiles.all[columns.profile[at]]
            changes.fates["late"] += 1
            changes.add((profile.place, SESSION_ONLY), SLOTS[LATE], 1)
            if profile.kind == "refund":
                _add(changes, profile, SESSION_ONLY, 1, (1, int(columns.values[at]), int(columns.amounts[at])))


def _sum(columns: Columns, counted: NDArray[np.bool_], changes: Changes) -> None:
    """Groups of equal profile and minute, each added at once."""
    positions = np.flatnonzero(counted)
    if not len(positions):
        return
    codes = columns.profile[positions].astype(np.int64) << _MINUTE_BITS | columns.times_ms[positions] // MINUTE_MS
    order = np.argsort(codes, kind="stable")
    codes, positions = codes[order], positions[order]
    starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    values, amounts = columns.values[positions], columns.amounts[positions]
    counts = np.diff(starts, append=len(codes)).tolist()
    totals = (_totals(numbers, starts) for numbers in (values, amounts))
    all_profiles, minute_mask = columns.profiles.all, (1 << _MINUTE_BITS) - 1
    for code, count, value, amount in zip(codes[starts].tolist(), counts, *totals, strict=True):
        profile = all_profiles[code >> _MINUTE_BITS]
        if profile.adds:
            _add(changes, profile, code & minute_mask, 1, (count, value, amount))


def _add(changes: Changes, profile: Profile, minute: int, sign: int, measures: tuple[int, ...]) -> None:
    slots = changes.sums[profile.place, minute]
    for slot, measure in profile.adds:
        slots[slot] = slots.get(slot, 0) + sign * measures[measure]


def _totals(numbers: Numbers, starts: NDArray[np.intp]) -> list[int]:
    exact = numbers if float(numbers.max()) * len(numbers) < _EXACT else numbers.astype(object)
    totals: list[int] = np.add.reduceat(exact, starts).tolist()
    return totals


def _meet(events: list[Event], columns: Columns, traits: Numbers, counted: NDArray[np.bool_], changes: Changes) -> None:
    """The people of each place and minute as log entries, each person once a group."""
    counted = counted & (traits[:, 1] >= 0)
    ids = [actor.id if actor is not None else "" for actor in map(_actor, events)]
    counted &= np.fromiter(map(bool, ids), np.bool_, len(ids))
    positions = np.flatnonzero(counted)
    if not len(positions):
        return
    written = entries(hashes(list(compress(ids, counted.tolist()))), traits[positions, 1])
    codes = traits[positions, 0] << _MINUTE_BITS | columns.times_ms[positions] // MINUTE_MS
    distinct, index = np.unique(codes, return_inverse=True)
    once = np.unique(index.astype(np.uint64) << np.uint64(32) | written)
    borders = np.searchsorted(once, np.arange(len(distinct) + 1, dtype=np.uint64) << np.uint64(32)).tolist()
    log, places = once.astype("<u4").tobytes(), columns.profiles.places
    for at, code in enumerate(distinct.tolist()):
        where = places[code >> _MINUTE_BITS], code & (1 << _MINUTE_BITS) - 1
        changes.people[where].append(log[4 * borders[at] : 4 * borders[at + 1]])
