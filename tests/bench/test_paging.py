"""The way from an event to its page: what is told of it, and (slow) that it is short enough."""

from datetime import datetime
from typing import Any

import pytest

from tests.bench.paging import GOAL_SECONDS, first_pages, run_paging, shown

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


def test_critical_page_counts_where_on_call_has_it_although_its_desk_had_it_before() -> None:
    def page(room: str, receiver: str, second: int, status: str = "firing") -> dict[str, Any]:
        at = f"2026-11-30T19:00:{second:02}+00:00"
        return {"labels": {"room": room}, "receiver": receiver, "status": status, "received_at": at}

    pages = [
        page("grave", "compliance-desk", 1),
        page("grave", "on-call", 3),
        page("grave", "on-call", 5, "resolved"),
        page("slight", "compliance-desk", 9),
        page("elsewhere", "on-call", 9),
    ]
    began = datetime.fromisoformat("2026-11-30T19:00:00+00:00").timestamp()
    assert {room: at - began for room, at in first_pages(pages, {"grave": True, "slight": False}).items()} == {
        "grave": 3, "slight": 9,
    }  # fmt: skip


@pytest.mark.slow
def test_nineteen_pages_of_twenty_to_on_call_arrive_within_ten_seconds() -> None:
    outcome = run_paging(20, seed=7, say=lambda _line: None)
    assert (outcome["pages"], outcome["on_call"]) == (20, 13)
    assert outcome["event_to_on_call_seconds"]["p95"] <= GOAL_SECONDS
