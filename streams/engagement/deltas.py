"""What a batch adds, by scope and minute, before anything stored is looked at."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.engagement.scopes import CountingScope
from streams.events.codec import Unreadable
from streams.events.schema import Kind

SlotSums = dict[int, int]
"""Amounts to add, by slot."""
ScopeMinute = tuple[CountingScope, int]
"""A scope and a minute of event time; minute SESSION_ONLY for what is too late for any window."""
SESSION_ONLY = -1
MembershipChange = tuple[str, int | None, int]
"""(person, since when in ms or None to remove, horizon in ms): streams.ledger.protocol, `Effects.memberships`."""


class Gauge(NamedTuple):
    """Concurrent viewers over a time: the peak, and the latest number with its event time; and how many ever came, by
    the platform's own count, 0 where it tells none."""

    peak: int
    at_ms: int
    last: int
    came: int = 0

    def later(self, other: "Gauge") -> "Gauge":
        """Both together; of two numbers of one moment, `other`, which comes later in the log, counts."""
        last = other if other.at_ms >= self.at_ms else self
        return Gauge(max(self.peak, other.peak), last.at_ms, last.last, max(self.came, other.came))


class NewestTotal(NamedTuple):
    """The platform's own total of a room's likes so far, and when it told it."""

    at_ms: int
    total: int


class LikeReport(NamedTuple):
    """What tells of a room's likes where the platform has a total of them (streams.engagement.like_totals)."""

    room: str
    """Platform and room."""
    source: str
    session: str
    """Empty where the platform names none."""
    where: ScopeMinute
    at_ms: int
    likes: int = 0
    """Those of the message; without a total they are counted already."""
    total: int | None = None
    sampled: bool = False
    turns: bool = False
    """A stream begins or ends."""


class RunningTotal(NamedTuple):
    """A report of a gift streak or a snapshot. Only its growth over the highest so far is counted."""

    subject: str
    event_id: str
    kind: Kind
    where: ScopeMinute
    total: int
    amount: int
    from_zero: bool
    """A streak begins at 0; a snapshot's first report is its baseline and adds nothing."""


class OrderChange(NamedTuple):
    """A record of an order, or the retraction of one (streams.engagement.orders)."""

    order: str
    """Platform and order id."""
    kind: Kind
    where: ScopeMinute
    sign: int
    stretch: int


class RetractedReport(NamedTuple):
    """The retraction of one such report."""

    subject: str
    event_id: str
    kind: Kind
    where: ScopeMinute
    amount: int
    today: int
    """The watermark's day at the retraction, in days since the epoch."""


@dataclass(slots=True)
class Deltas:
    """One batch's."""

    sums: dict[ScopeMinute, SlotSums] = field(default_factory=lambda: defaultdict(dict))
    gauges: dict[ScopeMinute, Gauge] = field(default_factory=dict)
    people: dict[ScopeMinute, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """Log entries (streams.engagement.hyperloglog)."""
    reports: list[RunningTotal | RetractedReport] = field(default_factory=list)
    """In the log's order, on which growth depends."""
    likes: list[LikeReport] = field(default_factory=list)
    """In the log's order."""
    like_totals: dict[ScopeMinute, NewestTotal] = field(default_factory=dict)
    """Of rooms."""
    orders: list[OrderChange] = field(default_factory=list)
    """In the log's order."""
    owners: dict[str, dict[str, bytes | None]] = field(default_factory=dict)
    """Ids that were met for the first time (streams.engagement.owners), as they are stored."""
    memberships: dict[str, list[MembershipChange]] = field(default_factory=lambda: defaultdict(list))
    """Followers' sorted sets, by suffix, in the log's order."""
    unreadable: list[Unreadable] = field(default_factory=list)
    """Records that are no event, and events whose fields contradict each other."""
    fates: Counter[str] = field(default_factory=Counter)
    """How many events were applied, duplicate, late …"""
    last_event_ms: int | None = None
    """Event time of the last new event."""
    ahead: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By source: how many events were far ahead of their arrival, and by how many milliseconds at most."""

    def add(self, where: ScopeMinute, slot: int, number: int) -> None:
        """Add a number to one slot."""
        slots = self.sums[where]
        slots[slot] = slots.get(slot, 0) + number

    def roll_up(self) -> None:
        """Add the sums and people of products to their parents, then those of rooms, once, when all is counted."""
        for products in (True, False):
            for (scope, minute), slots in [*self.sums.items()]:
                if scope.parent is not None and scope.is_product is products:
                    above = self.sums[scope.parent, minute]
                    for slot, number in slots.items():
                        above[slot] = above.get(slot, 0) + number
            for (scope, minute), logs in [*self.people.items()]:
                if scope.parent is not None and scope.is_product is products:
                    self.people[scope.parent, minute] += logs

    def gauge(self, where: ScopeMinute, gauge: Gauge) -> None:
        """Add a report of concurrent viewers."""
        known = self.gauges.get(where)
        self.gauges[where] = gauge if known is None else known.later(gauge)

    def note_total(self, where: ScopeMinute, newest: NewestTotal) -> None:
        """Note a platform's total of likes; of two of one moment the higher counts."""
        scope, minute = where
        room = scope.without_product, minute
        self.like_totals[room] = max(self.like_totals.get(room, newest), newest)
