from pathlib import Path

import pytest

from streams.clock import HOUR_MS, MINUTE_MS
from streams.detection.backtest.series import detect_series, read_series
from streams.errors import UsageError

STEP_MS = 5 * MINUTE_MS


def alarms(values: list[float]) -> list[int]:
    judged = detect_series([row * STEP_MS for row in range(len(values))], values)
    return [row for row, one in enumerate(judged) if one.alarm]


def test_spike_alarms_at_its_first_row_and_once() -> None:
    assert alarms([40.0] * 300 + [900.0] * 5 + [40.0] * 50) == [300]


def test_second_spike_alarms_after_half_a_day() -> None:
    #                       row 300            row 310            row 450, 12.5 h later
    values = [40.0] * 300 + [900.0] + [40.0] * 9 + [900.0] + [40.0] * 139 + [2_000.0]
    assert alarms(values) == [300, 450]


def test_scores_lie_between_0_and_1_and_alarm_from_a_half() -> None:
    values = [float(row % 7) * 10 for row in range(200)] + [5_000.0]
    judged = list(detect_series([row * STEP_MS for row in range(201)], values))
    assert all(0 <= one.score < 1 and one.alarm == (one.score >= 0.5) for one in judged)
    assert judged[-1].alarm


def test_only_the_past_decides() -> None:
    values = [float(row % 9) for row in range(100)]
    times = [row * STEP_MS for row in range(101)]
    assert list(detect_series(times, [*values, 1e6]))[:100] == list(detect_series(times[:100], values))


def test_file_is_read_with_its_times(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_text("timestamp,value\n1970-01-01 01:00:00,3\n1970-01-01T02:00:00+01:00,4.5\n")
    series = read_series(path)
    assert series.timestamps_ms == [HOUR_MS, HOUR_MS]
    assert series.values == [3.0, 4.5]
    assert series.written[0] == "1970-01-01 01:00:00"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("time,value\n", "needs the columns"),
        ("timestamp,value\nyesterday,3\n", "line 2: 'yesterday' is no time"),
        ("timestamp,value\n1970-01-01,3\n1970-01-02,many\n", "line 3: 'many' is no count"),
        ("timestamp,value\n1970-01-01,-1\n", "0 or more"),
        ("timestamp,value\n1970-01-01,nan\n", "0 or more"),
    ],
)
def test_file_that_is_no_series_is_refused_with_its_line(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "series.csv"
    path.write_text(content)
    with pytest.raises(UsageError, match=complaint):
        read_series(path)


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_series(tmp_path / "none.csv")
