"""What a batch changes, said before a look at anything that is stored."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.engagement.scopes import CountingScope
from streams.events.codec import Unreadable
from streams.events.schema import Kind

SlotSums = dict[int, int]
"""Amounts to add, by slot."""
ScopeMinute = tuple[CountingScope, int]
"""A place and a minute of event time; minute SESSION_ONLY for what is too late for any window."""
SESSION_ONLY = -1
MemberChange = tuple[str, int | None, int]


class Gauge(NamedTuple):
    """Concurrent viewers of a stretch of time: the most of them, and the latest number."""

    peak: int
    at_ms: int
    last: int

    def later(self, other: "Gauge") -> "Gauge":
        """Both together; of two numbers of the same moment the one that was written later counts."""
        last = other if other.at_ms >= self.at_ms else self
        return Gauge(max(self.peak, other.peak), last.at_ms, last.last)


class RunningTotal(NamedTuple):
    """A report of a growing count: a gift streak, or a snapshot. Only growth over the highest so far is counted."""

    subject: str
    event_id: str
    kind: Kind
    where: ScopeMinute
    total: int
    amount: int
    from_zero: bool
    """A streak begins at 0; a snapshot's first report is its baseline and adds nothing."""


class TakeBack(NamedTuple):
    """A retraction of one report of a growing count."""

    subject: str
    event_id: str
    kind: Kind
    where: ScopeMinute
    amount: int
    today: int
    """The watermark's day when it is taken back: days number from the epoch."""


@dataclass(slots=True)
class Deltas:
    """One batch's, by place and minute."""

    sums: dict[ScopeMinute, SlotSums] = field(default_factory=lambda: defaultdict(dict))
    gauges: dict[ScopeMinute, Gauge] = field(default_factory=dict)
    people: dict[ScopeMinute, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """Log entries (streams.engagement.hyperloglog)."""
    reports: list[RunningTotal | TakeBack] = field(default_factory=list)
    """In the log's order, which matters here."""
    members: dict[str, list[MemberChange]] = field(default_factory=lambda: defaultdict(list))
    """Followers' sorted sets, by suffix, in the log's order."""
    unreadable: list[Unreadable] = field(default_factory=list)
    """Records that are no event, and events whose fields cannot go together."""
    fates: Counter[str] = field(default_factory=Counter)
    last_event_ms: int | None = None

    def add(self, where: ScopeMinute, slot: int, number: int) -> None:
        slots = self.sums[where]
        slots[slot] = slots.get(slot, 0) + number

    def roll_up(self) -> None:
        """Add what happened to products to the places where it happened."""
        for (place, minute), slots in [*self.sums.items()]:
            if place.outer is not None:
                for slot, number in slots.items():
                    self.add((place.outer, minute), slot, number)
        for (place, minute), logs in [*self.people.items()]:
            if place.outer is not None:
                self.people[place.outer, minute].extend(logs)

    def gauge(self, where: ScopeMinute, gauge: Gauge) -> None:
        known = self.gauges.get(where)
        self.gauges[where] = gauge if known is None else known.later(gauge)
