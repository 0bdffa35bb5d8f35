"""Is this window's count a burst? One detector for the worker, for recorded series and for backtests.

Two baselines judge together: five minutes tell how sharp it is, the two hours up to now whether it carries. Their
surprises are averaged, so a spike of one window must be much rarer than a swell that lasts, and either is found:

    counts of five minutes   3 4 2 3 5 | 40 60 55          three windows are enough for both to wonder
                             3 4 2 3 5 | 9 8 9 10 9 …      each is nothing much; the two hours are

State is some eighty numbers, whatever the volume. Learn a window after judging it.
"""

import msgspec

from streams.detection.baseline import Baseline

WINDOW_MINUTES = 5
LONG_WINDOWS = 24
ALARM_SURPRISE = 5.6
"""Tuned on the recorded brands for about one alarm in two weeks on each."""
_CALM = 0.5
"""An episode is calm again below this share of the usual excess."""
_NEW_NORMAL_WINDOWS = 288
"""What has been alarming for a day is the brand's new level."""
_KEPT_WINDOWS = 74
"""Six hours, and ten minutes that are compared with them."""

PLAIN_TEXTS = 30
PLAIN_RATIO = 3.5


class Burst(msgspec.Struct, array_like=True):
    """The running state of one series of window counts."""

    short: Baseline = msgspec.field(default_factory=Baseline)
    long: Baseline = msgspec.field(default_factory=Baseline)
    past: list[int] = []
    """The windows of the last six hours, oldest first."""
    alarming_windows: int = 0

    def surprise(self, count: float) -> float:
        """How rare the window is, in nats; 0 is usual."""
        return (self.short.surprise(count) + self.long.surprise(self._carried(count))) / 2

    def plain(self, ten_minutes: int, latest: int) -> bool:
        """What anybody would call a burst, however used to bursts the brand is: thirty texts or more in ten minutes,
        four times the usual of the six hours before. `latest` windows of the past overlap the ten minutes."""
        before = self.past[: len(self.past) - latest] if latest else self.past
        if ten_minutes < PLAIN_TEXTS or not before:
            return False
        return ten_minutes >= PLAIN_RATIO * 10 / WINDOW_MINUTES * sum(before) / len(before)

    def calm(self, count: float) -> bool:
        """Well inside the usual: the other end of the hysteresis."""
        return self.short.excess(count) <= _CALM * self.short.usual_excess()

    def learn(self, count: int) -> None:
        """Take in a window that is complete. Windows that alarm hardly move the level, for a day at most."""
        self.alarming_windows = self.alarming_windows + 1 if self.surprise(count) >= ALARM_SURPRISE else 0
        alarming = 0 < self.alarming_windows < _NEW_NORMAL_WINDOWS
        self.long.learn(self._carried(count), alarming=alarming)
        self.short.learn(count, alarming=alarming)
        self.past.append(count)
        del self.past[:-_KEPT_WINDOWS]

    def _carried(self, count: float) -> float:
        """The mean window of the two hours that end with this one."""
        before = self.past[1 - LONG_WINDOWS :]
        return (sum(before) + count) / (len(before) + 1)
