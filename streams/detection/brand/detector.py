"""What a detector of a brand is.

A new one is a class in a file of this package, a line in `DETECTORS` (brand.py) with a field at the end of `BrandState`
for what it remembers, an alert kind (streams.alerts.kinds) with its runbook, and a test.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from streams.alerts.alert import Alert
from streams.detection.brand.poll import Move
from streams.detection.brand.windows import Tally
from streams.detection.retractions import TakenBack
from streams.events.schema import ScoredText


class BrandFacts(Protocol):
    """What every detector may read of its brand; a detector adds its own fields of `BrandState` to these."""

    brand_id: str
    minute: int
    """The last minute of event time whose beginning was handled."""


class BrandDetector(Protocol):
    """One detector of one brand.

    It is made of the brand's state and the configuration, and keeps what must outlive it in that state, so that a
    worker that takes the brand over goes on with the same alerts. Alerts are returned in the order of writing. Times
    are milliseconds, and minutes are counted from the epoch, both in the brand's event time.
    """

    @property
    def alerting(self) -> bool:
        """Whether an alert is pending or firing."""

    def on_text(self, text: ScoredText, now_ms: int, *, is_timed: bool) -> Iterable[Alert]:
        """Take in what others say of the brand. `now_ms` is the brand's time, or the text's where that is ahead. A text
        may come late: it counts for its own minute. That is known where it `is_timed`: a feed says of others that they
        are yet to come, and by how much its clock is ahead is not found out yet."""

    def on_seller_text(self, text: ScoredText, now_ms: int) -> Iterable[Alert]:
        """Take in what the brand or its hosts say (`is_seller_text`), however late."""

    def on_amendment(self, minute: int, before: Tally, after: Tally) -> None:
        """Take in the scores of a text that was unscored when it came: what it added to its minute of the windows, and
        what it adds now."""

    def on_recount(self, moves: Sequence[Move], now_ms: int) -> Iterable[Alert]:
        """Texts were moved to other minutes of the brand's windows."""

    def on_retraction(self, taken: TakenBack, now_ms: int) -> Iterable[Alert]:
        """Quote what is taken back no more, and take it out of what is still counted."""

    def on_minute(self, minute: int) -> Iterable[Alert]:
        """Look at the minutes before `minute`, which begins. While an alert runs, every minute comes."""

    def running(self, now_ms: int) -> Iterable[Alert]:
        """The alerts that fire, with the figures, the words and the evidence of this moment. They are shown and not
        written to the topic, so they page nobody again. Changes no state."""


def is_seller_text(text: ScoredText) -> bool:
    """Whether the brand or a host speaks: texts that rules for advertisers apply to."""
    return text.kind in ("host_speech", "brand_post")
