"""Which events occurred already, and what they counted, in a window that any later worker can rebuild.

A record is a duplicate if its event_id occurred before in the same partition, in the same block of 65,536 offsets or
in the one before. The window depends on nothing but the log, so reading again from the start of the block before the
stored offset brings it back:

    offsets   0 ........ 65,535 | 65,536 ...... 131,071 | 131,072 ..
              block 0             block 1                 block 2
    a record here ─────────────────────────────────────► looks back to offset 65,536

The same window answers what a retraction takes back. Per record it holds the id and 28 bytes.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.engagement.places import Profile, Profiles
from streams.events.schema import Event

BLOCK_BITS = 16

Numbers = NDArray[np.int64]


def block_of(offset: int) -> int:
    return offset >> BLOCK_BITS


def warm_from(stored_offset: int) -> int:
    """Where to read from so that the window is whole at the stored offset."""
    return max(0, block_of(stored_offset) - 1) << BLOCK_BITS


class Columns(NamedTuple):
    """What is kept of a stretch of events: enough to take any of them back."""

    profiles: Profiles
    profile: NDArray[np.int32]
    times_ms: Numbers
    values: Numbers
    amounts: Numbers
    uncounted: NDArray[np.bool_]
    """Late: nothing to take back."""
    special: dict[int, Event]
    """By position in the stretch: the reports of running totals, of which the columns do not tell all."""


class Occurrence(NamedTuple):
    """An event as the window remembers it."""

    profile: Profile
    time_ms: int
    value: int
    amount: int
    uncounted: bool
    special: Event | None


@dataclass
class Block:
    """One block of offsets."""

    number: int
    first: dict[str, int] = field(default_factory=dict)
    """event_id → running number of its first record in the block."""
    starts: list[int] = field(default_factory=list)
    columns: list[Columns] = field(default_factory=list)
    length: int = 0
    retracted: set[str] = field(default_factory=set)

    def occurrence(self, event_id: str, before: int) -> Occurrence | None:
        """The event's first record in this block, if its running number is below `before`."""
        number = self.first.get(event_id)
        if number is None or number >= before:
            return None
        at = bisect_right(self.starts, number) - 1
        columns, position = self.columns[at], number - self.starts[at]
        return Occurrence(
            columns.profiles.all[columns.profile[position]], int(columns.times_ms[position]),
            int(columns.values[position]), int(columns.amounts[position]), bool(columns.uncounted[position]),
            columns.special.get(position),
        )  # fmt: skip


class Window:
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
        start, first = self.present.length, self.present.first
        running = range(start, start + len(ids))
        noted = list(map(first.setdefault, ids, running))
        self.present.length += len(ids)
        # A first record notes its own number, any other a lower one.
        first_only = sum(noted) == sum(running)
        again = [] if first_only else [at for at, number in enumerate(noted) if number != start + at]
        earlier = self.before.first
        if earlier and not earlier.keys().isdisjoint(ids):
            again = sorted({*again, *(at for at, event_id in enumerate(ids) if event_id in earlier)})
        return again

    def keep(self, columns: Columns) -> None:
        """Keep what the stretch counted; called after `occur` for the same stretch."""
        self.present.starts.append(self.present.length - len(columns.profile))
        self.present.columns.append(columns)

    def take_back(self, event_id: str, position_from_end: int) -> Occurrence | None:
        """What an event counted, once: None where it is not in the window or was taken back before.

        `position_from_end` is how many records of the present stretch follow the retraction, itself included.
        """
        if event_id in self.before.retracted or event_id in self.present.retracted:
            return None
        found = self.before.occurrence(event_id, self.before.length)
        found = found or self.present.occurrence(event_id, self.present.length - position_from_end)
        if found is not None:
            self.present.retracted.add(event_id)
        return found
