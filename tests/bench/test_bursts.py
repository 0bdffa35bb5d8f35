"""The family of simulated brands, and what the bench says of a few of them."""

import pytest

from streams.detection.baseline.burst import ALARM_SURPRISE
from tests.bench.bursts import Outcome, Surprised
from tests.bench.simulated_bursts import (
    APART,
    FIRST_ONSET,
    KINDS,
    ONSETS,
    WINDOWS,
    SimulatedBurst,
    SimulatedSeries,
    family,
    simulate,
)


def test_family_has_a_series_of_each_class_for_each_seed() -> None:
    assert [(one.kind, one.seed) for one in family(range(2))] == [(kind, seed) for kind in KINDS for seed in range(2)]


@pytest.mark.parametrize("kind", list(KINDS))
def test_series_is_its_seeds_and_holds_its_bursts_apart(kind: str) -> None:
    one = simulate(kind, 3)
    assert one == simulate(kind, 3)
    assert one.counts != simulate(kind, 4).counts
    assert len(one.counts) == len(one.timestamps_ms) == WINDOWS
    first, second = one.bursts
    assert len(one.bursts) == ONSETS
    assert first.onset >= FIRST_ONSET
    assert second.onset - first.onset >= APART
    for burst in one.bursts:
        assert max(one.counts[burst.onset : burst.ends + 1]) >= 15


def test_alarm_in_a_burst_meets_it_late_or_not_and_one_elsewhere_is_false() -> None:
    #            0 …          onset   + 2 windows      another burst, unmet        a false one
    bursts = [SimulatedBurst(FIRST_ONSET + 10, FIRST_ONSET + 40, 5.0), SimulatedBurst(2_000, 2_020, 2.0)]
    rare = {FIRST_ONSET + 12: 9.0, 3_000: 9.0}
    series = SimulatedSeries("steady", 0, [20] * WINDOWS, bursts)
    one = Surprised(series, [rare.get(window, 0.0) for window in range(WINDOWS)])
    outcome = Outcome.of([one], ALARM_SURPRISE)
    assert (outcome.onsets, outcome.met, outcome.large, outcome.large_met) == (2, 1, 1, 1)
    assert (outcome.delay_minutes_median, outcome.false_alarms) == (15, 1)
    assert outcome.false_alarms_per_series_and_day == pytest.approx(1 / 11)
    assert Outcome.of([one], 10.0).delay_minutes_median is None


def test_detector_meets_most_large_bursts_of_a_few_brands() -> None:
    outcome = Outcome.of(map(Surprised.of, family([60])), ALARM_SURPRISE)
    assert outcome.large_met >= 0.7 * outcome.large
    assert outcome.false_alarms_per_series_and_day < 0.2
