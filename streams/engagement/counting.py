"""Counts a batch's events in columns: Python's own loops run over distinct combinations, and over the few events that
depend on what came before (streams.engagement.stateful).

    slices of events ─► runs ─► columns ─► sums by (plan, minute) ─► Deltas
                        (one block of offsets; new to the ledger, or warming up the window of duplicates)

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
from streams.engagement.orders import order_change
from streams.engagement.owners import IdOwners
from streams.engagement.scopes import MAX_SCOPES, CountingPlans
from streams.engagement.stateful import RetainedEvent, StatefulEvents, is_remembered
from streams.events.codec import Decoded, placed
from streams.events.identity import identities, retracted_identity
from streams.events.schema import Event

LATE_MS = DAY_MS
"""An event this much older than the newest of its partition is too late for every window."""
_MINUTE_BITS = 32
_MINUTE_MASK = (1 << _MINUTE_BITS) - 1
_GROUP, _STATEFUL, _PRICED = range(3)
"""Columns of `CountingPlans.traits`."""
_KIND_BITS, _KIND_MASK = CountingPlans.KIND_BITS, CountingPlans.KIND_MASK
_EXACT = 2**62
"""Sums that might come to more are made of Python's integers."""


class EventRun:
    """Events of one block, all live or all warming up, as lists: a list for each column.

    They are made slice by slice, and only the events that `StatefulEvents` needs are retained: a batch's events do not
    fit into a core's cache, a slice's do.
    """

    def __init__(self, block: int, live: bool) -> None:
        self.block = block
        self.live = live
        self.retained: dict[int, RetainedEvent] = {}
        """The stateful events, by position."""
        self.ids: list[str] = []
        self.plans: list[int] = []
        self.times_ms: list[int] = []
        self.values: list[int] = []
        self.amounts: list[int] = []
        self.actor_ids: list[str] = []
        """Empty where an event has no actor."""
        self.retractions: list[tuple[int, str]] = []
        """(position, the event that it names)."""

    def append(
        self, events: list[Event], offsets: Sequence[int], values: Sequence[bytes], table: CountingPlans
    ) -> None:
        """Add a slice's events, with their offsets and undecoded values."""
        start, plans = len(self.ids), table.numbers_of(events)
        stateful = table.stateful_kinds()
        for at, plan in enumerate(plans):
            if plan & _KIND_MASK in stateful:
                event = events[at]
                self.retained[start + at] = RetainedEvent(event, offsets[at], values[at])
                named = retracted_identity(event) if event.kind == "retraction" else None
                if named is not None:
                    self.retractions.append((start + at, named))
        self.ids += identities(events)
        self.plans += plans
        self.times_ms += [event.event_time_ms for event in events]
        self.values += [event.value for event in events]
        self.amounts += [event.amount for event in events]
        self.actor_ids += [actor.id if (actor := event.actor) is not None else "" for event in events]


class BatchCounter:
    """Counts one partition's batches, in order: the window of duplicates and the watermark carry over."""

    def __init__(
        self, live_from: int, watermark_ms: int, block_watermarks_ms: dict[int, int], owners: IdOwners
    ) -> None:
        self.live_from = live_from
        """Everything below this offset is in the ledger: such events only fill the window."""
        self._stored_watermark_ms = watermark_ms
        self.block_watermarks_ms = block_watermarks_ms
        """The watermark before the first event of each of the last blocks: a later worker decides by it again what was
        late."""
        known = min(block_watermarks_ms, default=None)
        self.watermark_ms = 0 if known is None else block_watermarks_ms[known]
        self._window = DedupWindow()
        self._owners = owners
        self._plans = CountingPlans(owners)

    def count(self, slices: Iterable[Decoded]) -> Deltas:
        """The deltas of a batch's events from `live_from` on."""
        deltas, run = Deltas(), EventRun(-1, live=False)
        for read in slices:
            deltas.unreadable += [record for record in read.unreadable if record.offset >= self.live_from]
            self._note_ahead(read, deltas)
            decoded = placed(read)
            for block, live, part in self._runs(decoded.offsets):
                if (block, live) != (run.block, run.live):
                    self._count(run, deltas)
                    self._enter(block, live)
                    run = EventRun(block, live)
                run.append(decoded.events[part], decoded.offsets[part], decoded.values[part], self._plans)
        self._count(run, deltas)
        if self._owners.enter(self.watermark_ms):
            self._plans = CountingPlans(self._owners)  # so that ids in use are met, and written, in the new stretch
        deltas.owners = self._owners.pop_new()
        return deltas

    def _note_ahead(self, decoded: Decoded, deltas: Deltas) -> None:
        for at in decoded.ahead:
            if decoded.offsets[at] >= self.live_from:
                source = decoded.events[at].source
                ahead_ms = decoded.events[at].event_time_ms - decoded.timestamps_ms[at]
                number, farthest_ms = deltas.ahead.get(source, (0, 0))
                deltas.ahead[source] = number + 1, max(farthest_ms, ahead_ms)

    def _runs(self, offsets: Sequence[int]) -> Iterator[tuple[int, bool, slice]]:
        """(block, live, slice) of a slice's events, divided where a block ends and where the live ones begin."""
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
        if len(self._plans) > MAX_SCOPES:
            self._plans = CountingPlans(self._owners)

    def _count(self, run: EventRun, deltas: Deltas) -> None:
        """Count a run; one that warms up only enters the window.

        1. Which are duplicates. 2. Which are late. 3. Stateful ones, and those whose retraction came first, one by one
        in order. 4. All others by plan and minute.
        """
        if not run.ids:
            return
        duplicates = self._window.register(run.ids)
        columns, traits, highest_ms = self._columns(run)
        late = columns.late
        self._window.remember(columns)
        self._window.note_retractions(named for named in run.retractions if not late[named[0]])
        if not run.live:
            return
        first = np.ones(len(late), np.bool_)
        first[duplicates] = False
        counted = first & ~late
        retracted_early = self._window.retracted_before_arrival(run.ids)
        stateful = set(np.flatnonzero(traits[:, _STATEFUL] & counted).tolist())
        stateful_events = StatefulEvents(self._window, run.retained, columns, highest_ms, deltas)
        for at in sorted(stateful | retracted_early.keys()):
            if at in stateful:
                counted[at] = stateful_events.handle(at)
            if at in retracted_early:
                stateful_events.retract(columns.at(at), retracted_early[at], at)
        deltas.fates["duplicate"] += len(duplicates)
        deltas.fates["applied"] += int(counted.sum())
        deltas.last_event_ms = run.times_ms[-1]
        self._late(np.flatnonzero(first & late).tolist(), columns, deltas)
        _sum(columns, counted, deltas)
        _add_people(run.actor_ids, columns, traits, counted, deltas)

    def _columns(self, run: EventRun) -> tuple[Columns, Numbers, Numbers]:
        """What the window remembers; the kinds' traits, shape (events, 3); the watermark before each event,
        and after the last."""
        size = len(run.ids)
        plan = np.fromiter(run.plans, np.int32, size)
        times_ms = np.fromiter(run.times_ms, np.int64, size)
        values = np.fromiter(run.values, np.int64, size)
        highest_ms = np.maximum.accumulate(np.concatenate(([self.watermark_ms], times_ms)))
        self.watermark_ms = int(highest_ms[-1])
        late = times_ms < highest_ms[:-1] - LATE_MS
        traits = self._plans.traits()[plan & _KIND_MASK]
        amounts = np.fromiter(run.amounts, np.int64, size) * traits[:, _PRICED]
        reports = {at: retained.event for at, retained in run.retained.items() if is_remembered(retained.event)}
        return Columns(self._plans, plan, times_ms, values, amounts, late, reports), traits, highest_ms

    def _late(self, positions: list[int], columns: Columns, deltas: Deltas) -> None:
        """Events too late for every window: their session counts them as `late`, and a refund amends it."""
        for at in positions:
            plan = columns.plans.plan(int(columns.plan[at]))
            deltas.fates["late"] += 1
            deltas.add((plan.scope, SESSION_ONLY), SLOTS[LATE], 1)
            if plan.kind == "refund":
                measures = 1, int(columns.values[at]), int(columns.amounts[at]), 0
                for slot, measure in plan.adds:
                    deltas.add((plan.scope, SESSION_ONLY), slot, measures[measure])
                if (order := columns.reports.get(at)) is not None:
                    deltas.orders.append(order_change(order, (plan.scope, SESSION_ONLY), 1))


def _sum(columns: Columns, counted: NDArray[np.bool_], deltas: Deltas) -> None:
    """Add each group of equal plan and minute at once."""
    positions = np.flatnonzero(counted)
    if not len(positions):
        return
    codes = columns.plan[positions].astype(np.int64) << _MINUTE_BITS | columns.times_ms[positions] // MINUTE_MS
    order = np.argsort(codes, kind="stable")
    codes, positions = codes[order], positions[order]
    starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    counts = np.diff(starts, append=len(codes)).tolist()
    totals = _totals(columns.values[positions], columns.amounts[positions], starts)
    scopes, kinds = columns.plans.scopes, columns.plans.kinds
    for code, *measures in zip(codes[starts].tolist(), counts, *totals, strict=True):
        plan = code >> _MINUTE_BITS
        if adds := kinds[plan & _KIND_MASK].adds:
            slots = deltas.sums[scopes[plan >> _KIND_BITS], code & _MINUTE_MASK]
            for slot, measure in adds:
                slots[slot] = slots.get(slot, 0) + measures[measure]


def _totals(values: Numbers, amounts: Numbers, starts: NDArray[np.intp]) -> list[list[int]]:
    """Sums of value, amount and value × amount from each start to the next; in Python's integers where 64 bits might
    not suffice."""
    largest = max(float(values.max()), 1.0) * max(float(amounts.max()), 1.0) * len(values)
    exact: list[NDArray[Any]] = [values, amounts]
    if largest >= _EXACT:
        exact = [column.astype(object) for column in exact]
    return [np.add.reduceat(column, starts).tolist() for column in (*exact, exact[0] * exact[1])]


def _add_people(
    actor_ids: list[str], columns: Columns, traits: Numbers, counted: NDArray[np.bool_], deltas: Deltas
) -> None:
    """Add the people of each scope and minute as log entries, each person once a group."""
    grouped = counted & (traits[:, _GROUP] >= 0)
    ids = list(compress(actor_ids, grouped.tolist()))
    positions = np.flatnonzero(grouped)
    if "" in ids:
        positions = positions[np.fromiter(map(bool, ids), np.bool_, len(ids))]
        ids = list(filter(None, ids))
    if not ids:
        return
    minutes = columns.times_ms[positions] // MINUTE_MS
    scopes = columns.plans.scopes
    for where, log in _logs(
        columns.plan[positions].astype(np.int64) >> _KIND_BITS, minutes, entries(hashes(ids), traits[positions, _GROUP])
    ):
        deltas.people[scopes[where >> _MINUTE_BITS], where & _MINUTE_MASK].append(log)


def _logs(scope: Numbers, minutes: Numbers, written: Entries) -> Iterator[tuple[int, bytes]]:
    """(scope << _MINUTE_BITS | minute, its distinct entries as bytes)."""
    first, span = int(minutes.min()), int(minutes.max() - minutes.min()) + 1
    if (int(scope.max()) + 1) * span < 1 << 32:
        codes = scope * span + minutes - first
    else:  # times scattered over years: only what occurs gets a number
        codes = np.unique(scope << _MINUTE_BITS | minutes, return_inverse=True)[1]
    tagged = codes.astype(np.uint64) << np.uint64(32) | written
    order = np.argsort(tagged)
    tagged = tagged[order]
    order = order[np.concatenate(([True], tagged[1:] != tagged[:-1]))]
    codes, log = codes[order], written[order].astype("<u4").tobytes()
    starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    where = scope[order[starts]] << _MINUTE_BITS | minutes[order[starts]]
    ends = [*starts[1:].tolist(), len(codes)]
    for number, start, end in zip(where.tolist(), starts.tolist(), ends, strict=True):
        yield number, log[4 * start : 4 * end]
