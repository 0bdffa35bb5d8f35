"""Mention counts of brands that do not exist, with the onsets that they hold: what the burst detector is chosen on.

A series is fourteen days of five-minute windows. Its ordinary life is one of nine classes; two bursts lie on it, from
the fourth day on and a day and a half apart at least. A burst's height is drawn against what the brand's ordinary
windows reach, so that it stands out of them by a factor of 1.5 to 10, the small ones more often:

    height = factor × (99 % quantile of count / rate of the hour) × rate of the hour at the onset, 20 texts at least

It rises at once or over up to an hour, and halves every quarter of an hour to four hours. The same seed gives the same
series.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.clock import DAY_MS, MINUTE_MS
from streams.detection.baseline.burst import WINDOW_MINUTES

Floats = NDArray[np.float64]

DAYS: Final = 14
DAY_WINDOWS: Final = 24 * 60 // WINDOW_MINUTES
WINDOWS: Final = DAYS * DAY_WINDOWS
HOUR_WINDOWS: Final = 60 // WINDOW_MINUTES
FIRST_ONSET: Final = 3 * DAY_WINDOWS
ONSETS: Final = 2
APART: Final = DAY_WINDOWS * 3 // 2
FIRST_MS: Final = 1_767_225_600_000
"""The first of January 2026, UTC."""
_SMOOTHING = 4.0
"""Texts added to count and rate, as the detector does: a quiet brand's second text is no doubling."""
_FACTOR: Final = (1.5, 10.0)
_MIN_HEIGHT: Final = 20.0
_RISE_WINDOWS: Final = 12
_HALF_LIFE_WINDOWS: Final = (3.0, 48.0)
_OVER_SHARE = 0.2
_MAX_WINDOWS = 12 * HOUR_WINDOWS


@dataclass(frozen=True, slots=True)
class SimulatedBurst:
    """Windows from the series' begin: the first with more than the usual, the last in which an alarm still meets it,
    and how many times the ordinary height it reaches."""

    onset: int
    ends: int
    factor: float


@dataclass(frozen=True, slots=True)
class SimulatedSeries:
    """One brand's counts, texts in five minutes."""

    kind: str
    seed: int
    counts: Sequence[int]
    bursts: Sequence[SimulatedBurst]

    @property
    def timestamps_ms(self) -> range:
        return range(FIRST_MS, FIRST_MS + DAYS * DAY_MS, WINDOW_MINUTES * MINUTE_MS)


@dataclass(frozen=True, slots=True)
class _Ordinary:
    """The ordinary life of a brand: the rate that the clock explains, and the rate that counts are drawn from. A share
    of each window's texts begets others, over the windows that follow."""

    usual: Floats
    rate: Floats
    begets: float = 0.0


def family(seeds: Sequence[int]) -> Iterator[SimulatedSeries]:
    """A series of each class for each seed."""
    for kind in KINDS:
        yield from (simulate(kind, seed) for seed in seeds)


def simulate(kind: str, seed: int) -> SimulatedSeries:
    """One series. Raises KeyError for a class that does not exist."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    ordinary = KINDS[kind](rng)
    calm = _counts(rng, ordinary.rate, ordinary.begets)
    reached = float(np.quantile((calm + _SMOOTHING) / (ordinary.usual + _SMOOTHING), 0.99))
    more, bursts = np.zeros(WINDOWS), list[SimulatedBurst]()
    for onset in _onsets(rng):
        factor = _log_uniform(rng, *_FACTOR)
        height = max(_MIN_HEIGHT, factor * reached * (ordinary.usual[onset] + _SMOOTHING) - ordinary.usual[onset])
        shape = _shape(rng)[: WINDOWS - onset]
        more[onset : onset + len(shape)] += height * shape
        lasts = int(np.flatnonzero(shape >= _OVER_SHARE)[-1])
        bursts.append(SimulatedBurst(onset, onset + max(HOUR_WINDOWS, lasts), factor))
    return SimulatedSeries(kind, seed, [int(count) for count in calm + rng.poisson(more)], bursts)


def _onsets(rng: np.random.Generator) -> list[int]:
    """ONSETS windows, APART at least, with half a day left behind the last."""
    free = WINDOWS - _MAX_WINDOWS - FIRST_ONSET - APART * (ONSETS - 1)
    return [int(at) + FIRST_ONSET + APART * number for number, at in enumerate(sorted(rng.integers(0, free, ONSETS)))]


def _shape(rng: np.random.Generator) -> Floats:
    """A burst's intensity by window, 1 at its height."""
    rise, half_life = int(rng.integers(0, _RISE_WINDOWS + 1)), _log_uniform(rng, *_HALF_LIFE_WINDOWS)
    up = np.arange(1, rise + 1) / (rise + 1)
    return np.concatenate([up, 0.5 ** (np.arange(_MAX_WINDOWS - rise) / half_life)])


def _counts(rng: np.random.Generator, rate: Floats, begets: float) -> Floats:
    """Counts of a rate; where texts beget others, the excitement fades by a third a window."""
    if not begets:
        return rng.poisson(rate).astype(float)
    counts, excited, fades = np.zeros(WINDOWS), 0.0, 2 / 3
    for window, own in enumerate(rate * (1 - begets)):
        counts[window] = rng.poisson(own + excited)
        excited = fades * excited + (1 - fades) * begets * counts[window]
    return counts


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _clock(rng: np.random.Generator, depth: float, weekend: float = 1.0) -> Floats:
    """What day and week make of a rate of 1: two waves a day, `depth` in logs from the mean, the sixth and seventh day
    `weekend` times the others."""
    hours = np.arange(WINDOWS) / HOUR_WINDOWS
    phase, second, shift = rng.uniform(0, 24), rng.uniform(0.1, 0.5), rng.uniform(0, 24)
    day = np.cos(2 * np.pi * (hours - phase) / 24) + second * np.cos(4 * np.pi * (hours - shift) / 24)
    week = np.where((hours // 24 + rng.integers(0, 7)) % 7 >= 5, weekend, 1.0)
    return np.exp(depth * day) * week


def _mood(rng: np.random.Generator) -> Floats:
    """How a rate wanders by itself: a log that keeps a half to nineteen twentieths of itself a window."""
    keeps, spread = rng.uniform(0.5, 0.95), rng.uniform(0.05, 0.3)
    steps = rng.normal(0, spread * np.sqrt(1 - keeps**2), WINDOWS)
    logs, now = np.zeros(WINDOWS), 0.0
    for window, step in enumerate(steps):
        now = keeps * now + step
        logs[window] = now
    return np.exp(logs)


def _steady(rng: np.random.Generator) -> _Ordinary:
    usual = np.full(WINDOWS, _log_uniform(rng, 3, 300))
    return _Ordinary(usual, usual * _mood(rng))


def _self_exciting(rng: np.random.Generator) -> _Ordinary:
    """Texts that beget texts: Hawkes' process in windows, with half to nine tenths of the texts begotten."""
    usual = np.full(WINDOWS, _log_uniform(rng, 3, 100))
    return _Ordinary(usual, usual, begets=rng.uniform(0.5, 0.9))


def _days(rng: np.random.Generator) -> _Ordinary:
    usual = _log_uniform(rng, 3, 300) * _clock(rng, rng.uniform(0.4, 1.5))
    return _Ordinary(usual, usual * _mood(rng))


def _weeks(rng: np.random.Generator) -> _Ordinary:
    usual = _log_uniform(rng, 3, 300) * _clock(rng, rng.uniform(0.3, 1.0), weekend=rng.uniform(0.4, 1.6))
    return _Ordinary(usual, usual, begets=rng.uniform(0.2, 0.6))


def _shifts(rng: np.random.Generator) -> _Ordinary:
    """One to three lasting changes of level by half to double: none is a burst."""
    level = np.full(WINDOWS, _log_uniform(rng, 3, 300)) * _clock(rng, rng.uniform(0.0, 0.8))
    for at in rng.integers(DAY_WINDOWS, WINDOWS, rng.integers(1, 4)):
        level[at:] *= _log_uniform(rng, 0.5, 2.0)
    return _Ordinary(level, level * _mood(rng))


def _outages(rng: np.random.Generator) -> _Ordinary:
    """Two to six times the feed is silent, for twenty minutes to eight hours."""
    usual = _log_uniform(rng, 3, 300) * _clock(rng, rng.uniform(0.0, 1.0))
    rate = usual * _mood(rng)
    for at in rng.integers(DAY_WINDOWS, WINDOWS, rng.integers(2, 7)):
        rate[at : at + int(_log_uniform(rng, 4, 96))] = 0
    return _Ordinary(usual, rate)


def _bots(rng: np.random.Generator) -> _Ordinary:
    """Machines that post at set times: every one to six hours a window of three to ten times the usual."""
    usual = _log_uniform(rng, 3, 100) * _clock(rng, rng.uniform(0.0, 1.0))
    rate = usual * _mood(rng)
    every = HOUR_WINDOWS * int(rng.integers(1, 7))
    rate[int(rng.integers(0, every)) :: every] += float(np.mean(usual)) * rng.uniform(2, 9)
    return _Ordinary(usual, rate)


def _quiet(rng: np.random.Generator) -> _Ordinary:
    usual = _log_uniform(rng, 0.02, 1.0) * _clock(rng, rng.uniform(0.0, 1.0))
    return _Ordinary(usual, usual, begets=rng.uniform(0.0, 0.5))


def _waves(rng: np.random.Generator) -> _Ordinary:
    """Quoted in waves all the time: two to eight a day, of a height with a heavy tail, that halve in minutes to an
    hour."""
    usual = _log_uniform(rng, 3, 100) * _clock(rng, rng.uniform(0.0, 0.8))
    rate = usual * _mood(rng)
    for at in rng.integers(0, WINDOWS, int(rng.uniform(2, 8) * DAYS)):
        lasts = 0.5 ** (np.arange(6 * HOUR_WINDOWS) / _log_uniform(rng, 1, 12))[: WINDOWS - at]
        rate[at : at + len(lasts)] += usual[at] * rng.lognormal(0, 0.7) * lasts
    return _Ordinary(usual, rate)


KINDS: Final[dict[str, Callable[[np.random.Generator], _Ordinary]]] = {
    "steady": _steady,
    "self-exciting": _self_exciting,
    "days": _days,
    "weeks": _weeks,
    "shifts": _shifts,
    "outages": _outages,
    "bots": _bots,
    "quiet": _quiet,
    "waves": _waves,
}
"""The classes of ordinary life, each drawn anew by seed."""
