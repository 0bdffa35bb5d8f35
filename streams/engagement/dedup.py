"""Which events occurred already, and what they counted, in a window that any later worker can rebuild.

A record is a duplicate if its id (streams.events.identity) occurred before in the same partition, in the same block of
65,536 offsets or in the one before. The window depends on nothing but the log, so reading again from the start of the
block before the stored offset brings it back:

    offsets   0 ........ 65,535 | 65,536 ...... 131,071 | 131,072 ..
              block 0             block 1                 block 2
    a record here ─────────────────────────────────────► looks back to offset 65,536

The same window answers what a retraction takes back. A retraction may overtake the event that it names: an event that
comes after its retraction, in the same window, is counted and taken back at once. The window holds the id and some 60
bytes a record, and the named id a retraction.

What a block remembers depends on its own records alone, or a later worker would remember something else: a retraction
is noted whether or not its event was found, even where it is a duplicate of one in the block before.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.engagement.scopes import CountingPlan, CountingPlans
from streams.events.schema import Event

BLOCK_BITS = 16

Numbers = NDArray[np.int64]


def block_of(offset: int) -> int:
    """The number of the block that an offset is in."""
    return offset >> BLOCK_BITS


def warm_from(stored_offset: int) -> int:
    """Where to read from so that the window is whole at the stored offset."""
    return max(0, block_of(stored_offset) - 1) << BLOCK_BITS


class Occurrence(NamedTuple):
    """An event as the window remembers it; `report` is set for a report of a running total, or a record of an order."""

    plan: CountingPlan
    time_ms: int
    value: int
    amount: int
    late: bool
    report: Event | None


class Columns(NamedTuple):
    """What the window remembers of a run of events: enough to take any of them back. One entry an event."""

    plans: CountingPlans
    plan: NDArray[np.int32]
    times_ms: Numbers
    values: Numbers
    amounts: Numbers
    late: NDArray[np.bool_]
    reports: dict[int, Event]
    """By position: reports of running totals and records of orders, which need more than the columns have."""

    def at(self, position: int) -> Occurrence:
        """One event, by its position in the run."""
        return Occurrence(
            plan=self.plans.plan(int(self.plan[position])),
            time_ms=int(self.times_ms[position]),
            value=int(self.values[position]),
            amount=int(self.amounts[position]),
            late=bool(self.late[position]),
            report=self.reports.get(position),
        )


@dataclass
class Block:
    """One block of offsets."""

    number: int
    ids: list[str] = field(default_factory=list)
    """Of all its records; a record's position here is its running number."""
    seen: set[str] = field(default_factory=set)
    starts: list[int] = field(default_factory=list)
    """Running numbers of the runs' first records."""
    columns: list[Columns] = field(default_factory=list)
    retracted: dict[str, int] = field(default_factory=dict)
    """event_id → running number of the block's first retraction of it."""
    _first: dict[str, int] = field(default_factory=dict)
    _indexed: int = 0

    def first(self, event_id: str) -> int | None:
        """The running number of the event's first record, if any. Few are asked for: the index is made on demand."""
        if event_id not in self.seen:
            return None
        for number in range(self._indexed, len(self.ids)):
            self._first.setdefault(self.ids[number], number)
        self._indexed = len(self.ids)
        return self._first[event_id]

    def occurrence(self, event_id: str, before: int) -> Occurrence | None:
        """The event's first record in this block, if its running number is below `before`."""
        number = self.first(event_id)
        return None if number is None or number >= before else self.at(number)

    def at(self, number: int) -> Occurrence:
        """A record by its running number."""
        at = bisect_right(self.starts, number) - 1
        return self.columns[at].at(number - self.starts[at])


class DedupWindow:
    """The current block and the previous one. For each run: `register`, `remember`, `note_retractions`, in this
    order."""

    def __init__(self) -> None:
        self.previous = Block(-2)
        self.current = Block(-1)

    def enter(self, number: int) -> None:
        """Go on to a block; where a block between held no record, there is nothing to look back to."""
        if number != self.current.number:
            adjacent = self.current.number == number - 1
            self.previous = self.current if adjacent else Block(number - 1)
            self.current = Block(number)

    def register(self, ids: list[str]) -> list[int]:
        """Add a run's ids, all of the current block; returns the positions of duplicates."""
        block, new, duplicates = self.current, set(ids), list[int]()
        if len(new) < len(ids) or not (new.isdisjoint(block.seen) and new.isdisjoint(self.previous.seen)):
            new -= block.seen
            new -= self.previous.seen
            for position, event_id in enumerate(ids):
                if event_id in new:
                    new.remove(event_id)
                else:
                    duplicates.append(position)
        block.starts.append(len(block.ids))
        block.ids += ids
        block.seen.update(ids if duplicates else new)
        return duplicates

    def remember(self, columns: Columns) -> None:
        """Add what the run just registered may be asked for later."""
        self.current.columns.append(columns)

    def note_retractions(self, named: Iterable[tuple[int, str]]) -> None:
        """Add the latest run's retractions in order, as (position, event that it names)."""
        start, retracted = self.current.starts[-1], self.current.retracted
        for position, event_id in named:
            retracted.setdefault(event_id, start + position)

    def retracted_before_arrival(self, ids: list[str]) -> dict[int, Occurrence]:
        """The latest run's events whose retraction came first: position → the first such retraction."""
        start, found = self.current.starts[-1], dict[int, Occurrence]()
        for block in (self.current, self.previous):
            for event_id in block.retracted.keys() & ids if block.retracted else ():
                number, retraction = self.current.first(event_id), block.retracted[event_id]
                if number is None or number < start or event_id in self.previous.seen:
                    continue  # a duplicate
                if block is self.previous or retraction < number:
                    found[number - start] = block.at(retraction)
        return found

    def retracted_by(self, position: int, event_id: str) -> Occurrence | None:
        """The event that the latest run's retraction at this position takes back. None where the event has not
        occurred, or an earlier retraction took it back."""
        number = self.current.starts[-1] + position
        if event_id in self.previous.retracted or self.current.retracted[event_id] != number:
            return None
        found = self.previous.occurrence(event_id, len(self.previous.ids))
        return found or self.current.occurrence(event_id, number)
