"""How many texts a window of a brand normally has: a running level of log counts.

A level in logs forgives bursts (a hundredfold minute moves it like one more doubling would) and measures what people
mean by "four times as much as usual" on a brand with two mentions an hour as on one with ten thousand a minute.
"""

import math

import msgspec

SMOOTHING_TEXTS = 10.0
"""Added to each count before its log, so that three texts where one was usual are no tripling."""

HALF_LIFE_WINDOWS = 7 * 288
"""A week of five-minute windows. Until that is reached, the level is the plain mean of what was seen."""

_FASTEST = 1 - 0.5 ** (1 / HALF_LIFE_WINDOWS)


class Level(msgspec.Struct, array_like=True):
    """Mean of log(count + smoothing) over the past windows."""

    log_mean: float = math.log(SMOOTHING_TEXTS)
    windows: int = 0

    def excess(self, count: float) -> float:
        """How far a window's count stands above the level, as a natural log of the ratio."""
        return math.log(count + SMOOTHING_TEXTS) - self.log_mean

    def learn(self, excess: float) -> None:
        """Move towards a window that stood `excess` above the level."""
        self.windows += 1
        self.log_mean += max(_FASTEST, 1 / self.windows) * excess

    @property
    def texts(self) -> float:
        """The level as texts a window."""
        return max(0.0, math.exp(self.log_mean) - SMOOTHING_TEXTS)

    def counting_noise(self) -> float:
        """Standard deviation of the excess if texts came independently of each other (Poisson)."""
        return math.sqrt(self.texts) / (self.texts + SMOOTHING_TEXTS)
