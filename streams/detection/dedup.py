"""Which texts were applied: scored.texts may hold a text twice, since scoring writes first and stores its offset after.

Scoring reads each partition of its sources in order, so one offset a source partition is enough to find repeats:

    scored.texts   A7 A8 B3 A9 | A8 A9 A10        scoring died behind A9 and began again at A8
    applied        A7 A8 B3 A9           A10      its offset is A9

A text that the model could not answer for comes again with its scores, below that offset: an amendment.
"""

from typing import Literal

from streams.events.schema import ScoredText
from streams.ledger.stored import Stored

KEPT_UNSCORED = 2_000
Classification = Literal["applied", "amendment", "duplicate"]


class AppliedOffsets(Stored):
    """What was applied of one partition of scored.texts."""

    offsets: dict[str, int] = {}
    """The last offset applied, by `topic:partition` of the source."""
    unscored: dict[str, None] = {}
    """Coordinates of texts that were applied without scores, oldest first."""

    def classify(self, text: ScoredText) -> Classification:
        """Whether a text is new, an amendment or a repeat; a new one is remembered as applied."""
        source, offset = source_partition(text), text.origin.offset
        if offset <= self.offsets.get(source, -1):
            amends = text.scored and str(text.origin) in self.unscored
            if amends:
                del self.unscored[str(text.origin)]
            return "amendment" if amends else "duplicate"
        self.offsets[source] = offset
        if not text.scored and text.kind != "retraction":
            self.unscored[str(text.origin)] = None
            if len(self.unscored) > KEPT_UNSCORED:
                del self.unscored[next(iter(self.unscored))]
        return "applied"


def source_partition(text: ScoredText) -> str:
    """The partition that a text comes from, as `topic:partition`."""
    return f"{text.origin.topic}:{text.origin.partition}"
