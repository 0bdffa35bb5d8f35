"""The events' present follows the events, and the wall clock between them."""

from dashboards.event_present import EventPresent
from streams.clock import HOUR_MS, MINUTE_MS


def test_present_is_the_newest_event_and_goes_on_with_the_wall_clock() -> None:
    clock = EventPresent()
    ten, fifteen = 10 * HOUR_MS, 15 * HOUR_MS
    presents = [
        clock.present_ms(newest, fifteen + minute * MINUTE_MS)
        for minute, newest in enumerate([ten, ten, ten + 5 * MINUTE_MS, ten, ten])
    ]
    assert [(present - ten) // MINUTE_MS for present in presents] == [0, 1, 5, 6, 7]


def test_present_is_never_beyond_the_wall_clock() -> None:
    clock = EventPresent()
    noon = 12 * HOUR_MS
    assert clock.present_ms(noon + 55 * MINUTE_MS, noon) == noon
    assert clock.present_ms(noon + 55 * MINUTE_MS, noon + MINUTE_MS) == noon + MINUTE_MS
    assert clock.present_ms(noon + 55 * MINUTE_MS, noon + 56 * MINUTE_MS) == noon + 56 * MINUTE_MS
