"""The texts of each minute of a brand's event time, counted, and the five-minute windows made of them.

Bursts are looked for in a window that slides with every text; the baseline learns from windows that tumble, each once,
when the lateness that its feeds need has passed behind it. Both count from the brand's first minute:

    minute     100 101 102 103 104 | 105 106 107 108 109 | 110 111 112
    tumbling   [ learned at 107    ] [ learned at 112    ]
    sliding                    at 111:  [107 … 111]
"""

from collections.abc import Iterator

from streams.detection.baseline.burst import WINDOW_MINUTES
from streams.ledger.stored import Stored

KEPT_MINUTES = 75
"""An hour, and a margin."""
HOUR_MINUTES = 60
DAY_HOURS = 24
ONSET_MINUTES = 15
MAX_SILENT_MINUTES = 14 * 24 * 60
"""Two weeks without a text teach a baseline what silence is; it forgets half of what it knew in one."""


class Tally(Stored):
    """Counts over a stretch of time. `harm` texts are negative or carry a risk; a text may count in several."""

    texts: int = 0
    scored: int = 0
    negative: int = 0
    positive: int = 0
    harm: int = 0
    abuse: int = 0
    personal_abuse: int = 0
    followers: int = 0
    weighted_harm_tenths: int = 0
    """Harmful texts, each worth its author's influence (streams.detection.evidence), in tenths: whole numbers add up
    to the same in any order."""
    abuse_hundredths: int = 0
    """How many abusive texts the model expects: the sum of its probabilities, in hundredths."""
    harm_hundredths: int = 0
    """How many harmful texts it expects (streams.detection.brand.crisis), in hundredths."""

    def add(self, other: "Tally") -> None:
        self.texts += other.texts
        self.scored += other.scored
        self.negative += other.negative
        self.positive += other.positive
        self.harm += other.harm
        self.abuse += other.abuse
        self.personal_abuse += other.personal_abuse
        self.followers += other.followers
        self.weighted_harm_tenths += other.weighted_harm_tenths
        self.abuse_hundredths += other.abuse_hundredths
        self.harm_hundredths += other.harm_hundredths

    def take_back(self, other: "Tally") -> None:
        """Take out what was added; no count falls below nothing."""
        for name in self.__struct_fields__:
            setattr(self, name, max(0, getattr(self, name) - getattr(other, name)))

    @property
    def weighted_harm(self) -> int:
        """Harmful texts by their authors' influence."""
        return self.weighted_harm_tenths // 10

    def share(self, count: int) -> float:
        """A count as a share of the texts that a model has seen; 0 where it has seen none."""
        return count / self.scored if self.scored else 0.0


class AbuseCount(Stored):
    """The texts that a model has seen, and how many abusive ones it expects among them, in hundredths."""

    scored: int = 0
    hundredths: int = 0

    def add(self, scored: int, hundredths: int) -> None:
        """Negative numbers take back; no count falls below nothing."""
        self.scored = max(0, self.scored + scored)
        self.hundredths = max(0, self.hundredths + hundredths)


class Windows(Stored):
    """The last hour and some, by minute since the epoch; of abuse the last day, by hour."""

    next_start: int
    """The first minute of the tumbling window that is learned next."""
    minutes: dict[int, Tally] = {}
    hours: dict[int, AbuseCount] = {}

    def add(self, minute: int, tally: Tally) -> None:
        self.minutes.setdefault(minute, Tally()).add(tally)
        if tally.scored:
            self.hours.setdefault(minute // HOUR_MINUTES, AbuseCount()).add(tally.scored, tally.abuse_hundredths)

    def take_back(self, minute: int, tally: Tally) -> None:
        """Take out a text of a minute that is still held."""
        if minute in self.minutes:
            self.minutes[minute].take_back(tally)
            if (hour := self.hours.get(minute // HOUR_MINUTES)) is not None:
                hour.add(-tally.scored, -tally.abuse_hundredths)

    def replace(self, minute: int, before: Tally, after: Tally) -> None:
        """Count a text of a minute that is still held otherwise than before."""
        if minute in self.minutes:
            self.take_back(minute, before)
            self.add(minute, after)

    def abuse_of_day(self, minute: int) -> AbuseCount:
        """That of the day which ends with this minute's hour."""
        total, last = AbuseCount(), minute // HOUR_MINUTES
        for hour in range(last - DAY_HOURS + 1, last + 1):
            if hour in self.hours:
                total.add(self.hours[hour].scored, self.hours[hour].hundredths)
        return total

    def ending(self, minute: int, minutes: int = WINDOW_MINUTES) -> Tally:
        """The sliding window of so many minutes whose last minute this is."""
        total = Tally()
        for at in range(minute - minutes + 1, minute + 1):
            if at in self.minutes:
                total.add(self.minutes[at])
        return total

    def ten_minutes(self, minute: int) -> int:
        """Texts of the ten minutes of which this is the last."""
        return sum(self.minutes[at].texts for at in range(minute - 9, minute + 1) if at in self.minutes)

    def learned_since(self, minute: int) -> int:
        """How many of the tumbling windows that were given reach beyond this minute's beginning."""
        return max(0, -(-(self.next_start - minute) // WINDOW_MINUTES))

    def fullest(self, minute: int) -> int:
        """The last minute of the sliding window with the most texts of those that this minute lies in; the earliest of
        several."""
        return max(range(minute, minute + WINDOW_MINUTES), key=lambda last: (self.ending(last).texts, -last))

    def begin_no_later_than(self, minute: int) -> None:
        """Let the first tumbling window begin with this minute or before: none was learned yet."""
        self.next_start = min(self.next_start, minute)

    def begin_no_earlier_than(self, minute: int) -> None:
        """Let the next tumbling window begin with this minute or after it: those before it are not given."""
        self.next_start = max(self.next_start, minute)

    def complete(self, minute: int, keep_minutes: int = KEPT_MINUTES) -> Iterator[Tally]:
        """The tumbling windows that lie wholly before this minute and were not given yet, oldest first. Forgets minutes
        that lie more than `keep_minutes` before it."""
        while self.next_start + WINDOW_MINUTES <= minute:
            self.next_start += WINDOW_MINUTES
            yield self.ending(self.next_start - 1)
        for old in [at for at in self.minutes if at < minute - keep_minutes]:
            del self.minutes[old]
        for hour in [at for at in self.hours if at <= minute // HOUR_MINUTES - DAY_HOURS]:
            del self.hours[hour]

    def onset(self, minute: int, usual_per_minute: float, counted: str) -> int:
        """The first of the minutes up to this one whose count (a Tally's field) is above the usual; one may fail."""
        first = minute
        for at in range(minute, minute - ONSET_MINUTES, -1):
            if at in self.minutes and getattr(self.minutes[at], counted) > 2 * usual_per_minute + 1:
                first = at
            elif first - at > 1:
                break
        return first

    def skip_silence(self, minute: int) -> None:
        """Give no more than MAX_SILENT_MINUTES of windows before this minute: of a brand that was not heard of for
        years, or whose first text is years old, each window since then would be given by itself."""
        behind = minute - MAX_SILENT_MINUTES - self.next_start
        if behind > 0:
            self.next_start += -(-behind // WINDOW_MINUTES) * WINDOW_MINUTES
