"""Where an event counts, and how: the scopes that it names, their buckets in Redis, and its counting plan.

Events are many, their distinct kinds and scopes few: each gets a number once, and a batch is counted by the numbers of
its plans.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple
from zlib import crc32

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
PENDING_GROUPS = 256
"""Fields share so many strings for what their hours and sessions are still to be given (streams.engagement.pending)."""


def scope_field(scope: Scope, scope_id: str) -> str:
    return f"{SCOPE_CODES[scope]}:{scope_id}"


@lru_cache(maxsize=1_024)
def minute_bucket(minute: int) -> str:
    return f"minute:{minute}"


@lru_cache(maxsize=256)
def hour_bucket(hour: int) -> str:
    return f"hour:{hour}"


def session_bucket(session_name: str) -> str:
    return f"session:{session_name}"


def pending_group(field: str) -> int:
    return crc32(field.encode()) % PENDING_GROUPS


def people_log(bucket: str, field: str) -> str:
    return f"people:{bucket}:{field}"


def sessions_of(field: str) -> str:
    return f"sessions:{field}"


def followers_of(field: str) -> str:
    return f"followers:{field}"


class BucketTarget(NamedTuple):
    """A bucket, and the fields in it."""

    bucket: str
    fields: Sequence[str]


@dataclass(frozen=True, eq=False, slots=True)
class CountingScope:
    """One combination of platform, brand, room, session, and of a product in it.

    What happens to a product also counts in its `parent`, the same combination without the product, and what happens in
    a room in that of its brand and platform alone: deltas are added up there before any bucket is touched, since many
    products share a room, and many rooms a brand.
    """

    number: int
    parent: "CountingScope | None"
    fields: tuple[str, ...]
    """Its own: the product's alone, the room's alone, or those of brand and platform."""
    session_name: str | None
    """As streams.engagement.owners names it."""
    session: tuple[BucketTarget, ...]
    """The session's bucket, if there is one."""
    session_field: str | None
    """The field that the session belongs to: the product's, or the room's if there is one."""
    is_product: bool
    pending_groups: tuple[int, ...]
    """Each field's; none where what it counts may not wait: the session of neither a room nor a product."""

    @property
    def all_fields(self) -> tuple[str, ...]:
        """Its own fields and those of what it counts in."""
        return self.fields if self.parent is None else (*self.fields, *self.parent.all_fields)

    @property
    def is_room(self) -> bool:
        return self.fields[0].startswith(SCOPE_CODES["room"])

    @property
    def without_product(self) -> "CountingScope":
        """The room, or brand, that a product was shown in; any other scope itself."""
        return self.parent if self.is_product and self.parent is not None else self

    def minute_target(self, minute: int) -> BucketTarget:
        """The bucket of a minute (since the epoch)."""
        return BucketTarget(minute_bucket(minute), self.fields)

    def roll_up_targets(self, minute: int) -> tuple[BucketTarget, ...]:
        """The other buckets that its events of a minute count in."""
        return (BucketTarget(hour_bucket(minute // 60), self.fields), *self.session)


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


_STATEFUL_KINDS = frozenset({"viewers", "follow", "unfollow", "retraction", "account_deletion"})
ORDER_KINDS = frozenset({"order", "payment", "refund"})
TURNS = frozenset({"session_start", "session_end"})
"""A platform's totals begin anew."""


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

    KIND_BITS: Final = 13
    """There are 40 kinds, each in 192 ways at most."""
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
                event.total is None, event.sampled, event.room_id is None,
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
        fields: tuple[str, ...] = scope_field("brand", brand), scope_field("platform", platform)
        if product is not None:
            parent = self._numbered(platform, brand, room, None, session)
        elif room is not None:
            parent = self._numbered(platform, brand, None, None, None)
        if room is not None:
            fields = (scope_field("room", self._owners.name("r", room, platform)),)
        if session is not None:
            session = self._owners.session(session, fields[-1])
        if product is not None:
            fields = (scope_field("product", self._owners.name("p", product, platform)),)
        in_session = (WHOLE_SESSION,) if product is None else fields
        session_field = fields[0] if session is not None and fields[0].startswith(_WITH_SESSIONS) else None
        may_wait = session is None or session_field is not None
        scope = CountingScope(
            number=len(self.scopes),
            parent=parent,
            fields=fields,
            session_name=session,
            session=() if session is None else (BucketTarget(session_bucket(session), in_session),),
            session_field=session_field,
            is_product=product is not None,
            pending_groups=tuple(map(pending_group, fields)) if may_wait else (),
        )
        self.scopes.append(scope)
        return scope

    def _numbered(self, *where: str | None) -> CountingScope:
        return self.scopes[self._scope_numbers[where] >> self.KIND_BITS]


class KindPlan(NamedTuple):
    """A plan without its scope: there are few of these, and many scopes."""

    kind: Kind
    adds: tuple[tuple[int, int], ...]
    group: int
    stateful: bool
    priced: bool


@cache
def _kind_plan(
    in_room: bool,
    kind: Kind,
    value_mode: ValueMode,
    final: bool,
    is_mirror: bool,
    no_subject: bool,
    no_total: bool,
    sampled: bool,
) -> KindPlan:
    if is_mirror:
        return KindPlan(kind, _slots(MIRROR), NO_GROUP, stateful=False, priced=False)
    contribution = CONTRIBUTIONS[kind]
    running = value_mode == "snapshot" or (kind == "gift" and not (final and no_subject))
    unfinished = kind == "speech" and not final
    of_order = kind in ORDER_KINDS and not no_subject
    totalled = in_room and kind == "like" and not no_total
    beside_total = in_room and kind == "like" and (sampled or value_mode == "aggregate")
    of_total = totalled or beside_total or (in_room and kind in TURNS)
    nothing = running or totalled or unfinished or kind == "retraction"
    adds = () if nothing else _slots(contribution, money_only=of_order)
    priced = any(measure in ("amount", "worth") for _, measure in contribution.adds)
    stateful = running or of_order or of_total or kind in _STATEFUL_KINDS
    return KindPlan(kind, adds, group_code(contribution.group, in_room), stateful, priced)


def _slots(contribution: Contribution, *, money_only: bool = False) -> tuple[tuple[int, int], ...]:
    """What is added; `money_only` where the number of orders depends on what came before."""
    adds = [(name, measure) for name, measure in contribution.adds if not money_only or measure != "one"]
    return tuple((SLOTS[name], MEASURES.index(measure)) for name, measure in adds)
