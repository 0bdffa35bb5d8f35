import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.detection.baseline.burst import ALARM_SURPRISE, Burst
from streams.detection.brand.conversation import MIN_TEXTS

NOON = 12


def learned(counts: list[int]) -> Burst:
    burst = Burst()
    for count in counts:
        burst.learn(count, NOON)
    return burst


def poisson(rng: random.Random, mean: float) -> int:
    count, left = 0, rng.expovariate(1.0)
    while left < mean:
        count, left = count + 1, left + rng.expovariate(1.0)
    return count


def test_sharp_burst_alarms_at_once_even_on_ten_minutes_of_history() -> None:
    burst = learned([40, 43])
    assert burst.surprise(45, NOON) < ALARM_SURPRISE <= burst.surprise(250, NOON)


def test_quiet_brand_alarms_at_fifteen_and_not_at_two() -> None:
    burst = learned([0, 1, 0, 0, 0, 0] * 100)
    assert burst.surprise(2, NOON) < ALARM_SURPRISE <= burst.surprise(15, NOON)


def test_loud_brand_alarms_at_a_multiple_and_not_at_a_tenth_more() -> None:
    burst = learned([50_000, 51_000, 49_000] * 100)
    assert burst.surprise(55_000, NOON) < ALARM_SURPRISE <= burst.surprise(200_000, NOON)


def test_swell_that_lasts_surprises_more_than_its_first_window() -> None:
    fresh, lasting = learned([20] * 300), learned([20] * 300 + [40] * 12)
    assert lasting.surprise(40, NOON) > fresh.surprise(40, NOON)


def test_pure_chance_raises_no_alarm_in_two_weeks() -> None:
    rng = random.Random(3)
    for mean in (0.2, 3.0, 40.0):
        burst = Burst()
        for _ in range(14 * 288):
            count = poisson(rng, mean)
            assert count < MIN_TEXTS or burst.surprise(count, NOON) < ALARM_SURPRISE
            burst.learn(count, NOON)


def test_plain_burst_is_thirty_texts_and_four_times_the_six_hours_before() -> None:
    burst = learned([5] * 72)  # ten in ten minutes
    assert not burst.is_obvious(29, 0, NOON)
    assert not burst.is_obvious(34, 0, NOON)
    assert burst.is_obvious(41, 0, NOON)


def test_plain_burst_does_not_count_itself_as_usual() -> None:
    #      … 5 5 5 5 | 30 30      the last two windows are the ten minutes that are judged
    burst = learned([5] * 20 + [30, 30])
    assert burst.is_obvious(41, 2, NOON)


def test_plain_burst_needs_something_to_compare_with() -> None:
    assert not Burst().is_obvious(500, 0, NOON)
    assert not learned([30]).is_obvious(500, 1, NOON)


def test_morning_of_a_brand_that_sleeps_is_no_plain_burst_once_its_days_are_known() -> None:
    #   asleep from one to seven, five texts in five minutes; then fifty
    rng = random.Random(7)
    burst, days = Burst(), list[int]()
    for window in range(21 * 288 + 7 * 12):
        day, hour = divmod(window // 12, 24)
        count = poisson(rng, 5.0 if 1 <= hour < 7 else 50.0)
        if burst.past and burst.is_obvious(burst.past[-1] + count, 1, hour):
            days.append(day)
        burst.learn(count, hour)
    assert max(days) < 7
    assert not burst.is_obvious(100, 0, 7)
    assert burst.is_obvious(450, 0, 7)


def test_calm_lies_well_below_the_alarm() -> None:
    burst = learned([20] * 50)
    assert burst.calm(20, NOON)
    assert not burst.calm(40, NOON)
    assert burst.surprise(40, NOON) < ALARM_SURPRISE


def test_new_normal_is_learned_after_a_day() -> None:
    burst = learned([20] * 288)
    assert burst.surprise(400, NOON) >= ALARM_SURPRISE
    for _ in range(4 * 288):
        burst.learn(400, NOON)
    assert burst.surprise(400, NOON) < ALARM_SURPRISE


@settings(deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=120), st.integers(0, 120))
def test_state_that_was_stored_goes_on_as_if_it_had_not(counts: list[int], cut: int) -> None:
    through = learned(counts)
    stored = msgspec.msgpack.encode(learned(counts[:cut]))
    resumed = msgspec.msgpack.decode(stored, type=Burst)
    for count in counts[cut:]:
        resumed.learn(count, NOON)
    assert resumed == through
    assert len(msgspec.msgpack.encode(through)) < 1_500
