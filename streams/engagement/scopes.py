"""Where an event counts: the scopes that it names, and the names of their buckets in Redis (streams.engagement)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

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
from streams.events.schema import Event, Kind, ValueMode

MINUTES_KEPT_SECONDS = 150 * 60
HOURS_KEPT_SECONDS = 26 * 3600
SCOPE_CODES: dict[Scope, str] = {"room": "r", "product": "p", "brand": "b", "platform": "f"}
WHOLE_SESSION = "s"
_WITH_SESSIONS = (SCOPE_CODES["room"], SCOPE_CODES["product"])
MAX_PROFILES = 30_000
"""Distinct profiles that are remembered; beyond it the table begins anew, so ids made up by a feed cost no memory."""


def scope_field(scope: Scope, scope_id: str) -> str:
    return f"{SCOPE_CODES[scope]}:{scope_id}"


def minute_bucket(minute: int) -> str:
    return f"minute:{minute}"


def hour_bucket(hour: int) -> str:
    return f"hour:{hour}"


def session_bucket(session_id: str) -> str:
    return f"session:{session_id}"


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

    What happens to a product also counts where it happens, in its `outer` place: a batch's changes are added up there
    before any bucket is touched, since many products share a room.
    """

    number: int
    outer: "CountingScope | None"
    fields: tuple[str, ...]
    """Its own: the product's alone, or those of room, brand and platform."""
    session_id: str | None
    session: tuple[BucketTarget, ...]
    """The session's bucket, if there is one."""

    @property
    def all_fields(self) -> tuple[str, ...]:
        return self.fields if self.outer is None else (*self.fields, *self.outer.fields)

    @property
    def session_field(self) -> str | None:
        """Who has the session: the product, or the room if there is one."""
        field = self.fields[0]
        return field if self.session_id is not None and field.startswith(_WITH_SESSIONS) else None

    def targets(self, minute: int) -> tuple[BucketTarget, ...]:
        """Every bucket that its events of this minute count in."""
        return target(minute_bucket(minute), self.fields), target(hour_bucket(minute // 60), self.fields), *self.session


def target(bucket: str, fields: tuple[str, ...]) -> BucketTarget:
    return BucketTarget(bucket, fields, tuple(people_log(bucket, field) for field in fields))


class CountingPlan(NamedTuple):
    """All that an event's counting depends on, but its numbers, its actor and its time."""

    place: CountingScope
    kind: Kind
    adds: tuple[tuple[int, int], ...]
    """(slot, position in MEASURES): what it adds without a look at anything before it."""
    group: int
    special: bool
    """Whether it needs more: a running total, a gauge, a membership, a retraction."""
    paid: bool
    """Whether its amount matters."""


_SPECIAL_KINDS = frozenset({"viewers", "follow", "unfollow", "retraction"})


class CountingPlans(dict[tuple[Any, ...], int]):
    """Numbers the profiles that occur, in order of appearance."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[CountingPlan] = []
        self.special: set[int] = set()
        """The numbers of those that are."""
        self.places: list[CountingScope] = []
        self._places: dict[tuple[Any, ...], CountingScope] = {}
        self._columns = np.empty((0, 4), np.int64)

    def of(self, events: Iterable[Event]) -> list[int]:
        """The number of each event's profile. One expression an event: this is the hottest line of the stage."""
        number = self.__getitem__
        return [
            number((
                event.kind, event.value_mode, event.final, event.is_mirror, event.subject_id is None,
                event.platform, event.brand_id, event.room_id, event.product_id, event.session_id,
            ))
            for event in events
        ]  # fmt: skip

    def columns(self) -> NDArray[np.int64]:
        """A row for each profile: its place's number, its group, whether it is special, whether its amount matters."""
        known = len(self._columns)
        if known < len(self.all):
            rows = [(one.place.number, one.group, one.special, one.paid) for one in self.all[known:]]
            self._columns = np.concatenate((self._columns, np.array(rows, np.int64)))
        return self._columns

    def __missing__(self, key: tuple[Any, ...]) -> int:
        *manner, platform, brand, room, product, session = key
        place = self._place(platform, brand, room, product, session)
        profile = CountingPlan(place, *_manner(room is not None, *manner))
        number = self[key] = len(self.all)
        self.all.append(profile)
        if profile.special:
            self.special.add(number)
        return number

    def _place(
        self, platform: str, brand: str, room: str | None, product: str | None, session: str | None
    ) -> CountingScope:
        where = platform, brand, room, product, session
        place = self._places.get(where)
        if place is None:
            outer = None if product is None else self._place(platform, brand, room, None, session)
            fields = _fields(platform, brand, room) if product is None else (scope_field("product", product),)
            place = self._places[where] = _numbered(len(self.places), outer, fields, session)
            self.places.append(place)
        return place


def _fields(platform: str, brand: str, room: str | None) -> tuple[str, ...]:
    fields = scope_field("brand", brand), scope_field("platform", platform)
    return fields if room is None else (scope_field("room", room), *fields)


def _numbered(number: int, outer: CountingScope | None, fields: tuple[str, ...], session: str | None) -> CountingScope:
    in_session = (WHOLE_SESSION,) if outer is None else fields
    targets = () if session is None else (target(session_bucket(session), in_session),)
    return CountingScope(number, outer, fields, session, targets)


class KindPlan(NamedTuple):
    """What a profile says but for the place: few, where places are many."""

    kind: Kind
    adds: tuple[tuple[int, int], ...]
    group: int
    special: bool
    paid: bool


@cache
def _manner(
    in_room: bool, kind: Kind, value_mode: ValueMode, final: bool, is_mirror: bool, no_subject: bool
) -> KindPlan:
    if is_mirror:
        return KindPlan(kind, _slots(MIRROR), NO_GROUP, special=False, paid=False)
    meaning = CONTRIBUTIONS[kind]
    running = value_mode == "snapshot" or (kind == "gift" and not (final and no_subject))
    unfinished = kind == "speech" and not final
    adds = () if running or unfinished or kind == "retraction" else _slots(meaning)
    paid = any(measure in ("amount", "worth") for _, measure in meaning.adds)
    return KindPlan(kind, adds, group_code(meaning.group, in_room), running or kind in _SPECIAL_KINDS, paid)


def _slots(meaning: Contribution) -> tuple[tuple[int, int], ...]:
    return tuple((SLOTS[name], MEASURES.index(measure)) for name, measure in meaning.adds)
