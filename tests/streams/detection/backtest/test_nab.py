"""The benchmark's arithmetic on one series of 2,000 rows, whose window is rows 1,500 to 1,599."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streams.detection.backtest.nab import nab_score
from streams.errors import UsageError

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
ROWS, WINDOW = 2_000, (1_500, 1_599)


def moment(row: int) -> str:
    return (FIRST + timedelta(minutes=5 * row)).replace(tzinfo=None).isoformat(sep=" ")


def score(folder: Path, spikes: list[int]) -> tuple[float, int]:
    """NAB's score of a flat series with spikes, each of which alarms, and the false alarms."""
    values = {row: 2_000 * 10**number for number, row in enumerate(spikes)}
    rows = [f"{moment(row)},{values.get(row, 20)}" for row in range(ROWS)]
    (folder / "count_flat.csv").write_text("\n".join(["timestamp,value", *rows]))
    (folder / "windows.json").write_text(json.dumps({"flat": [[moment(WINDOW[0]), moment(WINDOW[1])]]}))
    result = nab_score(folder)
    return round(result.score, 2), result.false_alarms


def test_no_detection_is_0(tmp_path: Path) -> None:
    assert score(tmp_path, []) == (0.0, 0)


def test_detection_at_the_windows_left_edge_is_100(tmp_path: Path) -> None:
    assert score(tmp_path, [1_500]) == (100.0, 0)


def test_later_detection_earns_less(tmp_path: Path) -> None:
    #   middle: 1 - (1 - sigmoid(-0.5) / sigmoid(-1)) / 2
    assert score(tmp_path, [1_550]) == (92.99, 0)
    assert score(tmp_path, [1_599])[0] < 53


def test_false_alarm_before_any_window_costs_a_ninth(tmp_path: Path) -> None:
    assert score(tmp_path, [1_000, 1_500]) == (94.5, 1)


def test_false_alarm_close_behind_a_window_costs_little(tmp_path: Path) -> None:
    close, false_alarms = score(tmp_path, [1_500, 1_600 + 50])
    assert false_alarms == 1
    assert 94.5 < close < 100


def test_probation_is_not_scored(tmp_path: Path) -> None:
    #   15 % of 2,000 rows
    assert score(tmp_path, [299, 1_500]) == (100.0, 0)


def test_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"windows\.json"):
        nab_score(tmp_path)


@pytest.mark.slow
def test_shipped_detector_reaches_its_goal_on_recorded_brands() -> None:
    folder = os.environ.get("PULSEWATCH_TEST_NAB")
    if folder is None:
        pytest.skip("PULSEWATCH_TEST_NAB names no folder with the benchmark's series")
    result = nab_score(Path(folder))
    assert result.score >= 84
    assert result.false_alarms <= 20
