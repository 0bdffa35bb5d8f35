"""Where an event counts, and how: the scopes that it names, their buckets in Redis, and its counting plan.

Events are many, their distinct kinds and scopes few: each gets a number once, and a batch is counted by the numbers of
its plans.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.engagement.dictionary import (
    CONTRIBUTIONS,
    MEASURES,
    MIRROR,
    NO_GROUP,
    SLOTS,
    Contribution,
    Scope,
    group_code,
)
from streams.engagement.owners import IdOwners
from streams.events.schema import Event, Kind, ValueMode

MINUTES_KEPT_SECONDS = 150 * 60
HOURS_KEPT_SECONDS = 26 * 3600
SCOPE_CODES: dict[Scope, str] = {"room": "r", "product": "p", "brand": "b", "platform": "f"}
WHOLE_SESSION = "s"
_WITH_SESSIONS = (SCOPE_CODES["room"], SCOPE_CODES["product"])
MAX_SCOPES = 60_000
"""Scopes kept in memory; beyond it the table begins anew, so that ids made up by a feed cost no memory."""


def scope_field(scope: Scope, scope_id: str) -> str:
    return f"{SCOPE_CODES[scope]}:{scope_id}"


def minute_bucket(minute: int) -> str:
    return f"minute:{minute}"


def hour_bucket(hour: int) -> str:
    return f"hour:{hour}"


def session_bucket(session_name: str) -> str:
    return f"session:{session_name}"


def people_log(bucket: str, field: str) -> str:
    return f"people:{bucket}:{field}"


def sessions_of(field: str) -> str:
    return f"sessions:{field}"


def followers_of(field: str) -> str:
    return f"followers:{field}"


class BucketTarget(NamedTuple):
    """A bucket, the fields in it, and the suffixes of the logs of their people."""

    bucket: str
    fields: tuple[str, ...]
    logs: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class CountingScope:
    """One combination of platform, brand, room, session, and of a product in it.

    What happens to a product also counts in its `parent`, the same combination without the product: deltas are added
    up there before any bucket is touched, since many products share a room.
    """

    number: int
    parent: "CountingScope | None"
    fields: tuple[str, ...]
    """Its own: the product's alone, or those of room, brand and platform."""
    session_name: str | None
    """As streams.engagement.owners names it."""
    session: tuple[BucketTarget, ...]
    """The session's bucket, if there is one."""

    @property
    def all_fields(self) -> tuple[str, ...]:
        """Its own fields and its parent's."""
        return self.fields if self.parent is None else (*self.fields, *self.parent.fields)

    @property
    def session_field(self) -> str | None:
        """The field that the session belongs to: the product's, or the room's if there is one."""
        field = self.fields[0]
        return field if self.session_name is not None and field.startswith(_WITH_SESSIONS) else None

    def targets(self, minute: int) -> tuple[BucketTarget, ...]:
        """Every bucket that its events of a minute (since the epoch) count in."""
        return target(minute_bucket(minute), self.fields), target(hour_bucket(minute // 60), self.fields), *self.session


def target(bucket: str, fields: tuple[str, ...]) -> BucketTarget:
    """A bucket with these fields."""
    return BucketTarget(bucket, fields, tuple(people_log(bucket, field) for field in fields))


class CountingPlan(NamedTuple):
    """All that an event's counting depends on, except its numbers, its actor and its time."""

    scope: CountingScope
    kind: Kind
    adds: tuple[tuple[int, int], ...]
    """(slot, position in MEASURES): what it adds, whatever came before it."""
    group: int
    """Its actor's group code (streams.engagement.dictionary)."""
    stateful: bool
    """Whether it depends on what came before: a running total, an order, a gauge, a membership, a retraction."""
    priced: bool
    """Whether its amount matters."""


_STATEFUL_KINDS = frozenset({"viewers", "follow", "unfollow", "retraction"})
ORDER_KINDS = frozenset({"order", "payment", "refund"})


class _Numbers(dict[tuple[Any, ...], int]):
    """Numbers by what they are for, made at first sight."""

    def __init__(self, make: Callable[[tuple[Any, ...]], int]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: tuple[Any, ...]) -> int:
        number = self[key] = self._make(key)
        return number


class CountingPlans:
    """The plans that occur: a plan's number is that of its scope and, in the last bits, of its kind. Scopes are many,
    kinds few: so ten thousand rooms make no table of all combinations."""

    KIND_BITS: Final = 11
    """There are 40 kinds, each in 48 ways at most."""
    KIND_MASK: Final = (1 << KIND_BITS) - 1

    def __init__(self, owners: IdOwners) -> None:
        self._owners = owners
        self.scopes: list[CountingScope] = []
        """By number, in the order of appearance."""
        self.kinds: list[KindPlan] = []
        self._scope_numbers = _Numbers(self._new_scope)
        self._kind_numbers = _Numbers(self._new_kind)
        self._traits = np.empty((0, 3), np.int64)

    def __len__(self) -> int:
        return len(self.scopes)

    def plan(self, number: int) -> CountingPlan:
        return CountingPlan(self.scopes[number >> self.KIND_BITS], *self.kinds[number & self.KIND_MASK])

    def stateful_kinds(self) -> frozenset[int]:
        """The last bits of the plans of which each event is looked at by itself."""
        return frozenset(number for number, kind in enumerate(self.kinds) if kind.stateful)

    def numbers_of(self, events: Iterable[Event]) -> list[int]:
        """The number of each event's plan. One expression an event: this is the hottest line of the stage."""
        scope, kind = self._scope_numbers.__getitem__, self._kind_numbers.__getitem__
        return [
            scope((event.platform, event.brand_id, event.room_id, event.product_id, event.session_id)) | kind((
                event.kind, event.value_mode, event.final, event.is_mirror, event.subject_id is None,
                event.room_id is None,
            ))
            for event in events
        ]  # fmt: skip

    def traits(self) -> NDArray[np.int64]:
        """Shape (kinds, 3), a row for each: its group, stateful, priced."""
        if len(self._traits) < len(self.kinds):
            self._traits = np.array([(one.group, one.stateful, one.priced) for one in self.kinds], np.int64)
        return self._traits

    def _new_scope(self, where: tuple[Any, ...]) -> int:
        platform, brand, room, product, session = where
        return self._scope(platform, brand, room, product, session).number << self.KIND_BITS

    def _new_kind(self, way: tuple[Any, ...]) -> int:
        *kind_key, no_room = way
        self.kinds.append(_kind_plan(not no_room, *kind_key))
        return len(self.kinds) - 1

    def _scope(
        self, platform: str, brand: str, room: str | None, product: str | None, session: str | None
    ) -> CountingScope:
        parent = None
        if product is not None:
            above = self._scope_numbers[platform, brand, room, None, session]
            parent = self.scopes[above >> self.KIND_BITS]
        fields = self._fields(platform, brand, room)
        if session is not None:
            session = self._owners.session(session, fields[0] if room is not None else fields[-1])
        if product is not None:
            fields = (scope_field("product", self._owners.name("p", product, platform)),)
        scope = _numbered(len(self.scopes), parent, fields, session)
        self.scopes.append(scope)
        return scope

    def _fields(self, platform: str, brand: str, room: str | None) -> tuple[str, ...]:
        fields = scope_field("brand", brand), scope_field("platform", platform)
        return fields if room is None else (scope_field("room", self._owners.name("r", room, platform)), *fields)


def _numbered(number: int, parent: CountingScope | None, fields: tuple[str, ...], session: str | None) -> CountingScope:
    in_session = (WHOLE_SESSION,) if parent is None else fields
    targets = () if session is None else (target(session_bucket(session), in_session),)
    return CountingScope(number, parent, fields, session, targets)


class KindPlan(NamedTuple):
    """A plan without its scope: there are few of these, and many scopes."""

    kind: Kind
    adds: tuple[tuple[int, int], ...]
    group: int
    stateful: bool
    priced: bool


@cache
def _kind_plan(
    in_room: bool, kind: Kind, value_mode: ValueMode, final: bool, is_mirror: bool, no_subject: bool
) -> KindPlan:
    if is_mirror:
        return KindPlan(kind, _slots(MIRROR), NO_GROUP, stateful=False, priced=False)
    contribution = CONTRIBUTIONS[kind]
    running = value_mode == "snapshot" or (kind == "gift" and not (final and no_subject))
    unfinished = kind == "speech" and not final
    of_order = kind in ORDER_KINDS and not no_subject
    adds = () if running or unfinished or kind == "retraction" else _slots(contribution, money_only=of_order)
    priced = any(measure in ("amount", "worth") for _, measure in contribution.adds)
    stateful = running or of_order or kind in _STATEFUL_KINDS
    return KindPlan(kind, adds, group_code(contribution.group, in_room), stateful, priced)


def _slots(contribution: Contribution, *, money_only: bool = False) -> tuple[tuple[int, int], ...]:
    """What is added; `money_only` where the number of orders depends on what came before."""
    adds = [(name, measure) for name, measure in contribution.adds if not money_only or measure != "one"]
    return tuple((SLOTS[name], MEASURES.index(measure)) for name, measure in adds)
