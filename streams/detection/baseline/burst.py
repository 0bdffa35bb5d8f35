"""Is this window's count a burst? One statistic for the worker, for recorded series and for backtests.

Three baselines are combined: five minutes measure how sharp it is, the two and the four hours up to now whether it
lasts. Their surprises are averaged, a quarter for the five minutes and three quarters for the hours, so a spike of
one window must be much rarer than a swell that lasts, and either is found:

    counts of five minutes   3 4 2 3 5 | 40 60 55          three windows are enough for all three
                             3 4 2 3 5 | 9 8 9 10 9 …      each is nothing much; the hours are

How many hours matters little once there are two such means; either alone is a sharp optimum, the two are a flat one.
State is some two hundred and fifty numbers, whatever the volume. Evaluate a window before learning it. `hour` is the
hour of the day that the window lies in, in the brand's zone.
"""

import msgspec

from streams.detection.baseline.baseline import Baseline
from streams.ledger.stored import Stored

WINDOW_MINUTES = 5
LONG_WINDOWS = (24, 48)
ALARM_SURPRISE = 5.0
"""On a plateau (4.75 to 5.4) over recorded brands, whole, thinned and begun at other days: some three
false alarms a brand in eight weeks. Drawn at random around what is shipped, the other numbers here and in `baseline`
move the benchmark's score (backtest/nab.py) of a brand that the threshold was not chosen on by a point or so. The curve
over simulated brands (tests/bench/bursts.py) falls steeply from 5 on in recall, and below it in false alarms."""
_SHARPNESS = 0.25
"""The weight of the five minutes."""
_CALM = 0.5
"""An episode is calm again below this share of the usual excess."""
_NEW_NORMAL_WINDOWS = 288
"""What has been alarming for a day is the brand's new level."""
_KEPT_WINDOWS = 74
"""Six hours, and ten minutes that are compared with them."""

LOW_VOLUME_TEXTS_AN_HOUR = 2.5
_HOUR_WINDOWS = 60 // WINDOW_MINUTES
_DAY_WINDOWS = 24 * _HOUR_WINDOWS
_MEAN_STEP = 1 - 0.5 ** (1 / _DAY_WINDOWS)
OBVIOUS_TEXTS = 30
OBVIOUS_RATIO = 3.5
OBVIOUS_HOURS = 6


class Burst(Stored):
    """The running state of one series of window counts."""

    short: Baseline = msgspec.field(default_factory=Baseline)
    long: list[Baseline] = msgspec.field(default_factory=lambda: [Baseline(mean_of=count) for count in LONG_WINDOWS])
    """Of the mean window of so many, for each of LONG_WINDOWS."""
    past: list[int] = []
    """The windows of the last six hours, oldest first."""
    alarming_windows: int = 0
    mean: float = 0.0
    """Texts a window, with a half-life of a day: unlike the level, it takes bursts as they are."""

    def surprise(self, count: float, hour: float) -> float:
        """How rare the window is, in nats; 0 is usual, and where the window itself is calm, whatever came before it."""
        if self.calm(count, hour):
            return 0.0
        sharp = self.short.surprise(count, hour)
        carried = [long.surprise(mean, hour) for long, mean in zip(self.long, self._carried(count), strict=True)]
        return _SHARPNESS * sharp + (1 - _SHARPNESS) * sum(carried) / len(carried)

    def is_obvious(self, ten_minutes: int, latest: int, hour: float) -> bool:
        """Whether it is a burst however used to bursts the brand is: thirty texts or more in ten minutes, and 3.5 times
        the usual of the six hours before. Where the daily seasonality is proven, the usual is scaled to this hour, so
        that an ordinary morning is no burst. `latest` windows of the past overlap the ten minutes."""
        before = self.past[: len(self.past) - latest] if latest else self.past
        if ten_minutes < OBVIOUS_TEXTS or not before:
            return False
        usual = self.short.seasonality.relative_rise(hour, OBVIOUS_HOURS) * sum(before) / len(before)
        return ten_minutes >= OBVIOUS_RATIO * 10 / WINDOW_MINUTES * usual

    @property
    def is_low_volume(self) -> bool:
        """Whether the brand had few texts for days and in the hours before the last: then an hour is evaluated instead
        of five minutes."""
        lately = self.past[:-_HOUR_WINDOWS]
        known = self.short.windows >= _DAY_WINDOWS and len(lately) >= _HOUR_WINDOWS
        return known and max(self.mean, sum(lately) / len(lately)) <= LOW_VOLUME_TEXTS_AN_HOUR / _HOUR_WINDOWS

    def calm(self, count: float, hour: float) -> bool:
        """Well inside the usual: the other end of the hysteresis."""
        return self.short.excess(count, hour) <= _CALM * self.short.usual_excess(hour)

    def learn(self, count: int, hour: float) -> None:
        """Learn a window that is complete. Windows that alarm hardly move the level, for a day at most."""
        self.alarming_windows = self.alarming_windows + 1 if self.surprise(count, hour) >= ALARM_SURPRISE else 0
        alarming = 0 < self.alarming_windows < _NEW_NORMAL_WINDOWS
        for long, mean in zip(self.long, self._carried(count), strict=True):
            long.learn(mean, hour, alarming=alarming)
        self.short.learn(count, hour, alarming=alarming)
        self.mean += max(_MEAN_STEP, 1 / self.short.windows) * (count - self.mean)
        self.past.append(count)
        del self.past[:-_KEPT_WINDOWS]

    def _carried(self, count: float) -> list[float]:
        """The mean window of the hours that end with this one."""
        parts = [self.past[1 - windows :] for windows in LONG_WINDOWS]
        return [(sum(before) + count) / (len(before) + 1) for before in parts]
