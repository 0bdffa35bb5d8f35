"""From a batch's events to its changes, in columns: Python's own loops run over distinct combinations, and over the few
events that need a look at what came before.

Nothing here waits or knows of a server. What is carried from batch to batch depends on the log alone.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.clock import DAY_MS, MINUTE_MS
from streams.engagement.dedup import BLOCK_BITS, Columns, DedupWindow, Numbers, block_of
from streams.engagement.deltas import SESSION_ONLY, Deltas
from streams.engagement.dictionary import LATE, SLOTS
from streams.engagement.hyperloglog import Entries, entries, hashes
from streams.engagement.scopes import MAX_PROFILES, CountingPlan, CountingPlans
from streams.engagement.stateful import RetainedEvent, StatefulEvents, is_running_total
from streams.events.codec import Decoded
from streams.events.schema import Event

LATE_MS = DAY_MS
"""An event this much older than the newest of its partition is too late for every window."""
_MINUTE_BITS = 32
_MINUTE_MASK = (1 << _MINUTE_BITS) - 1
_PLACE, _GROUP, _SPECIAL, _PAID = range(4)
"""Columns of Profiles.columns()."""
_EXACT = 2**62


class EventRun:
    """Events of one block, all live or all warming up, as the columns that Python has to make.

    They are made slice by slice, and all events are let go but the few that `StatefulEvents` looks at: a batch's events
    do not fit into a core's cache, a slice's do.
    """

    def __init__(self, block: int, live: bool) -> None:
        self.block = block
        self.live = live
        self.kept: dict[int, RetainedEvent] = {}
        """By position."""
        self.ids: list[str] = []
        self.profiles: list[int] = []
        self.times_ms: list[int] = []
        self.values: list[int] = []
        self.amounts: list[int] = []
        self.persons: list[str] = []
        """The actor's id, empty where there is none."""
        self.retractions: list[tuple[int, str]] = []
        """Position, and the event that is named."""

    def take(
        self, events: Sequence[Event], offsets: Sequence[int], values: Sequence[bytes], table: CountingPlans
    ) -> None:
        start, profiles, special = len(self.ids), table.of(events), table.special
        for at, profile in enumerate(profiles):
            if profile in special:
                event = events[at]
                self.kept[start + at] = RetainedEvent(event, offsets[at], values[at])
                if event.kind == "retraction" and event.retracts is not None:
                    self.retractions.append((start + at, event.retracts))
        self.ids += [event.event_id for event in events]
        self.profiles += profiles
        self.times_ms += [event.event_time_ms for event in events]
        self.values += [event.value for event in events]
        self.amounts += [event.amount for event in events]
        self.persons += [actor.id if (actor := event.actor) is not None else "" for event in events]


class BatchCounter:
    """What is carried along one partition."""

    def __init__(self, live_from: int, watermark_ms: int, block_watermarks_ms: dict[int, int]) -> None:
        self.live_from = live_from
        """Below this offset everything is in the ledger already: such events only fill the window."""
        self._stored_watermark_ms = watermark_ms
        self.block_watermarks_ms = block_watermarks_ms
        """The watermark before each of the last blocks' first event: it decides again what was late."""
        known = min(block_watermarks_ms, default=None)
        self.watermark_ms = 0 if known is None else block_watermarks_ms[known]
        self._window = DedupWindow()
        self._profiles = CountingPlans()

    def count(self, slices: Iterable[Decoded]) -> Deltas:
        """The changes of a batch's events from `live_from` on."""
        changes, stretch = Deltas(), EventRun(-1, live=False)
        for decoded in slices:
            changes.unreadable += [record for record in decoded.unreadable if record.offset >= self.live_from]
            for block, live, part in self._runs(decoded.offsets):
                if (block, live) != (stretch.block, stretch.live):
                    self._count(stretch, changes)
                    self._enter(block, live)
                    stretch = EventRun(block, live)
                stretch.take(decoded.events[part], decoded.offsets[part], decoded.values[part], self._profiles)
        self._count(stretch, changes)
        return changes

    def _runs(self, offsets: Sequence[int]) -> Iterator[tuple[int, bool, slice]]:
        """A slice's events, divided where a block ends and where the live ones begin."""
        start = 0
        while start < len(offsets):
            block, live = block_of(offsets[start]), offsets[start] >= self.live_from
            ends = (block + 1) << BLOCK_BITS
            end = bisect_left(offsets, ends if live else min(ends, self.live_from), start)
            yield block, live, slice(start, end)
            start = end

    def _enter(self, block: int, live: bool) -> None:
        if live:
            self.watermark_ms = max(self.watermark_ms, self._stored_watermark_ms)
        self._window.enter(block)
        self.block_watermarks_ms.setdefault(block, self.watermark_ms)
        for old in [number for number in self.block_watermarks_ms if number < block - 1]:
            del self.block_watermarks_ms[old]
        if len(self._profiles) > MAX_PROFILES:
            self._profiles = CountingPlans()

    def _count(self, stretch: "EventRun", changes: Deltas) -> None:
        """Count a stretch; one that warms up only leaves its trace in the window.

        1. Which occurred before. 2. Which are late. 3. Those that need a look at what came before, and those that were
        retracted before they came. 4. All others by groups.
        """
        if not stretch.ids:
            return
        again = self._window.occur(stretch.ids)
        columns, traits, highest_ms = self._columns(stretch)
        late = columns.late
        self._window.keep(columns)
        self._window.note_retractions(named for named in stretch.retractions if not late[named[0]])
        if not stretch.live:
            return
        first = np.ones(len(late), np.bool_)
        first[again] = False
        counted = first & ~late
        overtaken = self._window.overtaken(stretch.ids)
        special = set(np.flatnonzero(traits[:, _SPECIAL] & counted).tolist())
        looking_back = StatefulEvents(self._window, stretch.kept, columns, highest_ms, changes)
        for at in sorted(special | overtaken.keys()):
            if at in special:
                counted[at] = looking_back.take(at)
            if at in overtaken:
                looking_back.take_back(columns.at(at), overtaken[at], at)
        changes.fates["duplicate"] += len(again)
        changes.fates["applied"] += int(counted.sum())
        changes.last_event_ms = stretch.times_ms[-1]
        self._late(np.flatnonzero(first & late).tolist(), columns, changes)
        _sum(columns, counted, changes)
        _meet(stretch.persons, columns, traits, counted, changes)

    def _columns(self, stretch: "EventRun") -> tuple[Columns, Numbers, Numbers]:
        """What is kept of the events, their profiles' traits, and the watermark before and after each."""
        size = len(stretch.ids)
        profile = np.fromiter(stretch.profiles, np.int32, size)
        times_ms = np.fromiter(stretch.times_ms, np.int64, size)
        values = np.fromiter(stretch.values, np.int64, size)
        highest_ms = np.maximum.accumulate(np.concatenate(([self.watermark_ms], times_ms)))
        self.watermark_ms = int(highest_ms[-1])
        late = times_ms < highest_ms[:-1] - LATE_MS
        traits = self._profiles.columns()[profile]
        amounts = np.fromiter(stretch.amounts, np.int64, size) * traits[:, _PAID]
        reports = {at: kept.event for at, kept in stretch.kept.items() if is_running_total(kept.event)}
        return Columns(self._profiles, profile, times_ms, values, amounts, late, reports), traits, highest_ms

    def _late(self, positions: list[int], columns: Columns, changes: Deltas) -> None:
        """Too late for windows; a session takes note, and a refund amends it."""
        for at in positions:
            profile = columns.profiles.all[columns.profile[at]]
            changes.fates["late"] += 1
            changes.add((profile.place, SESSION_ONLY), SLOTS[LATE], 1)
            if profile.kind == "refund":
                _add(changes, profile, SESSION_ONLY, 1, (1, int(columns.values[at]), int(columns.amounts[at]), 0))


def _sum(columns: Columns, counted: NDArray[np.bool_], changes: Deltas) -> None:
    """Groups of equal profile and minute, each added at once."""
    positions = np.flatnonzero(counted)
    if not len(positions):
        return
    codes = columns.profile[positions].astype(np.int64) << _MINUTE_BITS | columns.times_ms[positions] // MINUTE_MS
    order = np.argsort(codes, kind="stable")
    codes, positions = codes[order], positions[order]
    starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    counts = np.diff(starts, append=len(codes)).tolist()
    totals = _totals(columns.values[positions], columns.amounts[positions], starts)
    all_profiles = columns.profiles.all
    for code, *measures in zip(codes[starts].tolist(), counts, *totals, strict=True):
        profile = all_profiles[code >> _MINUTE_BITS]
        if profile.adds:
            _add(changes, profile, code & _MINUTE_MASK, 1, measures)


def _add(changes: Deltas, profile: CountingPlan, minute: int, sign: int, measures: Sequence[int]) -> None:
    slots = changes.sums[profile.place, minute]
    for slot, measure in profile.adds:
        slots[slot] = slots.get(slot, 0) + sign * measures[measure]


def _totals(values: Numbers, amounts: Numbers, starts: NDArray[np.intp]) -> list[list[int]]:
    """Sums of value, amount and value × amount from each start to the next; in Python's integers where 64 bits might
    not do."""
    largest = max(float(values.max()), 1.0) * max(float(amounts.max()), 1.0) * len(values)
    exact: list[NDArray[Any]] = [values, amounts]
    if largest >= _EXACT:
        exact = [column.astype(object) for column in exact]
    return [np.add.reduceat(column, starts).tolist() for column in (*exact, exact[0] * exact[1])]


def _meet(persons: list[str], columns: Columns, traits: Numbers, counted: NDArray[np.bool_], changes: Deltas) -> None:
    """The people of each place and minute as log entries, each person once a group."""
    met = counted & (traits[:, _GROUP] >= 0)
    ids = list(compress(persons, met.tolist()))
    positions = np.flatnonzero(met)
    if "" in ids:
        positions = positions[np.fromiter(map(bool, ids), np.bool_, len(ids))]
        ids = list(filter(None, ids))
    if not ids:
        return
    minutes = columns.times_ms[positions] // MINUTE_MS
    places = columns.profiles.places
    for where, log in _logs(traits[positions, _PLACE], minutes, entries(hashes(ids), traits[positions, _GROUP])):
        changes.people[places[where >> _MINUTE_BITS], where & _MINUTE_MASK].append(log)


def _logs(place: Numbers, minutes: Numbers, written: Entries) -> Iterator[tuple[int, bytes]]:
    """The distinct entries of each (place, minute), which is given as one number."""
    first, span = int(minutes.min()), int(minutes.max() - minutes.min()) + 1
    if (int(place.max()) + 1) * span < 1 << 32:
        codes = place * span + minutes - first
    else:  # times scattered over years: only what occurs gets a number
        codes = np.unique(place << _MINUTE_BITS | minutes, return_inverse=True)[1]
    tagged = codes.astype(np.uint64) << np.uint64(32) | written
    order = np.argsort(tagged)
    tagged = tagged[order]
    order = order[np.concatenate(([True], tagged[1:] != tagged[:-1]))]
    codes, log = codes[order], written[order].astype("<u4").tobytes()
    starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    where = place[order[starts]] << _MINUTE_BITS | minutes[order[starts]]
    ends = [*starts[1:].tolist(), len(codes)]
    for number, start, end in zip(where.tolist(), starts.tolist(), ends, strict=True):
        yield number, log[4 * start : 4 * end]
