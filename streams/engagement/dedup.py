"""Which events occurred already, and what they counted, in a window that any later worker can rebuild.

A record is a duplicate if its event_id occurred before in the same partition, in the same block of 65,536 offsets or
in the one before. The window depends on nothing but the log, so reading again from the start of the block before the
stored offset brings it back:

    offsets   0 ........ 65,535 | 65,536 ...... 131,071 | 131,072 ..
              block 0             block 1                 block 2
    a record here ─────────────────────────────────────► looks back to offset 65,536

The same window answers what a retraction takes back, and what one has taken back already: retractions overtake what
they name, so an event that comes after its retraction, in the same window, counts and is taken back at once. Per record
the window holds the id and some 60 bytes, per retraction the id that it names.

What a block remembers may depend on its own records alone, or a later worker would remember otherwise: a retraction is
noted whether or not it found its event, and though it be a duplicate of one in the block before.
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
    return offset >> BLOCK_BITS


def warm_from(stored_offset: int) -> int:
    """Where to read from so that the window is whole at the stored offset."""
    return max(0, block_of(stored_offset) - 1) << BLOCK_BITS


class Occurrence(NamedTuple):
    """An event as the window remembers it."""

    profile: CountingPlan
    time_ms: int
    value: int
    amount: int
    late: bool
    report: Event | None


class Columns(NamedTuple):
    """What is kept of a stretch of events: enough to take any of them back."""

    profiles: CountingPlans
    profile: NDArray[np.int32]
    times_ms: Numbers
    values: Numbers
    amounts: Numbers
    late: NDArray[np.bool_]
    reports: dict[int, Event]
    """By position: the reports of running totals, of which the columns do not tell all."""

    def at(self, position: int) -> Occurrence:
        """One event, by its position in the stretch."""
        return Occurrence(
            self.profiles.all[self.profile[position]], int(self.times_ms[position]), int(self.values[position]),
            int(self.amounts[position]), bool(self.late[position]), self.reports.get(position),
        )  # fmt: skip


@dataclass
class Block:
    """One block of offsets."""

    number: int
    ids: list[str] = field(default_factory=list)
    """Of all its records; a record's position here is its running number."""
    seen: set[str] = field(default_factory=set)
    starts: list[int] = field(default_factory=list)
    """Running numbers of the stretches' first records."""
    columns: list[Columns] = field(default_factory=list)
    retracted: dict[str, int] = field(default_factory=dict)
    """event_id → running number of the block's first retraction of it."""
    _first: dict[str, int] = field(default_factory=dict)
    _indexed: int = 0

    def first(self, event_id: str) -> int | None:
        """The running number of the event's first record. Few are asked for, so the index is made when one is."""
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
    """The present block and the one before."""

    def __init__(self) -> None:
        self.before = Block(-2)
        self.present = Block(-1)

    def enter(self, number: int) -> None:
        """Go on to a block; a block between that held no record leaves nothing to look back to."""
        if number != self.present.number:
            adjacent = self.present.number == number - 1
            self.before = self.present if adjacent else Block(number - 1)
            self.present = Block(number)

    def occur(self, ids: list[str]) -> list[int]:
        """Note a stretch's ids, all of the present block; returns the positions of those that occurred before."""
        block, new, again = self.present, set(ids), list[int]()
        if len(new) < len(ids) or not (new.isdisjoint(block.seen) and new.isdisjoint(self.before.seen)):
            new -= block.seen
            new -= self.before.seen
            for position, event_id in enumerate(ids):
                if event_id in new:
                    new.remove(event_id)
                else:
                    again.append(position)
        block.starts.append(len(block.ids))
        block.ids += ids
        block.seen.update(ids if again else new)
        return again

    def keep(self, columns: Columns) -> None:
        """Keep what the stretch counted; called after `occur` for the same stretch."""
        self.present.columns.append(columns)

    def note_retractions(self, named: Iterable[tuple[int, str]]) -> None:
        """Note the latest stretch's retractions in their order, each by its position and the event that it names."""
        start, retracted = self.present.starts[-1], self.present.retracted
        for position, event_id in named:
            retracted.setdefault(event_id, start + position)

    def overtaken(self, ids: list[str]) -> dict[int, Occurrence]:
        """The latest stretch's events that a retraction before them names: position → the first such retraction."""
        start, found = self.present.starts[-1], dict[int, Occurrence]()
        for block in (self.present, self.before):
            for event_id in block.retracted.keys() & ids if block.retracted else ():
                number, retraction = self.present.first(event_id), block.retracted[event_id]
                if number is None or number < start or event_id in self.before.seen:
                    continue  # a duplicate
                if block is self.before or retraction < number:
                    found[number - start] = block.at(retraction)
        return found

    def taken_back(self, event_id: str, position: int) -> Occurrence | None:
        """What the latest stretch's retraction at this position takes back: None where the event did not occur before
        it, or another retraction came first."""
        number = self.present.starts[-1] + position
        if event_id in self.before.retracted or self.present.retracted[event_id] != number:
            return None
        found = self.before.occurrence(event_id, len(self.before.ids))
        return found or self.present.occurrence(event_id, number)
