"""The burst detector on simulated brands: onsets met, how late, and false alarms, as a curve over its threshold.

    python -m tests.bench bursts

Each class has sixty series, of which the last twenty are kept apart: what is chosen is chosen on the others. Alarms are
made as for Numenta's benchmark (`streams/detection/backtest/series.py`), and as in the worker no window with fewer than
MIN_TEXTS alarms. The detector learns with the threshold that ships, whatever the curve's. An alarm within an hour after
a burst is neither.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from streams.detection.backtest.series import judge, surprises
from streams.detection.baseline.burst import ALARM_SURPRISE, WINDOW_MINUTES
from streams.detection.brand.conversation import MIN_TEXTS
from tests.bench.simulated_bursts import DAY_WINDOWS, FIRST_ONSET, HOUR_WINDOWS, SimulatedSeries, family

PARTS: Final = {"chosen on": range(40), "kept apart": range(40, 60)}
THRESHOLDS: Final = (3.0, 3.5, 4.0, 4.5, ALARM_SURPRISE, 5.5, 6.0, 7.0, 8.0, 10.0)
LARGE_FACTOR: Final = 3.0
"""From here on a burst is three times what the brand's ordinary windows reach."""


@dataclass(frozen=True, slots=True)
class Surprised:
    """A series and how rare each of its windows is, in nats."""

    series: SimulatedSeries
    surprises: Sequence[float]

    @classmethod
    def of(cls, series: SimulatedSeries) -> "Surprised":
        rare = surprises(series.timestamps_ms, series.counts)
        return cls(series, [one if many >= MIN_TEXTS else 0.0 for one, many in zip(rare, series.counts, strict=True)])

    def alarms(self, threshold: float) -> list[int]:
        """The windows that alarm, from the first on in which a burst may lie."""
        judged = judge(self.series.timestamps_ms, self.surprises, threshold)
        return [window for window, one in enumerate(judged) if one.alarm and window >= FIRST_ONSET]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Many series at one threshold."""

    onsets: int
    large: int
    """Of these, bursts of LARGE_FACTOR or more."""
    met: int
    large_met: int
    delay_minutes_median: float | None
    """From the onset to the end of the window that alarms; None where none was met."""
    false_alarms: int
    false_alarms_per_series_and_day: float

    @classmethod
    def of(cls, many: Iterable[Surprised], threshold: float) -> "Outcome":
        """At least one series."""
        met, delays, false, days = list[tuple[float, bool]](), list[int](), 0, 0.0
        for one in many:
            alarms, bursts = one.alarms(threshold), one.series.bursts
            days += (len(one.series.counts) - FIRST_ONSET) / DAY_WINDOWS
            for burst in bursts:
                first = next((at for at in alarms if burst.onset <= at <= burst.ends), None)
                met.append((burst.factor, first is not None))
                if first is not None:
                    delays.append((first - burst.onset + 1) * WINDOW_MINUTES)
            false += sum(not any(b.onset <= at <= b.ends + HOUR_WINDOWS for b in bursts) for at in alarms)
        large = [found for factor, found in met if factor >= LARGE_FACTOR]
        return cls(
            onsets=len(met), large=len(large), met=sum(found for _, found in met), large_met=sum(large),
            delay_minutes_median=median(delays) if delays else None,
            false_alarms=false, false_alarms_per_series_and_day=false / days,
        )  # fmt: skip

    def row(self) -> dict[str, float | None]:
        return {
            "recall": self.met / self.onsets, "recall_large": self.large_met / self.large,
            "delay_minutes_median": self.delay_minutes_median,
            "false_alarms_per_series_and_day": self.false_alarms_per_series_and_day,
        }  # fmt: skip


def run_bursts(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """The rows of both parts: the curve of all classes together, and each class at the threshold that ships."""
    rows = list[dict[str, Any]]()
    for part, seeds in PARTS.items():
        say(f"{part}: {len(seeds)} series of each class")
        everything = [Surprised.of(series) for series in family(seeds)]
        for threshold in THRESHOLDS:
            outcome = Outcome.of(everything, threshold)
            rows.append({"part": part, "class": "all", "threshold": threshold, **outcome.row()})
        for kind in dict.fromkeys(one.series.kind for one in everything):
            of_kind = Outcome.of((one for one in everything if one.series.kind == kind), ALARM_SURPRISE)
            rows.append({"part": part, "class": kind, "threshold": ALARM_SURPRISE, **of_kind.row()})
    return rows


def shown(rows: Iterable[dict[str, Any]]) -> list[str]:
    """A table for people."""
    lines = [f"{'part':10} {'class':14} {'threshold':>9} {'recall':>7} {'large':>7} {'delay':>7} {'false/day':>9}"]
    for row in rows:
        recall = f"{row['recall']:7.1%} {row['recall_large']:7.1%}"
        delay = "-" if row["delay_minutes_median"] is None else f"{row['delay_minutes_median']:.0f} min"
        lines.append(
            f"{row['part']:10} {row['class']:14} {row['threshold']:9.1f} {recall}"
            f" {delay:>7} {row['false_alarms_per_series_and_day']:9.3f}"
        )
    return lines
