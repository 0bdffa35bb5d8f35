"""Texts that are taken back: one that its author deleted, or all of an account that is gone.

What was counted of a text is kept for as long as windows and views may hold it, beside its event's id, so that it can
be taken out again. A text that is older was forgotten by then, and what it once counted as is in no window any more.

    counted:<number>:<brand>   hash   text id → CountedText      the number is of the ten minutes of its arrival

A retraction may overtake its text, so a brand remembers the last that found nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from streams.alerts.alert import Evidence
from streams.detection.brand.windows import Tally
from streams.detection.evidence import short_id, text_id_of
from streams.detection.views.keys import TEN_MINUTES_TTL_SECONDS, at_minute, minute_of, ten_minutes_of
from streams.events.schema import ScoredText
from streams.ledger.stored import Stored, StoredCodec

COUNTED_TTL_SECONDS = TEN_MINUTES_TTL_SECONDS
STRETCHES = 8
"""Of ten minutes, in which a text may be counted."""
MAX_COUNTED = 5_000
"""Texts of a brand and ten minutes; what lies beyond that is not taken out of counts, only out of quotes."""
MAX_EARLY = 64


class CountedText(Stored):
    """What a text added, by suffix and field of the views, and to its minute; its wording, and who wrote it."""

    minute: int
    tally: Tally
    views: dict[str, dict[str, int]] = {}
    wording: str = ""
    actor_id: str | None = None
    source: str = ""
    """Who told it, in what earlier versions stored; nothing reads it."""
    room_id: str | None = None
    came_unscored: bool = False
    """Whether its scores came later: as evidence it was taken for a text that takes a side."""

    @property
    def shown_minute(self) -> int:
        """The minute of its labels on screens, since the epoch."""
        for suffix, counts in self.views.items():
            kind, _, rest = suffix.partition(":")
            if kind == "texts" and counts:
                return minute_of(rest, next(iter(counts)))
        return self.minute

    def in_minute(self, minute: int) -> "CountedText":
        """The same, had the text been counted in another minute."""
        views: dict[str, dict[str, int]] = {}
        for suffix, counts in self.views.items():
            for name, number in counts.items():
                there, field_there = at_minute(suffix, name, minute)
                views.setdefault(there, {})[field_there] = number
        return msgspec.structs.replace(self, minute=minute, views=views)


COUNTED = StoredCodec(CountedText)


def place_of(text: ScoredText) -> tuple[int, str]:
    """Where a text's counts are kept: by its arrival, which says nothing of how its feed's clock is off."""
    return ten_minutes_of(text.log_time_ms if text.log_time_ms > 0 else text.event_time_ms), text_id_of(text)


def taken_id(retraction: ScoredText) -> str | None:
    """The name of the text that a retraction takes back; None where it takes back an account's."""
    return None if retraction.retracts is None else short_id(retraction.retracts, retraction)


def counted_suffix(number: int, brand_id: str) -> str:
    return f"counted:{number}:{brand_id}"


def counted_suffixes(retraction: ScoredText) -> list[str]:
    """Where a text may be that is taken back now."""
    now, _ = place_of(retraction)
    return [counted_suffix(number, retraction.brand_id) for number in range(now - STRETCHES + 1, now + 2)]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a retraction takes back: one text, all of an account's, or those that it wrote in a room."""

    text_id: str | None
    actor_id: str | None
    room_id: str | None = None
    counted: Sequence[CountedText] = ()
    """What they had counted, as far as it is still held."""
    counted_ids: Sequence[str] = ()
    """The names of those texts, in the same order."""

    def covers(self, evidence: Evidence) -> bool:
        """Whether a piece of evidence quotes what is taken back."""
        if self.text_id is not None:
            return evidence.text_id == self.text_id
        if self.room_id is not None and evidence.room_id != self.room_id:
            return False
        return self.actor_id is not None and evidence.actor_id == self.actor_id

    @property
    def account_id(self) -> str | None:
        """The account that is gone everywhere."""
        return self.actor_id if self.room_id is None else None


@dataclass
class CountedTexts:
    """The counted texts that a batch adds, needs and takes out, of one partition; changes by suffix and text id."""

    changes: dict[str, dict[str, bytes | None]] = field(default_factory=dict)
    _held: dict[str, dict[str, CountedText]] = field(default_factory=dict)
    """By text id and suffix: those of this batch, and those that were loaded for its retractions."""
    _moved: dict[tuple[str, str], int] = field(default_factory=dict)
    """Minutes, by text id and suffix."""
    _sizes: dict[str, int] = field(default_factory=dict)

    def hold(self, suffix: str, stored: Mapping[str, bytes]) -> None:
        """Take in what is stored."""
        for name, value in stored.items():
            counted = COUNTED.decode_or_none(value, f"text {name}")
            if counted is not None:
                self._held.setdefault(name, {}).setdefault(suffix, counted)

    def add(self, text: ScoredText, counted: CountedText) -> None:
        number, name = place_of(text)
        suffix = counted_suffix(number, text.brand_id)
        size = self._sizes[suffix] = self._sizes.get(suffix, 0) + 1
        if size <= MAX_COUNTED:
            self.changes.setdefault(suffix, {})[name] = COUNTED.encode(counted)
            self._held.setdefault(name, {})[suffix] = counted

    def of(self, text: ScoredText) -> CountedText | None:
        """What a text counted, where that is held."""
        number, name = place_of(text)
        return self._held.get(name, {}).get(counted_suffix(number, text.brand_id))

    def replace(self, text: ScoredText, counted: CountedText) -> None:
        """Keep something else of a text that is held."""
        number, name = place_of(text)
        suffix = counted_suffix(number, text.brand_id)
        self.changes.setdefault(suffix, {})[name] = COUNTED.encode(counted)
        self._held[name][suffix] = counted

    def move(self, brand_id: str, place: tuple[int, str], minute: int) -> None:
        """A text is counted in another minute as soon as `settle` is called."""
        number, name = place
        self._moved[name, counted_suffix(number, brand_id)] = minute

    def settle(self) -> Iterator[tuple[CountedText, CountedText]]:
        """What the moved texts counted before, and what they count now."""
        for (name, suffix), minute in self._moved.items():
            counted = self._held.get(name, {}).get(suffix)
            if counted is not None and counted.minute != minute:
                moved = self._held[name][suffix] = counted.in_minute(minute)
                self.changes.setdefault(suffix, {})[name] = COUNTED.encode(moved)
                yield counted, moved
        self._moved.clear()

    def take(self, retraction: ScoredText) -> TakenBack:
        """What is taken back; it is counted no more."""
        name = taken_id(retraction)
        names = [name] if name is not None else [*self._held]
        actor_id = retraction.actor.id if retraction.actor else None
        taken: list[CountedText] = []
        taken_ids: list[str] = []
        for one in names:
            for suffix, counted in [*self._held.get(one, {}).items()]:
                if not suffix.endswith(f":{retraction.brand_id}"):
                    continue
                if name is not None or (counted.actor_id == actor_id and retraction.room_id in (None, counted.room_id)):
                    del self._held[one][suffix]
                    self.changes.setdefault(suffix, {})[one] = None
                    taken.append(counted)
                    taken_ids.append(one)
        if name is not None:
            return TakenBack(name, None, counted=taken, counted_ids=taken_ids)
        return TakenBack(None, actor_id, retraction.room_id, taken, taken_ids)

    def stored(self) -> None:
        """Called when the changes are in the ledger."""
        self.changes, self._held = {}, {}
        while len(self._sizes) > 4 * MAX_COUNTED:
            del self._sizes[next(iter(self._sizes))]
