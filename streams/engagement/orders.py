"""Orders are counted once, however many records tell of them: a deposit and a balance, two partial refunds, a payment
for each product.

    record                         orders paid of the room    of p1    of p2    paid value
    payment o1, deposit, p1        1                          1                 50
    payment o1, balance, p1                                                     450
    payment o1, p2                                                     1        100

An order is remembered, by kind of record and product, for the stretch of its last record and the one after, and expires
by itself. A record without `subject_id` names no order: it is one by itself.

    orders:<n>   hash   platform and order → OrderMark      n counts stretches of 16 days of event time
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from streams.clock import DAY_MS
from streams.engagement.deltas import Deltas, OrderChange, ScopeMinute
from streams.engagement.dictionary import CONTRIBUTIONS, SLOTS
from streams.engagement.scopes import ORDER_KINDS
from streams.events.schema import Event
from streams.ledger.stored import Stored, StoredCodec

STRETCH_MS = 16 * DAY_MS
ORDERS_KEPT_SECONDS = 49 * 86_400
"""To the end of the stretch after the one that it is stored under, which may be the one after its last write's."""
MAX_ORDERS = 50_000
"""Orders held in memory; the others are loaded with their next record."""


class OrderMark(Stored):
    """What is remembered of an order: the stretch of its last record, and how many records tell of it, by kind, and by
    kind and product."""

    stretch: int
    records: dict[str, int] = {}


_codec = StoredCodec(OrderMark)


class _Growth(NamedTuple):
    """By how much the counts of orders change: the product's, and that of all else that the record counts in."""

    product: int
    order: int


def names_order(event: Event) -> bool:
    """Whether an event tells of an order that other records may tell of too."""
    return event.kind in ORDER_KINDS and event.subject_id is not None and event.value_mode != "snapshot"


def order_change(event: Event, where: ScopeMinute, sign: int) -> OrderChange:
    """What an event of an order changes; `sign` is -1 where it is taken back."""
    return OrderChange(
        f"{event.platform}|{event.subject_id}", event.kind, where, sign, event.event_time_ms // STRETCH_MS
    )


class OrderMarks:
    """One partition's, those in use held in memory."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, OrderMark | None] = OrderedDict()

    def to_load(self, changes: Iterable[OrderChange]) -> dict[str, list[str]]:
        """The orders that must be loaded before these changes are counted, by suffix."""
        wanted: dict[str, set[str]] = {}
        for change in changes:
            if change.order not in self._held:
                for stretch in range(change.stretch - 1, change.stretch + 2):
                    wanted.setdefault(_suffix(stretch), set()).add(change.order)
        return {suffix: sorted(orders) for suffix, orders in wanted.items()}

    def add_loaded(self, wanted: Mapping[str, Iterable[str]], found: Mapping[str, Mapping[str, bytes]]) -> None:
        """Hold what was loaded; of several marks of an order, the latest."""
        for orders in wanted.values():
            for order in orders:
                self._held.setdefault(order, None)
        for suffix in wanted:
            for order, value in found.get(suffix, {}).items():
                mark, known = _codec.decode_or_none(value, f"order {order}"), self._held.get(order)
                if mark is not None and (known is None or known.stretch <= mark.stretch):
                    self._held[order] = mark

    def count(self, changes: Iterable[OrderChange], deltas: Deltas) -> dict[str, dict[str, bytes | None]]:
        """Add to the deltas what these changes add to the numbers of orders, in order, before products are rolled up;
        returns the marks to store, by suffix."""
        touched: dict[str, None] = {}
        for change in changes:
            _add(deltas, change, self._change(change))
            touched[change.order] = None
        stored: dict[str, dict[str, bytes | None]] = {}
        for order in touched:
            mark = self._held[order]
            if mark is not None:
                stored.setdefault(_suffix(mark.stretch), {})[order] = _codec.encode(mark)
        return stored

    def evict_oldest(self) -> None:
        """Hold no more than MAX_ORDERS; called when the marks are stored."""
        while len(self._held) > MAX_ORDERS:
            self._held.popitem(last=False)

    def _change(self, change: OrderChange) -> _Growth:
        self._held.move_to_end(change.order)
        mark = self._held[change.order]
        if mark is None or mark.stretch < change.stretch - 1:
            mark = OrderMark(change.stretch)
        mark = self._held[change.order] = OrderMark(max(mark.stretch, change.stretch), dict(mark.records))
        scope = change.where[0]
        product = _step(mark, f"{change.kind}|{scope.fields[0]}", change.sign) if scope.is_product else 0
        return _Growth(product, _step(mark, change.kind, change.sign))


def _step(mark: OrderMark, name: str, sign: int) -> int:
    """Count a record up or down; by how much the number of orders changes."""
    before = mark.records.get(name, 0)
    after = max(0, before + sign)
    if after:
        mark.records[name] = after
    else:
        mark.records.pop(name, None)
    return (after > 0) - (before > 0)


def _add(deltas: Deltas, change: OrderChange, growth: _Growth) -> None:
    scope, minute = change.where
    slot = next(SLOTS[name] for name, measure in CONTRIBUTIONS[change.kind].adds if measure == "one")
    if not scope.is_product:
        _add_some(deltas, change.where, slot, growth.order)
        return
    _add_some(deltas, change.where, slot, growth.product)
    # The product's own number is added to its parent with all else.
    _add_some(deltas, (scope.without_product, minute), slot, growth.order - growth.product)


def _add_some(deltas: Deltas, where: ScopeMinute, slot: int, number: int) -> None:
    if number:
        deltas.add(where, slot, number)


def _suffix(stretch: int) -> str:
    return f"orders:{stretch}"
