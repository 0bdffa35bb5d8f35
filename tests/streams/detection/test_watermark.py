from hypothesis import example, given
from hypothesis import strategies as st

from streams.clock import MINUTE_MS
from streams.detection.watermark import MAX_SOURCE_LAG_MS, KeyWatermark, SourceProgress

SOURCES = st.sampled_from(["A", "B", "C"])
MOMENTS = st.integers(0, 4 * MAX_SOURCE_LAG_MS)


def observe(clock: KeyWatermark, log: SourceProgress, source: str, event_ms: int, log_ms: int) -> int:
    log.observe(source, log_ms)
    return clock.observe(source, event_ms, log)


def test_clock_follows_the_events_of_its_key() -> None:
    clock, log = KeyWatermark(0), SourceProgress()
    assert observe(clock, log, "A", 1_000, 50_000) == 1_000
    assert observe(clock, log, "A", 1_400, 50_010) == 1_400


def test_clock_runs_on_with_the_log_while_its_key_is_idle() -> None:
    clock, log = KeyWatermark(0), SourceProgress()
    observe(clock, log, "A", 1_000, 50_000)
    log.observe("A", 53_000)
    assert clock.advance(log) == 4_000


def test_clock_does_not_go_back_for_an_old_event_or_an_old_log_time() -> None:
    clock, log = KeyWatermark(0), SourceProgress()
    observe(clock, log, "A", 1_000, 50_000)
    assert observe(clock, log, "A", 200, 40_000) == 1_000


def test_clock_waits_for_the_source_that_lags() -> None:
    #   A says 10, B says 40, A says 50: until then it may have said something before 40
    clock, log = KeyWatermark(0), SourceProgress()
    observe(clock, log, "A", 10_000, 10_000)
    assert observe(clock, log, "B", 40_000, 40_000) == 10_000
    assert observe(clock, log, "A", 50_000, 50_000) == 40_000


def test_clock_does_not_wait_for_a_source_that_only_has_nothing_of_this_key() -> None:
    clock, log = KeyWatermark(0), SourceProgress()
    observe(clock, log, "A", 10_000, 10_000)
    log.observe("A", 39_000)  # of another key
    assert observe(clock, log, "B", 40_000, 40_000) == 39_000


def test_clock_waits_so_long_and_no_longer() -> None:
    clock, log = KeyWatermark(0), SourceProgress()
    observe(clock, log, "A", 0, 0)
    assert observe(clock, log, "B", MAX_SOURCE_LAG_MS, MAX_SOURCE_LAG_MS) == 0
    assert observe(clock, log, "B", MAX_SOURCE_LAG_MS + 5_000, MAX_SOURCE_LAG_MS + 5_000) == MAX_SOURCE_LAG_MS + 5_000


def test_log_is_as_far_as_the_source_that_lags() -> None:
    log = SourceProgress()
    assert log.low_ms == 0
    log.observe("A", 5 * MINUTE_MS)
    log.observe("B", 7 * MINUTE_MS)
    assert log.low_ms == 5 * MINUTE_MS
    log.observe("B", 7 * MINUTE_MS + MAX_SOURCE_LAG_MS)
    assert log.low_ms == 7 * MINUTE_MS + MAX_SOURCE_LAG_MS


@given(st.lists(st.tuples(SOURCES, MOMENTS, MOMENTS, st.booleans())))
@example([("B", 0, 0, True), ("B", 0, 1, False), ("A", 0, MAX_SOURCE_LAG_MS + 2, True)])
def test_time_is_the_same_however_often_idle_keys_advance(records: list[tuple[str, int, int, bool]]) -> None:
    often, seldom, log = KeyWatermark(0), KeyWatermark(0), SourceProgress()
    for source, event_ms, log_ms, of_this_key in records:
        log.observe(source, log_ms)
        if of_this_key:
            assert often.observe(source, event_ms, log) == seldom.observe(source, event_ms, log)
        else:
            often.advance(log)


@given(st.lists(st.tuples(SOURCES, MOMENTS, MOMENTS)))
def test_clock_never_goes_back(records: list[tuple[str, int, int]]) -> None:
    clock, log, times_ms = KeyWatermark(0), SourceProgress(), [0]
    for source, event_ms, log_ms in records:
        times_ms.append(observe(clock, log, source, event_ms, log_ms))
    assert times_ms == sorted(times_ms)
