"""The way from an event to its page: what is told of it, and (slow) that it is short enough."""

import pytest

from tests.bench.paging import GOAL_SECONDS, run_paging, shown

OUTCOME = {
    "pages": 3,
    "on_call": 2,
    "event_to_alert_seconds": {"p50": 0.1, "p95": 0.2, "max": 0.3},
    "alert_to_on_call_seconds": {"p50": 3.4, "p95": 5.05, "max": 5.7},
    "event_to_on_call_seconds": {"p50": 3.5, "p95": 5.25, "max": 6.0},
    "event_to_desk_seconds": {"p50": 63.5, "p95": 65.25, "max": 66.0},
}


def test_outcome_is_told_part_by_part() -> None:
    assert list(shown(OUTCOME)) == [
        "3 pages, in seconds         p50    p95    max   (2 to on-call)",
        "event to alert             0.10   0.20   0.30",
        "alert to on call           3.40   5.05   5.70",
        "event to on call           3.50   5.25   6.00",
        "event to desk             63.50  65.25  66.00",
    ]


@pytest.mark.slow
def test_nineteen_pages_of_twenty_to_on_call_arrive_within_ten_seconds() -> None:
    outcome = run_paging(20, seed=7, say=lambda _line: None)
    assert (outcome["pages"], outcome["on_call"]) == (20, 13)
    assert outcome["event_to_on_call_seconds"]["p95"] <= GOAL_SECONDS
