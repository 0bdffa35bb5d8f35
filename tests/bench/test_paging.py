"""The way from an event to its page: what is told of it, and (slow) that it is short enough."""

import pytest

from tests.bench.paging import GOAL_SECONDS, run_paging, shown

OUTCOME = {
    "pages": 2,
    "event_to_receiver_seconds": {"p50": 3.5, "p95": 5.25, "max": 6.0},
    "event_to_alert_seconds": {"p50": 0.1, "p95": 0.2, "max": 0.3},
    "alert_to_receiver_seconds": {"p50": 3.4, "p95": 5.05, "max": 5.7},
}


def test_outcome_is_told_part_by_part() -> None:
    assert list(shown(OUTCOME)) == [
        "2 pages, in seconds         p50    p95    max",
        "event to receiver          3.50   5.25   6.00",
        "event to alert             0.10   0.20   0.30",
        "alert to receiver          3.40   5.05   5.70",
    ]


@pytest.mark.slow
def test_nineteen_pages_of_twenty_arrive_within_ten_seconds() -> None:
    outcome = run_paging(20, seed=7, say=lambda _line: None)
    assert outcome["pages"] == 20
    assert outcome["event_to_receiver_seconds"]["p95"] <= GOAL_SECONDS
