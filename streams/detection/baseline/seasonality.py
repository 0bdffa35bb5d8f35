"""How a brand's level depends on the hour of the day, as far as its own past proves it.

Many brands are talked of by day and asleep at night; others follow no clock, and a profile of hours would only add
noise. So it is learned beside the level, and its confidence is how much it explains: the residuals of the last week's
windows from the level alone, against those from level and profile, each computed before the window was learned.

    explained    0 … a half    two thirds    four fifths … 1
    confidence         0          a half            1

Hours are those of the brand's time zone, from 0 up to 24: people get up by their clocks, which are put forward in
spring; a profile is a log of the ratio to the level, at the middle of each hour, and
between two middles in proportion: else every steep morning would stray at each full hour.
"""

import math
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from streams.clock import HOUR_MS, MINUTE_MS
from streams.ledger.stored import Stored

HOURS = 24
WINDOWS_AN_HOUR = 12
_HALF_LIFE_HOURS = 7
"""A week's seven hours of one kind."""
_STEP = 1 - 0.5 ** (1 / (_HALF_LIFE_HOURS * WINDOWS_AN_HOUR))
_RESIDUAL_STEP = 1 - 0.5 ** (1 / (_HALF_LIFE_HOURS * HOURS * WINDOWS_AN_HOUR))
_QUARTER_MS = 15 * MINUTE_MS
_YOUNG_WINDOWS = 2 * HOURS * WINDOWS_AN_HOUR
_MIN_EXPLAINED, _FULLY_EXPLAINED = 0.5, 0.8


def hour_of_day(at_ms: int, zone: str = "UTC") -> float:
    """The hour that clocks show in a time zone (a name of IANA's)."""
    return (at_ms + _offset_ms(zone, at_ms // _QUARTER_MS)) / HOUR_MS % HOURS


@lru_cache(maxsize=4_096)
def _offset_ms(zone: str, quarter: int) -> int:
    """How far a zone is ahead of UTC in a quarter of an hour since the epoch: clocks change at their borders."""
    if zone == "UTC":
        return 0
    moment = datetime.fromtimestamp(quarter * _QUARTER_MS / 1000, ZoneInfo(zone))
    offset = moment.utcoffset()
    return 0 if offset is None else round(offset.total_seconds() * 1000)


class DailySeasonality(Stored):
    """The running profile; all zero until it is proven."""

    profile: list[float] = msgspec.field(default_factory=lambda: [0.0] * HOURS)
    seen: list[int] = msgspec.field(default_factory=lambda: [0] * HOURS)
    """Windows by hour of the day."""
    windows: int = 0
    residual: float = 0.0
    """Mean square of the windows' residuals from the level alone."""
    unexplained: float = 0.0
    """And from level and profile."""
    confidence: float = 0.0

    def of(self, hour: float) -> float:
        """What the hour adds to the log level."""
        return self.confidence * self._profile(hour)

    def relative_rise(self, hour: float, hours: int) -> float:
        """The hour's level over the mean level of the `hours` before it, as far as it is proven; 1 or more."""
        before = [math.exp(self.of((hour - back) % HOURS)) for back in range(1, hours + 1)]
        return max(1.0, math.exp(self.of(hour)) * hours / sum(before))

    def learn(self, hour: float, residual: float) -> None:
        """Learn a window's residual from the level, in logs."""
        left, whole = residual - self._profile(hour), int(hour)
        self.windows += 1
        step = max(_RESIDUAL_STEP, 1 / self.windows)
        self.residual += step * (residual * residual - self.residual)
        self.unexplained += step * (left * left - self.unexplained)
        self.seen[whole] += 1
        self.profile[whole] += max(_STEP, 1 / self.seen[whole]) * left
        self.confidence = self._confidence()

    def _profile(self, hour: float) -> float:
        past, before = math.modf((hour - 0.5) % HOURS)
        one, other = self.profile[int(before)], self.profile[(int(before) + 1) % HOURS]
        return one + past * (other - one)

    def _confidence(self) -> float:
        if self.windows <= _YOUNG_WINDOWS or self.residual <= 0:
            return 0.0
        explained = 1 - self.unexplained / self.residual
        return min(1.0, max(0.0, (explained - _MIN_EXPLAINED) / (_FULLY_EXPLAINED - _MIN_EXPLAINED)))
