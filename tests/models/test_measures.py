"""Measures against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.measures import (
    average_precision,
    expected_calibration_error,
    f1,
    macro_f1,
    macro_recall,
    precision,
    recall,
)

TRUTH = np.array([0, 0, 1, 1, 2])
GUESS = np.array([0, 1, 1, 1, 0])


def test_macro_recall_is_the_mean_of_the_classes_recalls() -> None:
    assert macro_recall(TRUTH, GUESS) == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_macro_f1_is_the_mean_of_the_classes_f1() -> None:
    assert macro_f1(TRUTH, GUESS) == pytest.approx((0.5 + 0.8 + 0) / 3)


def test_precision_and_recall_of_flags() -> None:
    truth, flagged = np.array([True, True, False]), np.array([True, False, False])
    assert (precision(truth, flagged), recall(truth, flagged)) == (1.0, 0.5)
    assert f1(truth, flagged) == pytest.approx(2 / 3)
    assert precision(truth, np.zeros(3, dtype=bool)) == 0.0


def test_average_precision_takes_ties_together() -> None:
    assert average_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([True, False]), np.array([0.5, 0.5])) == pytest.approx(0.5)


def test_calibration_error_is_the_gap_between_confidence_and_frequency() -> None:
    right = np.array([True, True, True, False])
    assert expected_calibration_error(right, np.full(4, 0.75)) == pytest.approx(0.0)
    assert expected_calibration_error(right, np.full(4, 0.95)) == pytest.approx(0.2)
