import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.detection.baseline.baseline import TAIL, Baseline

NOON = 12

COUNTS = st.lists(st.integers(0, 10**6), max_size=60)


def learned(counts: list[int]) -> Baseline:
    baseline = Baseline()
    for count in counts:
        baseline.learn(count, NOON, alarming=False)
    return baseline


def test_nothing_surprises_before_anything_was_learned() -> None:
    assert Baseline().surprise(1e6, NOON) == 0.0


def test_level_is_the_usual_count() -> None:
    assert learned([40] * 20).texts(NOON) == pytest.approx(40)


def test_usual_count_is_no_surprise_and_tenfold_is() -> None:
    baseline = learned([40] * 20)
    assert baseline.surprise(40, NOON) < -math.log(TAIL)
    assert baseline.surprise(400, NOON) > 2 * -math.log(TAIL)


def test_quiet_brand_is_not_surprised_by_a_text() -> None:
    baseline = learned([0] * 288)
    assert baseline.surprise(1, NOON) < -math.log(TAIL) < baseline.surprise(15, NOON)


def test_brand_of_waves_needs_a_larger_wave() -> None:
    quiet, waves = learned([20] * 600), learned(([20] * 30 + [200]) * 20)
    assert waves.surprise(200, NOON) < quiet.surprise(200, NOON)


def test_alarming_window_hardly_moves_the_level() -> None:
    trusting, wary = learned([20] * 10), learned([20] * 10)
    trusting.learn(2_000, NOON, alarming=False)
    wary.learn(2_000, NOON, alarming=True)
    assert wary.texts(NOON) < 25 < trusting.texts(NOON)


@given(COUNTS, st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_texts_never_surprise_less(counts: list[int], one: int, other: int) -> None:
    baseline = learned(counts)
    assert baseline.surprise(min(one, other), NOON) <= baseline.surprise(max(one, other), NOON)


@given(COUNTS)
def test_state_stays_finite(counts: list[int]) -> None:
    baseline = learned(counts)
    assert all(math.isfinite(value) for value in (baseline.log_mean, baseline.quantile, baseline.mean_excess))
    assert baseline.mean_excess > 0
