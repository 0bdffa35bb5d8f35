"""The Numenta benchmark's score of a detector, standard profile (Lavin and Ahmad, ICMLA 2015), on a folder of series
`*_<name>.csv` with `windows.json`: {name: [[first, last], …]}, the labelled windows.

An early detection in a window is worth up to 1, a late one nearly nothing; a missed window costs 1, a false alarm 0.11,
less where it comes close behind a window. The total is scaled: no detection at all is 0, a perfect detector 100.

    y = -1        0    1     2     3      position in units of the window's width; 0 is its right edge
      [  window   ]  close behind  far
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from streams.detection.backtest.series import Series, milliseconds, read_series
from streams.errors import UsageError

PROBATION_SHARE = 0.15
MAX_PROBATION_ROWS = 750
FALSE_ALARM_COST = 0.11
FAR_WIDTHS = 3.0


@dataclass(frozen=True, slots=True)
class FileScore:
    """One series: the raw score, its windows and how many of them were met, and the alarms outside."""

    file: str
    raw: float
    windows: int
    met: int
    false_alarms: int


@dataclass(frozen=True, slots=True)
class NabScore:
    """All series under one threshold."""

    score: float
    false_alarms: int
    files: Sequence[FileScore]


def nab_score(folder: Path) -> NabScore:
    """Run the shipped detector over a folder and score it. Raises UsageError where something is missing."""
    try:
        labels = msgspec.json.decode((folder / "windows.json").read_bytes(), type=dict[str, list[tuple[str, str]]])
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"{folder}: no readable windows.json ({error})") from None
    files = [_score_file(path, series, labels) for path, series in _labelled(folder, labels)]
    windows = sum(file.windows for file in files)
    if not windows:
        raise UsageError(f"{folder}: no series with labelled windows")
    total = sum(file.raw for file in files)
    return NabScore(100 * (total + windows) / (2 * windows), sum(file.false_alarms for file in files), files)


def _labelled(folder: Path, labels: dict[str, list[tuple[str, str]]]) -> list[tuple[Path, Series]]:
    paths = [path for path in sorted(folder.glob("*.csv")) if _name(path) in labels]
    return [(path, read_series(path)) for path in paths]


def _name(path: Path) -> str:
    return path.stem.rpartition("_")[2]


def _score_file(path: Path, series: Series, labels: dict[str, list[tuple[str, str]]]) -> FileScore:
    windows = [_rows(series, milliseconds(first), milliseconds(last)) for first, last in labels[_name(path)]]
    probation = min(int(PROBATION_SHARE * len(series.values)), MAX_PROBATION_ROWS)
    alarms = [row for row, judged in enumerate(series.judged()) if judged.alarm and row >= probation]
    firsts = [next((row for row in alarms if first <= row <= last), None) for first, last in windows]
    outside = [row for row in alarms if not any(first <= row <= last for first, last in windows)]
    met = [_met(row, *window) for row, window in zip(firsts, windows, strict=True) if row is not None]
    raw = sum(met) - (len(windows) - len(met)) + FALSE_ALARM_COST * sum(_outside(row, windows) for row in outside)
    return FileScore(path.name, raw, len(windows), len(met), len(outside))


def _rows(series: Series, first_ms: int, last_ms: int) -> tuple[int, int]:
    inside = [row for row, at_ms in enumerate(series.timestamps_ms) if first_ms <= at_ms <= last_ms]
    if not inside:
        raise UsageError("a labelled window lies outside its series")
    return inside[0], inside[-1]


def _met(row: int, first: int, last: int) -> float:
    return _sigmoid(-(last - row + 1) / (last - first + 1)) / _sigmoid(-1.0)


def _outside(row: int, windows: Sequence[tuple[int, int]]) -> float:
    before = [(first, last) for first, last in windows if last < row]
    if not before:
        return -1.0
    first, last = before[-1]
    widths = (row - last) / max(1, last - first)
    return -1.0 if widths > FAR_WIDTHS else _sigmoid(widths)


def _sigmoid(position: float) -> float:
    return 2 / (1 + math.exp(5 * position)) - 1
