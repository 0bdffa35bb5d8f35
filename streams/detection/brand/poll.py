"""What a feed said at one moment, which is counted anew where it says more of the feed's clock.

A poll's texts come one after the other, and nothing happens after its arrival. Of a clock that is ahead, each of them
may lie further ahead than those before it: then they belong earlier than they were counted.

    a clock 20 minutes ahead, first asked at 10:30     9:50   10:10  10:30  10:50   by the clock
    counted as each comes                              9:50   10:10  10:30  10:30
    when all have come                                 9:30   9:50   10:10  10:30
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from streams.clock import MINUTE_MS
from streams.detection.brand.windows import Tally, Windows
from streams.ledger.stored import Stored

MAX_MINUTES = 500
MAX_TEXTS = 5_000
"""Of a poll, whose counts on screens move with them."""


class PolledMinute(Stored):
    """Texts of one minute by the feed's clock, and the minute in which they are counted."""

    by_clock: int
    minute: int
    tally: Tally
    labels: dict[str, int] = {}
    """As rules count them: `<platform>|<label>`."""
    held: list[tuple[int, str]] = []
    """Where what each of them counted is kept (streams.detection.retractions.place_of)."""

    def add(self, tally: Tally, labels: Mapping[str, int]) -> None:
        self.tally.add(tally)
        for label, number in labels.items():
            self.labels[label] = self.labels.get(label, 0) + number


class Move(NamedTuple):
    """Texts that are counted in another minute now."""

    before: int
    after: int
    texts: PolledMinute


class Poll(Stored):
    """The texts of one feed that arrived at one moment."""

    since_ms: int
    """When the stretch began that measures the feed's clock by them."""
    minutes: list[PolledMinute] = []
    texts: int = 0

    def add(self, event_ms: int, minute: int, tally: Tally, labels: Mapping[str, int], place: tuple[int, str]) -> None:
        """Note a text that was counted in a minute."""
        known = self._minute(event_ms // MINUTE_MS, minute)
        if known is not None:
            known.add(tally, labels)
            self.texts += 1
            if self.texts <= MAX_TEXTS:
                known.held.append(place)

    def _minute(self, by_clock: int, minute: int) -> PolledMinute | None:
        for known in reversed(self.minutes):
            if (known.by_clock, known.minute) == (by_clock, minute):
                return known
        if len(self.minutes) == MAX_MINUTES:
            return None
        self.minutes.append(PolledMinute(by_clock, minute, Tally()))
        return self.minutes[-1]

    def amend(self, text_id: str, before: Tally, after: Tally) -> None:
        """Take in the scores of a text that was unscored when it came."""
        for minute in self.minutes:
            if any(name == text_id for _, name in minute.held):
                minute.tally.take_back(before)
                minute.tally.add(after)

    def take_back(self, text_id: str, counted: Tally) -> None:
        """Let a text that is counted no more not be moved."""
        for minute in self.minutes:
            left = [place for place in minute.held if place[1] != text_id]
            if len(left) < len(minute.held):
                minute.held[:] = left
                minute.tally.take_back(counted)

    def count_anew(self, windows: Windows, happened_ms: Callable[[int], int]) -> list[Move]:
        """Move the texts to the minutes in which they happened as far as it is known now."""
        moves = list[Move]()
        for known in self.minutes:
            minute = happened_ms(known.by_clock * MINUTE_MS) // MINUTE_MS
            if minute != known.minute and (known.minute in windows.minutes or not known.tally.texts):
                if known.tally.texts:
                    windows.take_back(known.minute, known.tally)
                    windows.add(minute, known.tally)
                moves.append(Move(known.minute, minute, known))
                known.minute = minute
        return moves
