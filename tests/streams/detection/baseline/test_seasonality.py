"""Two weeks of windows of five minutes, a log level each."""

import math
import random
from datetime import UTC, datetime

import msgspec
import pytest

from streams.clock import DAY_MS, HOUR_MS, MINUTE_MS
from streams.detection.baseline.burst import ALARM_SURPRISE, Burst
from streams.detection.baseline.seasonality import DailySeasonality, hour_of_day

DAYS = 14


def hours(days: int) -> list[float]:
    return [window / 12 % 24 for window in range(days * 288)]


def asleep_at_night(hour: float) -> int:
    """Five texts a window at night, eighty at noon."""
    return round(20 * math.exp(1.4 * math.sin(math.pi * (hour - 6) / 12)))


def test_hour_of_the_day_is_of_utc() -> None:
    assert hour_of_day(0) == 0
    assert hour_of_day(25 * HOUR_MS + HOUR_MS // 2) == 1.5
    assert hour_of_day(48 * HOUR_MS - 1) < 24


def test_hour_of_the_day_is_what_clocks_show() -> None:
    #   in New York the clocks went forward on 2026-03-08 at 07:00 UTC
    before = int(datetime(2026, 3, 8, 6, 59, tzinfo=UTC).timestamp() * 1000)
    assert hour_of_day(before, "America/New_York") == pytest.approx(1 + 59 / 60)
    assert hour_of_day(before + MINUTE_MS, "America/New_York") == 3.0
    assert hour_of_day(before, "Asia/Kathmandu") == pytest.approx(12 + 44 / 60)


def mornings_that_alarm(zone: str) -> int:
    """Of the fourteen after the clocks went forward in Berlin, for a brand that gets up there at seven, steeply, and
    whose usual is learnt by the hours of `zone`."""
    rng, burst, alarms = random.Random(5), Burst(), set[int]()
    change = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() * 1000)
    for at_ms in range(change - 28 * DAY_MS, change + 14 * DAY_MS, 5 * MINUTE_MS):
        awake = 7 <= hour_of_day(at_ms, "Europe/Berlin") < 22
        texts, hour = max(0, round(rng.gauss(60 if awake else 3, 3 if awake else 1))), hour_of_day(at_ms, zone)
        if at_ms > change and burst.surprise(texts, hour) >= ALARM_SURPRISE:
            alarms.add(at_ms // DAY_MS)
        burst.learn(texts, hour)
    return len(alarms)


def test_mornings_after_the_clocks_change_are_no_surge() -> None:
    assert mornings_that_alarm("Europe/Berlin") == 0
    assert mornings_that_alarm("UTC") > 0, "else this would prove nothing"


def test_profile_goes_from_the_middle_of_an_hour_to_that_of_the_next() -> None:
    #   hour    8        9       23 | 0
    #   level   0        1        4 | 2
    rhythm = DailySeasonality(profile=[2.0, *[0.0] * 8, 1.0, *[0.0] * 13, 4.0], confidence=1.0)
    found = [rhythm.of(hour) for hour in (8.5, 9.0, 9.25, 9.5, 23.5, 23.999, 0.0, 0.5)]
    assert found == pytest.approx([0.0, 0.5, 0.75, 1.0, 4.0, 3.0, 3.0, 2.0], abs=0.01)


def test_rise_is_against_the_hours_before_and_never_a_fall() -> None:
    rhythm = DailySeasonality(profile=[math.log(4.0) if hour >= 8 else 0.0 for hour in range(24)], confidence=1.0)
    assert rhythm.relative_rise(8.5, 6) == pytest.approx(4.0)
    assert rhythm.relative_rise(20.5, 6) == pytest.approx(1.0)
    assert rhythm.relative_rise(1.5, 6) == 1.0
    assert DailySeasonality(profile=rhythm.profile).relative_rise(8.5, 6) == 1.0


def test_profile_that_explains_nothing_is_not_believed() -> None:
    rng, rhythm = random.Random(1), DailySeasonality()
    for hour in hours(DAYS):
        rhythm.learn(hour, rng.gauss(0, 1))
    assert rhythm.confidence == 0.0
    assert rhythm.of(3) == 0.0


def test_daily_rhythm_is_learned_and_believed() -> None:
    rng, rhythm = random.Random(1), DailySeasonality()
    for hour in hours(DAYS):
        rhythm.learn(hour, rng.gauss(1.0 if 8 <= hour < 20 else -1.0, 0.3))
    assert rhythm.confidence > 0.9
    assert rhythm.of(12) == pytest.approx(1.0, abs=0.15)
    assert rhythm.of(2) == pytest.approx(-1.0, abs=0.15)


def test_nothing_is_believed_in_the_first_two_days() -> None:
    rhythm = DailySeasonality()
    for hour in hours(2):
        rhythm.learn(hour, 1.0 if hour < 12 else -1.0)
    assert rhythm.confidence == 0.0


def test_brand_that_sleeps_at_night_is_not_alarming_by_day_and_its_night_is_its_own() -> None:
    rng, burst = random.Random(5), Burst()
    alarms = 0
    for at, hour in enumerate(hours(DAYS)):
        count = round(asleep_at_night(hour) * math.exp(rng.gauss(0, 0.2)))
        alarms += at > 5 * 288 and burst.surprise(count, hour) >= ALARM_SURPRISE
        burst.learn(count, hour)
    assert alarms == 0
    # What is usual at noon is far from usual at midnight, once it has lasted for an hour.
    for _ in range(12):
        burst.learn(80, 0)
    assert burst.surprise(80, 0) >= ALARM_SURPRISE
    assert burst.short.texts(0) < 12 < 60 < burst.short.texts(12)


def test_state_is_small() -> None:
    rhythm = DailySeasonality()
    for hour in hours(DAYS):
        rhythm.learn(hour, 0.5)
    assert len(msgspec.msgpack.encode(rhythm)) < 350
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(rhythm), type=DailySeasonality) == rhythm
