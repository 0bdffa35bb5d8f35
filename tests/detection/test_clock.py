from hypothesis import given
from hypothesis import strategies as st

from streams.detection.clock import EventClock

MOMENTS = st.integers(0, 10**9)


def test_clock_follows_the_events_of_its_key() -> None:
    clock = EventClock(now_ms=1_000, log_ms=50_000)
    assert clock.heard(1_400, 50_010) == 1_400


def test_clock_runs_on_with_the_log_while_its_key_is_idle() -> None:
    clock = EventClock(now_ms=1_000, log_ms=50_000)
    assert clock.idle(53_000) == 4_000


def test_clock_does_not_go_back_for_an_old_event_or_an_old_log_time() -> None:
    clock = EventClock(now_ms=1_000, log_ms=50_000)
    assert clock.heard(200, 40_000) == 1_000


@given(st.lists(st.tuples(MOMENTS, MOMENTS)), st.integers(0, 5))
def test_idle_told_often_or_once_is_the_same(moments: list[tuple[int, int]], between: int) -> None:
    often, once = EventClock(0, 0), EventClock(0, 0)
    for event_ms, log_ms in moments:
        for part in range(between):
            often.idle(often.log_ms + max(0, log_ms - often.log_ms) * part // max(1, between))
        often.heard(event_ms, log_ms)
        once.heard(event_ms, log_ms)
    assert often == once
