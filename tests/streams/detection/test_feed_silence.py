from streams.clock import DAY_MS, MINUTE_MS
from streams.detection.feed_silence import FeedActivity

MIN_MS = 15 * MINUTE_MS


def source(*minutes: float) -> FeedActivity:
    heard = FeedActivity(int(minutes[0] * MINUTE_MS), int(minutes[0] * MINUTE_MS))
    for minute in minutes[1:]:
        heard.observe(int(minute * MINUTE_MS))
    return heard


def test_regular_source_is_silent_after_the_least_time() -> None:
    regular = source(*range(20))
    assert not regular.is_silent(33 * MINUTE_MS, MIN_MS)
    assert regular.is_silent(34 * MINUTE_MS, MIN_MS)


def test_source_that_was_heard_a_few_times_is_never_silent() -> None:
    assert not source(0, 3, 6, 9).is_silent(DAY_MS, MIN_MS)


def test_burst_of_a_minute_does_not_make_a_source_regular() -> None:
    assert not source(*(number / 60 for number in range(60))).is_silent(DAY_MS, MIN_MS)


def test_source_that_pauses_at_night_has_taught_its_gap() -> None:
    #   speaks 10 h, pauses 8 h, speaks 10 h, pauses
    day = range(0, 600, 2)
    night = source(*day, *(minute + 1080 for minute in day))
    assert not night.is_silent((1080 + 600 + 480) * MINUTE_MS, MIN_MS)


def test_source_is_forgotten_after_a_day() -> None:
    regular = source(*range(20))
    assert not regular.is_forgotten(DAY_MS)
    assert regular.is_forgotten(19 * MINUTE_MS + DAY_MS)
