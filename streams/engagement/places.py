"""Where an event counts: the scopes that it names, and the names of their buckets in Redis.

    minute:<m>            hash   <field> → totals      one minute of event time (m = ms // 60,000), kept 150 minutes
    hour:<h>              hash   <field> → totals      one hour, kept 26 hours
    session:<id>          hash   `s` and product fields, kept for settings.session_ttl_days
    people:<any of these>:<field>        the bucket's log of people (streams.engagement.people)
    sessions:<field>      hash   session id → its last minute
    followers:<field>     sorted set  person → since when they follow; followers:session:<id> for a session

A field is a scope's letter and its id: `r:` room, `p:` product, `b:` brand, `f:` platform.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.engagement.meaning import MEANINGS, MEASURES, MIRROR, NOBODY, SLOTS, Meaning, group_code
from streams.engagement.vocabulary import Scope
from streams.events.schema import Event, Kind, ValueMode

MINUTES_KEPT_SECONDS = 150 * 60
HOURS_KEPT_SECONDS = 26 * 3600
LETTERS: dict[Scope, str] = {"room": "r", "product": "p", "brand": "b", "platform": "f"}
WHOLE_SESSION = "s"
MOST_PROFILES = 50_000
"""Distinct profiles that are remembered; beyond it the table begins anew, so ids made up by a feed cost no memory."""


def scope_field(scope: Scope, scope_id: str) -> str:
    return f"{LETTERS[scope]}:{scope_id}"


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


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """One combination of platform, brand, room, product and session."""

    number: int
    fields: tuple[str, ...]
    session_id: str | None
    session_fields: tuple[str, ...]
    """Room and product, which have a session window."""

    def buckets(self, minute: int) -> list[tuple[str, tuple[str, ...]]]:
        """Every (bucket, fields) that an event of this minute counts in."""
        buckets = [(minute_bucket(minute), self.fields), (hour_bucket(minute // 60), self.fields)]
        return buckets if self.session_id is None else [*buckets, self.session(self.session_id)]

    def session(self, session_id: str) -> tuple[str, tuple[str, ...]]:
        """The session's bucket, with the fields that it has for this place."""
        products = tuple(field for field in self.session_fields if field.startswith(LETTERS["product"]))
        return session_bucket(session_id), (WHOLE_SESSION, *products)


class Profile(NamedTuple):
    """All that an event's counting depends on, but its numbers, its actor and its time."""

    place: Place
    kind: Kind
    value_mode: ValueMode
    adds: tuple[tuple[int, int], ...]
    """(slot, position in MEASURES): what it adds without a look at anything before it."""
    group: int
    special: bool
    """Whether it needs more: a running total, a gauge, a membership, a retraction."""


profile_key: Callable[[Event], tuple[Any, ...]] = attrgetter(
    "kind", "value_mode", "final", "is_mirror", "platform", "brand_id", "room_id", "product_id", "session_id"
)
_SPECIAL_KINDS = frozenset({"gift", "viewers", "follow", "unfollow", "retraction"})
_SUMMED_LATER = frozenset({"gift", "retraction"})


class Profiles(dict[tuple[Any, ...], int]):
    """Numbers the profiles that occur, in order of appearance: `profiles[profile_key(event)]`."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Profile] = []
        self.places: list[Place] = []
        self._places: dict[tuple[Any, ...], Place] = {}
        self._columns = np.empty((0, 3), np.int64)

    def columns(self) -> NDArray[np.int64]:
        """A row for each profile: its place's number, its group, whether it is special."""
        if len(self._columns) < len(self.all):
            rows = [(profile.place.number, profile.group, profile.special) for profile in self.all]
            self._columns = np.array(rows, np.int64).reshape(-1, 3)
        return self._columns

    def __missing__(self, key: tuple[Any, ...]) -> int:
        kind, value_mode, final, is_mirror, *where = key
        place = self._place(tuple(where))
        self.all.append(_profile(place, kind, value_mode, final, is_mirror))
        number = self[key] = len(self.all) - 1
        return number

    def _place(self, where: tuple[Any, ...]) -> Place:
        place = self._places.get(where)
        if place is None:
            place = self._places[where] = _place(len(self.places), *where)
            self.places.append(place)
        return place


def _place(number: int, platform: str, brand: str, room: str | None, product: str | None, session: str | None) -> Place:
    inner = tuple(scope_field(scope, name) for scope, name in _named(room, product))
    outer = (scope_field("brand", brand), scope_field("platform", platform))
    return Place(number, (*inner, *outer), session, inner)


def _named(room: str | None, product: str | None) -> list[tuple[Scope, str]]:
    scopes: list[tuple[Scope, str | None]] = [("room", room), ("product", product)]
    return [(scope, name) for scope, name in scopes if name is not None]


def _profile(place: Place, kind: Kind, value_mode: ValueMode, final: bool, is_mirror: bool) -> Profile:
    if is_mirror:
        return Profile(place, kind, value_mode, _slots(MIRROR), NOBODY, special=False)
    meaning = MEANINGS[kind]
    special = kind in _SPECIAL_KINDS or value_mode == "snapshot"
    unfinished = kind == "speech" and not final
    summed_later = kind in _SUMMED_LATER or value_mode == "snapshot" or unfinished
    in_room = any(field.startswith(LETTERS["room"]) for field in place.fields)
    group = group_code(meaning.group, in_room)
    return Profile(place, kind, value_mode, () if summed_later else _slots(meaning), group, special)


def _slots(meaning: Meaning) -> tuple[tuple[int, int], ...]:
    return tuple((SLOTS[name], MEASURES.index(measure)) for name, measure in meaning.adds)
