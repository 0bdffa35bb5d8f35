"""Sixty texts of the greatest length, made to be dear: scoring goes on behind them, and can be stopped amid them."""

import time

import msgspec
import pytest

from streams.events.schema import Event
from streams.ingest.player import TimedRecord
from streams.topology import LIVE
from tests.servers.site import Site
from tests.servers.waiting import until

TEXTS, LONGEST = 60, 20_000
STOPPED_SECONDS = 10.0
UNITS = (
    "1 ",
    "138 0013 800",
    "6222 ",
    "一二三",
    "最好全网第一",
    "加微信",
    "best ever ",
    "12 main st ",
    "a@",
    "最\u200d",
    "<b>",
)


def hostile(number: int, at_ms: int) -> TimedRecord:
    """All of one room, and so of one partition; no two alike."""
    unit = f"{UNITS[number % len(UNITS)]}{number}"
    event = Event(
        event_id=f"e{number}", source="test-live", platform="douyin", brand_id="acme", kind="comment",
        event_time_ms=at_ms, ingest_time_ms=at_ms, room_id="room", text=(unit * LONGEST)[:LONGEST],
    )  # fmt: skip
    return TimedRecord(LIVE, b"room", msgspec.json.encode(event), at_ms, at_ms)


@pytest.mark.slow
def test_scoring_is_stopped_within_seconds_amid_hostile_texts_and_scores_them_all(site: Site) -> None:
    now_ms = int(time.time() * 1000)
    site.feed([hostile(number, now_ms - TEXTS + number) for number in range(TEXTS)])
    ends = site.ends([LIVE])
    worker = site.worker("scoring")
    worker.launch()
    until(lambda: site.stored("scoring") > 0, "the first slice is stored")
    asked = time.monotonic()
    worker.stop()
    seconds, amid = time.monotonic() - asked, site.stored("scoring")
    assert worker.exit_code == 0
    assert seconds < STOPPED_SECONDS
    assert amid < TEXTS, "it was not stopped amid them"
    with worker:
        until(lambda: site.caught_up("scoring", ends), "all texts are scored")
