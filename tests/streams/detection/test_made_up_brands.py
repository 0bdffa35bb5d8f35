"""The detector over made-up brands of four weeks, five minutes a row: what is usual for them raises no alarm, and a
burst does. None of this is what it was tuned on.
"""

import math
import random
from collections.abc import Callable, Sequence

import pytest

from streams.clock import HOUR_MS, MINUTE_MS
from streams.detection.backtest.series import detect_series

DAY = 288
WEEKS = 4
ROWS = WEEKS * 7 * DAY
Level = Callable[[int], float]


def flat(mean: float) -> Level:
    return lambda _row: mean


def by_day(mean: float) -> Level:
    """Awake by day: four times the night's."""
    return lambda row: mean * math.exp(0.7 * math.sin(2 * math.pi * row / DAY))


def by_night_and_day(mean: float) -> Level:
    """Asleep from one to seven, and most awake in the evening."""
    hours = [0.25, 0.12, 0.06, 0.05, 0.05, 0.07, 0.15, 0.4, 0.7, 0.9, *[1.0] * 9, 1.3, 1.5, 1.5, 1.2, 0.6, 0.25]

    def level(row: int) -> float:
        past, hour = math.modf(row / 12 % 24)
        return mean * (hours[int(hour)] * (1 - past) + hours[int(hour) + 1] * past)

    return level


def shifted(before: float, after: float) -> Level:
    return lambda row: before if row < ROWS // 2 else after


def with_gaps(mean: float) -> Level:
    """A collector that is away for three hours, five times."""
    return lambda row: 0.0 if row > DAY and row % (5 * DAY + 101) < 36 else mean


def counts(level: Level, *, seed: int = 1, clumps: float = 0.2) -> list[float]:
    """Poisson counts of a rate that strays by `clumps` (standard deviation, as a share) from its level."""
    rng = random.Random(seed)
    shape = 1 / clumps**2
    return [float(_poisson(rng, level(row) * rng.gammavariate(shape, 1 / shape))) for row in range(ROWS)]


def _poisson(rng: random.Random, mean: float) -> int:
    if mean > 200:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    count, left = 0, rng.expovariate(1.0)
    while left < mean:
        count, left = count + 1, left + rng.expovariate(1.0)
    return count


def alarms(values: Sequence[float]) -> list[int]:
    """Rows that alarm, behind the two days in which the detector gets to know the brand."""
    judged = detect_series([row * 5 * MINUTE_MS for row in range(len(values))], values)
    return [row for row, one in enumerate(judged) if one.alarm and row >= 2 * DAY]


def with_burst(values: Sequence[float], first: int, rows: int, times: float) -> list[float]:
    return [value * times if first <= row < first + rows else value for row, value in enumerate(values)]


@pytest.mark.parametrize(
    "level",
    [
        flat(1 / 12), flat(2 / 12), flat(3), flat(50), flat(50_000), by_day(3), by_day(60), by_day(50_000),
        with_gaps(20),
    ],
    ids=["1/h", "2/h", "3", "50", "10,000/min", "3 by day", "60 by day", "10,000/min by day", "gaps"],
)  # fmt: skip
def test_usual_weeks_raise_an_alarm_a_week_at_most(level: Level) -> None:
    assert max(len(alarms(counts(level, seed=seed))) for seed in (1, 2)) <= WEEKS


@pytest.mark.parametrize("mean", [3, 50, 50_000])
@pytest.mark.parametrize(("times", "rows"), [(3, 24), (6, 12), (20, 4)])
def test_burst_is_found_within_itself(mean: float, times: float, rows: int) -> None:
    first = 20 * DAY + 77
    found = alarms(with_burst(counts(flat(mean)), first, rows, times))
    assert any(first <= row < first + rows for row in found)


@pytest.mark.parametrize("mean", [50, 5_000])
def test_burst_of_a_brand_that_sleeps_at_night_is_found_once_its_days_are_known(mean: float) -> None:
    #   an hour of five times the usual: at noon, in the afternoon, in the evening
    bursts = [14 * DAY + 12 * 12, 19 * DAY + 12 * 16, 25 * DAY + 12 * 21]
    values = counts(by_night_and_day(mean))
    for first in bursts:
        values = with_burst(values, first, 12, 5)
    found = alarms(values)
    assert [first for first in bursts if any(first <= row < first + 12 for row in found)] == bursts
    assert len(found) <= len(bursts) + WEEKS


def test_larger_burst_is_found_sooner() -> None:
    first = 20 * DAY + 77
    found = [alarms(with_burst(counts(flat(50)), first, 24, times)) for times in (3, 10, 100)]
    delays = [next(row - first for row in rows if row >= first) for rows in found]
    assert delays == sorted(delays, reverse=True)
    assert delays[-1] == 0


def test_new_level_is_told_of_and_then_usual() -> None:
    found = alarms(counts(shifted(10, 60)))
    behind = [row - ROWS // 2 for row in found if row >= ROWS // 2]
    assert behind[0] * 5 * MINUTE_MS <= HOUR_MS
    assert all(row < 5 * DAY for row in behind)


def test_spike_of_a_window_on_some_days_is_an_alarm_each() -> None:
    values, spikes = counts(flat(20)), [day * DAY + 150 for day in (5, 9, 17, 24)]
    for row in spikes:
        values[row] = 2_000.0
    assert [row for row in alarms(values) if row in spikes] == spikes
