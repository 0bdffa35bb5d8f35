"""How a brand's level goes with the hour of the day, as far as its own past proves it.

Many brands are talked of by day and asleep at night; others follow no clock, and a profile of hours would only add
noise. So it is learned beside the level and believed by how much it explains: what the windows of the last week strayed
from the level alone, against what they strayed from level and profile, each told before the window was learned.

    explained    0 … a half    two thirds    four fifths … 1
    believed           0          a half            1

Hours are those of UTC, from 0 up to 24; a profile is a log of the ratio to the level, at the middle of each hour, and
between two middles in proportion: else every steep morning would stray at each full hour.
"""

import math

import msgspec

from streams.clock import HOUR_MS
from streams.ledger.stored import Stored

HOURS = 24
WINDOWS_AN_HOUR = 12
_HALF_LIFE_HOURS = 7
"""A week's seven hours of one kind."""
_STEP = 1 - 0.5 ** (1 / (_HALF_LIFE_HOURS * WINDOWS_AN_HOUR))
_STRAYING_STEP = 1 - 0.5 ** (1 / (_HALF_LIFE_HOURS * HOURS * WINDOWS_AN_HOUR))
_YOUNG_WINDOWS = 2 * HOURS * WINDOWS_AN_HOUR
_MIN_EXPLAINED, _FULLY_EXPLAINED = 0.5, 0.8


def hour_of_day(at_ms: int) -> float:
    return at_ms / HOUR_MS % HOURS


class DailySeasonality(Stored):
    """The running profile; all zero until it is proven."""

    profile: list[float] = msgspec.field(default_factory=lambda: [0.0] * HOURS)
    seen: list[int] = msgspec.field(default_factory=lambda: [0] * HOURS)
    """Windows by hour of the day."""
    windows: int = 0
    strayed: float = 0.0
    """Mean square of what windows strayed from the level alone."""
    unexplained: float = 0.0
    """And from level and profile."""
    belief: float = 0.0

    def of(self, hour: float) -> float:
        """What the hour adds to the log level."""
        return self.belief * self._profile(hour)

    def rise(self, hour: float, hours: int) -> float:
        """How many times the mean of so many hours before an hour has itself, as far as it is proven; 1 or more."""
        before = [math.exp(self.of((hour - back) % HOURS)) for back in range(1, hours + 1)]
        return max(1.0, math.exp(self.of(hour)) * hours / sum(before))

    def learn(self, hour: float, strayed: float) -> None:
        """A window strayed so far from the level, in logs."""
        left, whole = strayed - self._profile(hour), int(hour)
        self.windows += 1
        step = max(_STRAYING_STEP, 1 / self.windows)
        self.strayed += step * (strayed * strayed - self.strayed)
        self.unexplained += step * (left * left - self.unexplained)
        self.seen[whole] += 1
        self.profile[whole] += max(_STEP, 1 / self.seen[whole]) * left
        self.belief = self._belief()

    def _profile(self, hour: float) -> float:
        past, before = math.modf((hour - 0.5) % HOURS)
        one, other = self.profile[int(before)], self.profile[(int(before) + 1) % HOURS]
        return one + past * (other - one)

    def _belief(self) -> float:
        if self.windows <= _YOUNG_WINDOWS or self.strayed <= 0:
            return 0.0
        explained = 1 - self.unexplained / self.strayed
        return min(1.0, max(0.0, (explained - _MIN_EXPLAINED) / (_FULLY_EXPLAINED - _MIN_EXPLAINED)))
