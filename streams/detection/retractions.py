"""Texts that are taken back: one that its author deleted, or all of an account that is gone.

What was counted of a text is kept for as long as windows and views may hold it, beside its event's id, so that it can
be taken out again. A text that is older was forgotten by then, and what it once counted as is in no window any more.

    counted:<number>:<brand>   hash   text id → CountedText      the number is of ten minutes since the epoch

A retraction may overtake its text, so a brand remembers the last that found nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streams.alerts.alert import Evidence
from streams.detection.brand.windows import Tally
from streams.detection.evidence import short_id, text_id_of
from streams.detection.views.keys import TEN_MINUTES_TTL_SECONDS, ten_minutes_of
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


COUNTED = StoredCodec(CountedText)


def taken_id(retraction: ScoredText) -> str | None:
    """The name of the text that a retraction takes back; None where it takes back an account's."""
    return None if retraction.retracts is None else short_id(retraction.retracts, retraction)


def counted_suffix(number: int, brand_id: str) -> str:
    return f"counted:{number}:{brand_id}"


def counted_suffixes(retraction: ScoredText) -> list[str]:
    """Where a text may be that is taken back now."""
    now = ten_minutes_of(max(retraction.event_time_ms, retraction.log_time_ms))
    return [counted_suffix(number, retraction.brand_id) for number in range(now - STRETCHES + 1, now + 2)]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a retraction takes back: one text, or all of an account's."""

    text_id: str | None
    actor_id: str | None
    counted: Sequence[CountedText] = ()
    """What they had counted, as far as it is still held."""

    def covers(self, evidence: Evidence) -> bool:
        """Whether a piece of evidence quotes what is taken back."""
        if self.text_id is not None:
            return evidence.text_id == self.text_id
        return self.actor_id is not None and evidence.actor_id == self.actor_id


@dataclass
class CountedTexts:
    """The counted texts that a batch adds, needs and takes out, of one partition; changes by suffix and text id."""

    changes: dict[str, dict[str, bytes | None]] = field(default_factory=dict)
    _held: dict[str, dict[str, CountedText]] = field(default_factory=dict)
    """By text id and suffix: those of this batch, and those that were loaded for its retractions."""
    _sizes: dict[str, int] = field(default_factory=dict)

    def hold(self, suffix: str, stored: Mapping[str, bytes]) -> None:
        """Take in what is stored."""
        for name, value in stored.items():
            counted = COUNTED.decode_or_none(value, f"text {name}")
            if counted is not None:
                self._held.setdefault(name, {}).setdefault(suffix, counted)

    def add(self, text: ScoredText, counted: CountedText) -> None:
        suffix, name = counted_suffix(ten_minutes_of(text.event_time_ms), text.brand_id), text_id_of(text)
        size = self._sizes[suffix] = self._sizes.get(suffix, 0) + 1
        if size <= MAX_COUNTED:
            self.changes.setdefault(suffix, {})[name] = COUNTED.encode(counted)
            self._held.setdefault(name, {})[suffix] = counted

    def take(self, retraction: ScoredText) -> TakenBack:
        """What is taken back; it is counted no more."""
        name = taken_id(retraction)
        names = [name] if name is not None else [*self._held]
        actor_id = retraction.actor.id if retraction.actor else None
        taken: list[CountedText] = []
        for one in names:
            for suffix, counted in [*self._held.get(one, {}).items()]:
                if suffix.endswith(f":{retraction.brand_id}") and (name is not None or counted.actor_id == actor_id):
                    del self._held[one][suffix]
                    self.changes.setdefault(suffix, {})[one] = None
                    taken.append(counted)
        return TakenBack(name, actor_id if name is None else None, taken)

    def stored(self) -> None:
        """Called when the changes are in the ledger."""
        self.changes, self._held = {}, {}
        while len(self._sizes) > 4 * MAX_COUNTED:
            del self._sizes[next(iter(self._sizes))]
