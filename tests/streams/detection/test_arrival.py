from hypothesis import given
from hypothesis import strategies as st

from streams.clock import DAY_MS, HOUR_MS, MINUTE_MS
from streams.detection.arrival import Arrivals


def at(minute: float) -> int:
    return int((1_000 + minute) * MINUTE_MS)


def arrived(*records: tuple[str, float]) -> list[float]:
    """The minute of the log after each record, given as (feed, minute of its stamp)."""
    log = Arrivals()
    return [log.observe(feed, at(minute)) / MINUTE_MS - 1_000 for feed, minute in records]


def test_log_follows_stamps_that_go_on_evenly() -> None:
    assert arrived(("a", 0), ("b", 0.5), ("a", 1.5), ("a", 1.2)) == [0, 0.5, 1.5, 1.5]


def test_stray_stamp_moves_nothing() -> None:
    assert arrived(("a", 0), ("a", 58), ("a", 1), ("a", 2)) == [0, 0, 1, 2]
    assert arrived(("a", 0), ("b", 58), ("a", 1), ("a", 2)) == [0, 0, 1, 2]


def test_feed_that_is_ahead_for_good_moves_nothing_once_it_was_refuted() -> None:
    #   b is 55 minutes ahead, and speaks up to five times in a row
    records = [("a", 0.0), ("b", 55.0), ("a", 0.1)]
    records += [(feed, 0.2 + number / 60 + 55 * (feed == "b")) for number, feed in enumerate("bbbbbabbbbab" * 10)]
    assert max(arrived(*records)) < 3


def test_pause_of_a_night_is_over_once_the_morning_is_confirmed() -> None:
    night = 9 * 60.0
    assert arrived(("a", 0), ("a", night), ("b", night + 1))[-1] == night
    morning = [("a", night), ("a", night + 1), ("a", night + 2), ("a", night + 3)]
    assert arrived(("a", 0), *morning) == [0, 0, 0, night + 1, night + 3]


def test_record_of_the_morning_is_in_doubt_until_then() -> None:
    log, doubts = Arrivals(), list[bool]()
    for minute in (0, 540, 541, 542, 543):
        log.observe("a", at(minute))
        doubts.append(log.in_doubt)
    assert doubts == [False, True, True, False, False]


def test_partition_of_few_records_has_no_doubt_about_its_usual_pace() -> None:
    log = Arrivals()
    for number in range(20):
        log.observe("a", at(10 * number))
    log.observe("a", at(220))
    assert (log.now_ms, log.in_doubt) == (at(220), False)


def test_feed_that_was_refuted_leads_once_the_others_are_gone() -> None:
    records = [("a", 0.0), ("b", 55.0), ("a", 0.1), *(("b", 55.1 + number / 10) for number in range(60))]
    assert arrived(*records)[-1] > 55


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2 * DAY_MS))))
def test_log_never_goes_back_and_never_beyond_what_was_said(records: list[tuple[str, int]]) -> None:
    log, times = Arrivals(), list[int]()
    for feed, stamp_ms in records:
        times.append(log.observe(feed, HOUR_MS + stamp_ms))
    assert times == sorted(times)
    assert set(times) <= {HOUR_MS + stamp_ms for _, stamp_ms in records}
