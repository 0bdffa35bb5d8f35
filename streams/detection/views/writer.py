"""A batch's texts as what people look at: moods, questions, terms and voices; shelves says where they are kept.

All of it is added to the ledger with the batch's offset, and expires. It is no detector's input.
"""

from collections import defaultdict
from collections.abc import Mapping

from streams.clock import HOUR_MS, MINUTE_MS
from streams.detection.views.keys import (
    MOODS_TTL_SECONDS,
    TENTHS_TTL_SECONDS,
    TEXTS_TTL_SECONDS,
    moods_field,
    moods_suffix,
    tenth_of,
    tenth_suffix,
    texts_field,
    texts_suffix,
)
from streams.detection.views.questions import MAX_QUESTION_CHARS, question_key
from streams.detection.views.topics import terms
from streams.events.schema import ScoredText

_VIEWERS = ("comment", "review")
"""Who speaks of a brand or a host, and not for them."""


class ViewWriter:
    """Counts of a batch, by suffix and field, for the ledger's effects."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.maxima: dict[str, dict[str, int]] = defaultdict(dict)
        self.values: dict[str, dict[str, bytes | None]] = defaultdict(dict)
        self.heard_ms: dict[str, int] = {}

    def count(self, text: ScoredText, *, amends: bool = False) -> None:
        """Count a text; an amendment adds its labels and takes back `unscored`."""
        self._labels(text, amends=amends)
        self.heard_ms[text.brand_id] = max(self.heard_ms.get(text.brand_id, 0), text.event_time_ms)
        if not amends and text.kind in _VIEWERS:
            self._voices(text)
            self._terms(text)
            if text.room_id is not None:
                self._question(text, text.room_id)

    def ttl_seconds(self) -> Mapping[str, int]:
        """How long each of the suffixes lives on."""
        suffixes = [*self.sums, *self.maxima, *self.values]
        return {suffix: _TTL_SECONDS[suffix.partition(":")[0]] for suffix in suffixes}

    def _labels(self, text: ScoredText, *, amends: bool) -> None:
        hour, minute = divmod(text.event_time_ms // MINUTE_MS, HOUR_MS // MINUTE_MS)
        counts = self.sums[texts_suffix(hour, text.brand_id)]
        moods = self.sums[moods_suffix(hour, text.room_id)] if text.room_id and text.kind in _VIEWERS else None
        labels = dict.fromkeys((*text.flagged, text.sentiment or "unscored"), 1)
        for label, number in {**labels, **({"unscored": -1} if amends else {"texts": 1})}.items():
            counts[texts_field(minute, text.platform, label)] += number
            if moods is not None:
                moods[moods_field(minute, label)] += number

    def _voices(self, text: ScoredText) -> None:
        if text.actor is None:
            return
        tenth = tenth_of(text.event_time_ms)
        self.sums[tenth_suffix("voices", tenth, text.brand_id)][text.actor.id] += 1
        if text.actor.followers:
            reach = self.maxima[tenth_suffix("reach", tenth, text.brand_id)]
            reach[text.actor.id] = max(reach.get(text.actor.id, 0), text.actor.followers)

    def _terms(self, text: ScoredText) -> None:
        counts = self.sums[tenth_suffix("terms", tenth_of(text.event_time_ms), text.brand_id)]
        for term in terms(text.text):
            counts[term] += 1

    def _question(self, text: ScoredText, room_id: str) -> None:
        key = question_key(text.text)
        if key is not None:
            tenth = tenth_of(text.event_time_ms)
            self.sums[tenth_suffix("asked", tenth, room_id)][key] += 1
            self.values[tenth_suffix("worded", tenth, room_id)][key] = text.text[:MAX_QUESTION_CHARS].encode(
                errors="replace"
            )


_TTL_SECONDS = {
    "texts": TEXTS_TTL_SECONDS,
    "moods": MOODS_TTL_SECONDS,
    **dict.fromkeys(("voices", "reach", "terms", "asked", "worded"), TENTHS_TTL_SECONDS),
}
