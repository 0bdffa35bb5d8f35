"""How many texts a window of a brand normally has, and how far the count normally deviates from that.

The level is a running mean of log counts: a level in logs forgives bursts (a hundredfold minute moves it like one
more doubling would) and measures what people mean by "four times as much as usual" on a brand with two mentions an
hour as on one with ten thousand a minute. How rare an excess over the level is comes from the brand's own past
excesses: above a high running quantile they fall off exponentially, which makes the counts themselves Pareto (Hill's
estimator, 1975; peaks over a threshold as in Siffer et al., SPOT, KDD 2017). A brand that is quoted in waves every day
has a heavy tail and needs a larger wave; a quiet one does not.

    surprise = -ln P(excess >= this) = -ln(TAIL) + (excess - quantile) / mean excess above the quantile

The level goes with the hour of the day where the brand's past proves it (`seasonality`). State is some fifty numbers,
whatever the age.
"""

import math

import msgspec

from streams.detection.baseline.seasonality import DailySeasonality
from streams.ledger.stored import Stored

SMOOTHING_TEXTS = 4.0
"""Added to each count before its log, so that three texts where one was usual are no tripling."""
HALF_LIFE_WINDOWS = 7 * 288
"""A week of five-minute windows. Until that is reached, the level is the plain mean of what was seen."""
TAIL = 0.0075
"""The share of windows beyond the running quantile, from which the tail is learned."""

_FASTEST = 1 - 0.5 ** (1 / HALF_LIFE_WINDOWS)
_BASE = -math.log(TAIL)
_QUANTILE_STEP = 0.05
_PRIOR_QUANTILE = 0.4
_PRIOR_MEAN_EXCESS = 0.3
_PRIOR_EXCEEDANCES = 10
_MAX_EXCEEDANCES = 200
_PROVEN = 0.8
"""Of the confidence in the seasonality; below half of it, the seasonality is dropped again."""
_MAX_EXCEEDANCE = 10.0
"""In mean excesses: one extreme window must not hide the next."""
_COUNTING_NOISE = 2.6
"""Standard deviations of a Poisson count that the quantile never goes below: TAIL of pure chance lies beyond."""
_NOISE_OF_MEANS = -0.25
"""A mean of n windows strays less, by this power of n: half-way between texts that come one by one (-1/2) and in clumps
(0)."""


class Baseline(Stored):
    """The running state over one series of window counts. Evaluate a window first, then learn it."""

    log_mean: float = math.log(SMOOTHING_TEXTS)
    windows: int = 0
    quantile: float = _PRIOR_QUANTILE
    mean_excess: float = _PRIOR_MEAN_EXCESS
    exceedances: int = _PRIOR_EXCEEDANCES
    seasonality: DailySeasonality = msgspec.field(default_factory=DailySeasonality)
    mean_of: int = 1
    """How many windows a count is the mean of."""
    proven: bool = False
    """Whether the daily seasonality is."""

    def texts(self, hour: float) -> float:
        """The level at an hour of the day, as texts a window."""
        return max(0.0, math.exp(self.log_mean + self.seasonality.of(hour)) - SMOOTHING_TEXTS)

    def excess(self, count: float, hour: float) -> float:
        """The natural log of the ratio of a count to the level."""
        return math.log(count + SMOOTHING_TEXTS) - self.log_mean - self.seasonality.of(hour)

    def surprise(self, count: float, hour: float) -> float:
        """-ln of the chance that a normal window of this brand has as many; 0 where nothing is known yet."""
        if not self.windows:
            return 0.0
        return max(0.0, _BASE + (self.excess(count, hour) - self.usual_excess(hour)) / self.mean_excess)

    def usual_excess(self, hour: float) -> float:
        """The quantile, but no less than chance alone deviates."""
        texts = self.texts(hour)
        noise = math.pow(self.mean_of, _NOISE_OF_MEANS) * math.sqrt(texts) / (texts + SMOOTHING_TEXTS)
        return max(self.quantile, _COUNTING_NOISE * noise)

    def learn(self, count: float, hour: float, *, alarming: bool) -> None:
        """Learn a window that is complete; one that alarms moves the level no further than the quantile."""
        residual = math.log(count + SMOOTHING_TEXTS) - self.log_mean
        if self.windows:
            self._learn_tail(self.excess(count, hour))
        self.windows += 1
        if alarming:
            residual = min(residual, self.quantile + self.seasonality.of(hour))
        self.log_mean += max(_FASTEST, 1 / self.windows) * residual
        self.seasonality.learn(hour, residual)
        self._reset_tail()

    def _reset_tail(self) -> None:
        """Reset the tail once the seasonality is proven: it was learned from residuals of the level alone."""
        if not self.proven and self.seasonality.confidence >= _PROVEN:
            self.proven = True
            self.quantile = min(self.quantile, _PRIOR_QUANTILE)
            self.mean_excess = min(self.mean_excess, _PRIOR_MEAN_EXCESS)
            self.exceedances = _PRIOR_EXCEEDANCES
        elif self.seasonality.confidence < _PROVEN / 2:
            self.proven = False

    def _learn_tail(self, excess: float) -> None:
        step = _QUANTILE_STEP * self.mean_excess
        beyond = excess - self.quantile
        if beyond <= 0:
            self.quantile -= step * TAIL
            return
        self.quantile += step * (1 - TAIL)
        self.exceedances = min(self.exceedances + 1, _MAX_EXCEEDANCES)
        beyond = min(beyond, _MAX_EXCEEDANCE * self.mean_excess)
        self.mean_excess += (beyond - self.mean_excess) / self.exceedances
