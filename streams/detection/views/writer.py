"""A batch's texts as counts for screens: sentiments, questions, terms and accounts (streams.detection.views.keys).

The counts are added to the ledger with the batch's offset, and expire. No detector reads them.
"""

from collections import defaultdict
from collections.abc import Mapping

from streams.clock import HOUR_MS, MINUTE_MS
from streams.detection.views.keys import (
    SAMPLE_CHARS,
    SAMPLES,
    SENTIMENTS_TTL_SECONDS,
    TEN_MINUTES_TTL_SECONDS,
    TEXTS_TTL_SECONDS,
    sentiments_field,
    sentiments_suffix,
    ten_minute_suffix,
    ten_minutes_of,
    texts_field,
    texts_suffix,
)
from streams.detection.views.labels import labels_of
from streams.detection.views.questions import MAX_QUESTION_CHARS, question_key
from streams.detection.views.topics import TEXTS, terms
from streams.events.identity import qualified
from streams.events.schema import ScoredText

_VIEWER_KINDS = ("comment", "review")
"""Kinds of texts about a brand or a host, not by them."""


class ViewWriter:
    """Counts of a batch, by suffix and field, for the ledger's effects."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.maxima: dict[str, dict[str, int]] = defaultdict(dict)
        self.values: dict[str, dict[str, bytes | None]] = defaultdict(dict)
        self.newest_ms: dict[str, int] = {}

    def add(self, text: ScoredText, *, amends: bool = False) -> None:
        """Count a text; an amendment adds its labels and takes back `unscored`."""
        self._add_labels(text, amends=amends)
        self.newest_ms[text.brand_id] = max(self.newest_ms.get(text.brand_id, 0), text.event_time_ms)
        if not amends and text.kind in _VIEWER_KINDS:
            self._add_account(text)
            self._add_terms(text)
            if text.room_id is not None:
                self._add_question(text, qualified(text.room_id, text.platform))

    def move(self, before: Mapping[str, Mapping[str, int]], after: Mapping[str, Mapping[str, int]]) -> None:
        """Count elsewhere what a text had counted. Examples, last wordings and largest reaches stay."""
        for views, sign in ((before, -1), (after, 1)):
            for suffix, counts in views.items():
                for name, number in counts.items():
                    self.sums[suffix][name] += sign * number

    def merge(self, other: "ViewWriter") -> None:
        """Add what another counted."""
        for suffix, sums in other.sums.items():
            for name, number in sums.items():
                self.sums[suffix][name] += number
        for suffix, maxima in other.maxima.items():
            known = self.maxima[suffix]
            known.update({name: max(known.get(name, number), number) for name, number in maxima.items()})
        for suffix, values in other.values.items():
            self.values[suffix].update(values)
        for brand_id, newest_ms in other.newest_ms.items():
            self.newest_ms[brand_id] = max(self.newest_ms.get(brand_id, 0), newest_ms)

    def take_back(self, views: Mapping[str, Mapping[str, int]]) -> None:
        """Take out what a text had counted. All examples of its ten minutes go, since it may be one of them."""
        for suffix, counts in views.items():
            if suffix.startswith("terms:"):
                self.values["samples" + suffix.removeprefix("terms")].update(dict.fromkeys(map(str, range(SAMPLES))))
            for name, number in counts.items():
                self.sums[suffix][name] -= number

    def ttl_seconds(self) -> Mapping[str, int]:
        """How long each of the suffixes lives on."""
        suffixes = [*self.sums, *self.maxima, *self.values]
        return {suffix: _TTL_SECONDS[suffix.partition(":")[0]] for suffix in suffixes}

    def _add_labels(self, text: ScoredText, *, amends: bool) -> None:
        hour, minute = divmod(text.event_time_ms // MINUTE_MS, HOUR_MS // MINUTE_MS)
        counts = self.sums[texts_suffix(hour, text.brand_id)]
        sentiments = (
            self.sums[sentiments_suffix(hour, qualified(text.room_id, text.platform))]
            if text.room_id and text.kind in _VIEWER_KINDS
            else None
        )
        for label, number in {**labels_of(text), **({"unscored": -1} if amends else {"texts": 1})}.items():
            counts[texts_field(minute, text.platform, label)] += number
            if sentiments is not None:
                sentiments[sentiments_field(minute, label)] += number

    def _add_account(self, text: ScoredText) -> None:
        if text.actor is None:
            return
        number = ten_minutes_of(text.event_time_ms)
        self.sums[ten_minute_suffix("voices", number, text.brand_id)][text.actor.id] += 1
        if text.actor.followers:
            reach = self.maxima[ten_minute_suffix("reach", number, text.brand_id)]
            reach[text.actor.id] = max(reach.get(text.actor.id, 0), text.actor.followers)

    def _add_terms(self, text: ScoredText) -> None:
        number = ten_minutes_of(text.event_time_ms)
        counts = self.sums[ten_minute_suffix("terms", number, text.brand_id)]
        counts[TEXTS] += 1
        samples = self.values[ten_minute_suffix("samples", number, text.brand_id)]
        samples[str(text.origin.offset % SAMPLES)] = text.text[:SAMPLE_CHARS].encode(errors="replace")
        for term in terms(text.text):
            counts[term] += 1

    def _add_question(self, text: ScoredText, room: str) -> None:
        key = question_key(text.text)
        if key is not None:
            number = ten_minutes_of(text.event_time_ms)
            self.sums[ten_minute_suffix("asked", number, room)][key] += 1
            self.values[ten_minute_suffix("worded", number, room)][key] = text.text[:MAX_QUESTION_CHARS].encode(
                errors="replace"
            )


_TTL_SECONDS = {
    "texts": TEXTS_TTL_SECONDS,
    "moods": SENTIMENTS_TTL_SECONDS,
    **dict.fromkeys(("voices", "reach", "terms", "samples", "asked", "worded"), TEN_MINUTES_TTL_SECONDS),
}
