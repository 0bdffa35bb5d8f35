"""When a text may leave after a middle stage: chosen so that what is served hardly differs from the full depth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.labels import RISKS, SENTIMENTS
from models.runtime.manifest import Exit

MAX_CHANGED_FLAGS = 0.03
"""Of the texts that the last stage would flag, for each risk: those that leave unflagged, and as many the other way."""

Floats = npt.NDArray[np.float64]
NEVER = 1.01


def choose_exit(early: Floats, late: Floats, thresholds: Mapping[str, float], changed_sentiments: float) -> Exit:
    """The widest exit within the limits, each head by itself; calibrated probabilities (texts, OUTPUTS).

    ``changed_sentiments`` are, of all texts, those that may leave with another sentiment than the last stage's.
    """
    moods, late_moods = early[:, : len(SENTIMENTS)], late[:, : len(SENTIMENTS)]
    changed = moods.argmax(axis=1) != late_moods.argmax(axis=1)
    sentiment = _level(moods.max(axis=1), changed, changed_sentiments * len(early))
    risks: dict[str, tuple[float, float]] = {}
    for column, label in enumerate(RISKS, len(SENTIMENTS)):
        threshold = thresholds[label]
        likely = late[:, column] >= min(threshold, 0.5)
        allowed = MAX_CHANGED_FLAGS * float(np.count_nonzero(likely))
        low = -_level(-early[:, column], likely, allowed)
        high = _level(early[:, column], late[:, column] < max(threshold, 0.5), allowed)
        # A text that leaves is flagged by the same threshold: no band may end on the wrong side of it.
        low, high = min(max(low, 0.0), 0.5, threshold - 1e-4), max(high, 0.5, threshold)
        risks[label] = (_rounded_down(low), round(high, 4))
    return Exit(round(sentiment, 4), risks)


def _level(scores: Floats, wrong: npt.NDArray[np.bool_], allowed: float) -> float:
    """The least level such that at most ``allowed`` of the texts that reach it are wrong; NEVER where none is."""
    order = np.argsort(-scores, kind="stable")
    beyond = int(np.searchsorted(np.cumsum(wrong[order]), allowed, side="right"))
    reaching = scores[order][:beyond]
    if beyond < len(scores):  # a tie with the first text that is beyond the limit does not reach it
        reaching = reaching[reaching > scores[order][beyond]]
    return float(reaching[-1]) if len(reaching) else NEVER


def _rounded_down(value: float) -> float:
    return float(np.floor(value * 1e4) / 1e4)
