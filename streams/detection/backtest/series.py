"""The worker's detector over a recorded series of counts: how anomalous each count is, from the past alone.

A row is one window. The worker holds an episode open until it is calm; here an alarm is a moment, so what follows it
within half a day belongs to the same episode, and its score stays below the border.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from streams.clock import HOUR_MS
from streams.detection.baseline.burst import ALARM_SURPRISE, Burst
from streams.detection.baseline.seasonality import hour_of_day
from streams.errors import UsageError

EPISODE_MS = 12 * HOUR_MS
ALARM_SCORE = 0.5
"""The score of a surprise that is just alarming."""
_BELOW_ALARM = 0.499


@dataclass(frozen=True, slots=True)
class Judged:
    """One row: its anomaly score, 0 to 1, and whether it alarms."""

    score: float
    alarm: bool


def surprises(timestamps_ms: Iterable[int], values: Iterable[float]) -> Iterator[float]:
    """How rare each row is, in nats, from the rows before it. Windows of five minutes are what the detector was tuned
    on."""
    burst = Burst()
    for at_ms, value in zip(timestamps_ms, values, strict=True):
        hour = hour_of_day(at_ms)
        yield burst.surprise(value, hour)
        burst.learn(round(value), hour)


def judge(
    timestamps_ms: Iterable[int], surprised: Iterable[float], threshold: float = ALARM_SURPRISE
) -> Iterator[Judged]:
    """Judge rows by their surprises, in the order of time."""
    alarmed_ms: int | None = None
    for at_ms, surprise in zip(timestamps_ms, surprised, strict=True):
        score = surprise / (surprise + threshold)
        if alarmed_ms is not None and at_ms - alarmed_ms < EPISODE_MS:
            score = min(score, _BELOW_ALARM)
        if score >= ALARM_SCORE:
            alarmed_ms = at_ms
        yield Judged(score, score >= ALARM_SCORE)


def detect_series(timestamps_ms: Sequence[int], values: Iterable[float]) -> Iterator[Judged]:
    """Judge rows in the order of time."""
    return judge(timestamps_ms, surprises(timestamps_ms, values))


@dataclass(frozen=True, slots=True)
class Series:
    """A recorded series: times as they were written, in milliseconds, and counts."""

    written: Sequence[str]
    timestamps_ms: Sequence[int]
    values: Sequence[float]

    def judged(self) -> list[Judged]:
        return list(detect_series(self.timestamps_ms, self.values))


def read_series(path: Path) -> Series:
    """A CSV file with the columns timestamp and value. Raises UsageError with the line that cannot be read."""
    written: list[str] = []
    timestamps_ms: list[int] = []
    values: list[float] = []
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            rows = csv.DictReader(lines)
            if not {"timestamp", "value"} <= set(rows.fieldnames or ()):
                raise UsageError(f"{path}: needs the columns timestamp and value")
            for number, row in enumerate(rows, 2):
                timestamps_ms.append(_milliseconds(path, number, row["timestamp"]))
                values.append(_count(path, number, row["value"]))
                written.append(row["timestamp"])
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from None
    return Series(written, timestamps_ms, values)


def milliseconds(moment: str) -> int:
    """ISO 8601 as milliseconds since the epoch; UTC where no offset is told. Raises ValueError."""
    at = datetime.fromisoformat(moment)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _milliseconds(path: Path, number: int, told: str | None) -> int:
    try:
        return milliseconds(told or "")
    except ValueError:
        raise UsageError(f"{path}, line {number}: {told!r} is no time") from None


def _count(path: Path, number: int, told: str | None) -> float:
    try:
        count = float(told or "")
    except ValueError:
        raise UsageError(f"{path}, line {number}: {told!r} is no count") from None
    if not 0 <= count < float("inf"):
        raise UsageError(f"{path}, line {number}: a count is 0 or more, not {told}")
    return count
