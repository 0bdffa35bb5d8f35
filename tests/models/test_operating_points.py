"""Curves and the thresholds read off them, on probabilities whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from models.operating_points import (
    CURVE_THRESHOLDS,
    MAX_THRESHOLD,
    MIN_THRESHOLD,
    PRECISION,
    curve,
    least_threshold,
    most_precise_threshold,
)

PROBABILITY = np.linspace(0.005, 0.995, 1_000)
CALIBRATED = np.random.default_rng(1).random(1_000) < PROBABILITY


def test_curve_has_precision_and_recall_at_each_threshold() -> None:
    truth = np.array([True, False, True, True])
    points = {point.threshold: point for point in curve(truth, np.array([0.95, 0.9, 0.6, 0.2]))}
    assert tuple(points) == CURVE_THRESHOLDS
    assert (points[0.1].precision, points[0.1].recall) == (0.75, 1.0)
    assert (points[0.8].precision, points[0.8].recall) == (0.5, 0.3333)
    assert (points[0.99].precision, points[0.99].recall) == (None, 0.0)


@pytest.mark.parametrize("truth", [np.zeros(4, dtype=bool), np.ones(4, dtype=bool)])
def test_one_class_alone_has_no_curve(truth: np.ndarray) -> None:
    assert curve(truth, np.linspace(0, 1, 4)) == ()


def test_weights_count_in_a_curve() -> None:
    truth = np.array([True, False])
    (point, *_) = curve(truth, np.array([0.9, 0.9]), np.array([3.0, 1.0]))
    assert point.precision == 0.75


@pytest.mark.parametrize("precision", [*PRECISION.values(), 0.8])
def test_least_threshold_reaches_the_precision_and_a_lower_one_does_not(precision: float) -> None:
    found = least_threshold(CALIBRATED, PROBABILITY, precision)
    assert CALIBRATED[found <= PROBABILITY].mean() >= precision
    below = found - 0.02
    assert CALIBRATED[below <= PROBABILITY].mean() < precision + 0.01


def test_precision_that_is_there_everywhere_takes_the_least_threshold() -> None:
    assert least_threshold(np.ones(100, dtype=bool), PROBABILITY[::10], 0.9) == MIN_THRESHOLD


def test_precision_that_is_nowhere_takes_the_most() -> None:
    assert least_threshold(np.zeros(100, dtype=bool), np.full(100, 0.999), 0.9) == MAX_THRESHOLD


def test_one_lucky_text_is_no_precision() -> None:
    truth = np.array([False] * 50 + [True])
    probability = np.array([0.5] * 50 + [0.9])
    assert least_threshold(truth, probability, 0.85) > 0.9


def test_more_precise_points_have_higher_thresholds() -> None:
    found = [least_threshold(CALIBRATED, PROBABILITY, precision) for precision in PRECISION.values()]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 3


def test_most_precise_threshold_finds_the_share_that_was_asked_for() -> None:
    truth = np.repeat([False, True], 50)
    probability = np.concatenate([np.linspace(0.1, 0.98, 50), np.linspace(0.2, 0.97, 50)])
    found = most_precise_threshold(truth, probability, 0.2)
    assert np.mean(probability[truth] >= found) >= 0.2
    assert found < least_threshold(truth, probability, 0.9)
