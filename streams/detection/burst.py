"""Is this window's count a burst? One detector for the worker, for recorded series and for backtests.

A window (five minutes) stands some excess above the brand's level (streams.detection.baseline). How rare that excess is
comes from the tail of the brand's own past excesses: above a high running quantile they fall off exponentially, which
makes the counts themselves Pareto (Hill's estimator, 1975; peaks over a threshold as in Siffer et al., SPOT, KDD 2017).
A brand that is quoted in waves every day has a heavy tail and needs a larger wave to alarm; a quiet one does not.

    surprise = -ln P(excess >= this) = -ln(TAIL) + (excess - quantile) / mean excess above the quantile

State is seven numbers a series, whatever its age. The past alone decides: learn a window after judging it.
"""

import math

import msgspec

from streams.detection.baseline import SMOOTHING_TEXTS, Level

WINDOW_MINUTES = 5
TAIL = 0.005
"""The share of windows beyond the running quantile, from which the tail is learned."""
ALARM_SURPRISE = 6.7
"""A window as rare as one in 800: with waves of hours that is about one alarm a brand and week."""

_BASE = -math.log(TAIL)
_QUANTILE_STEP = 0.05
_PRIOR_QUANTILE = 0.4
_PRIOR_MEAN_EXCESS = 0.3
_PRIOR_EXCEEDANCES = 10
_MOST_EXCEEDANCES = 200
_LARGEST_EXCEEDANCE = 10.0
"""In mean excesses: one wild window must not make the tail deaf to the next."""
_DOUBT = 0.3
"""What a level that rests on a single window adds to the excess that is asked for; less with each further window."""
_COUNTING_NOISE = 2.6
"""Standard deviations of a Poisson count that the quantile never goes below: TAIL of pure chance lies beyond."""
_CALM = 0.5
"""An episode is calm again below this share of the quantile."""
_NEW_NORMAL_WINDOWS = 288
"""What has been alarming for a day is the brand's new level."""


class Burst(msgspec.Struct, array_like=True):
    """The running state of one series of window counts."""

    level: Level = msgspec.field(default_factory=Level)
    quantile: float = _PRIOR_QUANTILE
    mean_excess: float = _PRIOR_MEAN_EXCESS
    exceedances: int = _PRIOR_EXCEEDANCES
    alarming_windows: int = 0

    @property
    def speaks(self) -> bool:
        """False until there is a first window to compare with."""
        return self.level.windows > 0

    def surprise(self, count: float) -> float:
        """-ln of the chance that a normal window of this brand has as many; 0 where nothing is known yet."""
        if not self.speaks:
            return 0.0
        return max(0.0, _BASE + (self.level.excess(count) - self._threshold()) / self.mean_excess)

    def count_at(self, surprise: float) -> float:
        """The window count whose surprise this is: the alarm as a simple threshold until the next window is learned."""
        excess = self._threshold() + (surprise - _BASE) * self.mean_excess
        return max(0.0, math.exp(self.level.log_mean + excess) - SMOOTHING_TEXTS)

    def calm(self, count: float) -> bool:
        """Well inside the usual: the other end of the hysteresis."""
        return self.level.excess(count) <= _CALM * self._threshold()

    def learn(self, count: float) -> None:
        """Take in a window that is complete. Windows that alarm hardly move the level, for a day at most."""
        excess = self.level.excess(count)
        if self.surprise(count) >= ALARM_SURPRISE:
            self.alarming_windows += 1
        else:
            self.alarming_windows = 0
        usual = 0 < self.alarming_windows < _NEW_NORMAL_WINDOWS
        if self.speaks:
            self._learn_tail(excess)
        self.level.learn(min(excess, self.quantile) if usual else excess)

    def _threshold(self) -> float:
        doubt = _DOUBT / max(1, self.level.windows)
        return doubt + max(self.quantile, _COUNTING_NOISE * self.level.counting_noise())

    def _learn_tail(self, excess: float) -> None:
        step = _QUANTILE_STEP * self.mean_excess
        beyond = excess - self.quantile
        if beyond <= 0:
            self.quantile -= step * TAIL
            return
        self.quantile += step * (1 - TAIL)
        self.exceedances = min(self.exceedances + 1, _MOST_EXCEEDANCES)
        beyond = min(beyond, _LARGEST_EXCEEDANCE * self.mean_excess)
        self.mean_excess += (beyond - self.mean_excess) / self.exceedances
