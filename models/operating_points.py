"""When a risk is flagged: curves of precision and recall, and the thresholds that are read off them.

A curve says for each threshold how many of the flags are right (precision) and how many of the true texts are found
(recall). Three points lie on it: ``precise`` flags little and is nearly always right, ``sensitive`` misses little,
``balanced`` is what is served unless somebody chooses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BALANCED: Final = "balanced"
PRECISION: Final[Mapping[str, float]] = {"precise": 0.93, BALANCED: 0.85, "sensitive": 0.7}
"""The least precision of each point."""
MIN_THRESHOLD, MAX_THRESHOLD = 0.1, 0.99
THRESHOLDS: Final = tuple(round(MIN_THRESHOLD + 0.01 * step, 2) for step in range(90))
CURVE_THRESHOLDS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
FEW = 15
"""Texts of a class, below which nothing is read off."""


class CurvePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What flagging from ``threshold`` on gives; precision is None where nothing is flagged."""

    threshold: float
    precision: float | None
    recall: float


def curve(truth: npt.NDArray[np.bool_], probability: Floats, weights: Floats | None = None) -> tuple[CurvePoint, ...]:
    """The points at CURVE_THRESHOLDS; without one of the two classes there is no curve."""
    if truth.all() or not truth.any():
        return ()
    heavy = np.ones(len(truth)) if weights is None else weights
    return tuple(_point(truth, probability, heavy, threshold) for threshold in CURVE_THRESHOLDS)


def least_threshold(
    truth: npt.NDArray[np.bool_], probability: Floats, precision: float, weights: Floats | None = None
) -> float:
    """The least of THRESHOLDS from which on flags have this precision, counted as if one more text were half right.

    MAX_THRESHOLD where none reaches it.
    """
    heavy = np.ones(len(truth)) if weights is None else weights / weights.mean()
    for threshold in THRESHOLDS:
        flagged = probability >= threshold
        if not flagged.any():
            return threshold
        if (float(heavy[flagged & truth].sum()) + 0.5) / (float(heavy[flagged].sum()) + 1) >= precision:
            return threshold
    return MAX_THRESHOLD


def most_precise_threshold(
    truth: npt.NDArray[np.bool_], probability: Floats, recall: float, weights: Floats | None = None
) -> float:
    """Of THRESHOLDS from which on this share of the true texts is found, the one whose flags are most precise."""
    heavy = np.ones(len(truth)) if weights is None else weights / weights.mean()
    most, found = -1.0, MIN_THRESHOLD
    for threshold in THRESHOLDS:
        flagged = probability >= threshold
        right = float(heavy[flagged & truth].sum())
        precision = (right + 0.5) / (float(heavy[flagged].sum()) + 1)
        if right >= recall * float(heavy[truth].sum()) and precision > most:
            most, found = precision, threshold
    return found


def _point(truth: npt.NDArray[np.bool_], probability: Floats, weights: Floats, threshold: float) -> CurvePoint:
    flagged = probability >= threshold
    right, all_flagged = float(weights[flagged & truth].sum()), float(weights[flagged].sum())
    return CurvePoint(
        threshold,
        round(right / all_flagged, 4) if all_flagged else None,
        round(right / float(weights[truth].sum()), 4),
    )
