"""Exits are as wide as the limits on changed answers allow, and no wider."""

from __future__ import annotations

import numpy as np
import pytest

from models.labels import OUTPUTS, RISKS, SENTIMENTS
from models.runtime.cascade import ExitRule
from models.train.release.exits import MAX_CHANGED_FLAGS, NEVER, choose_exit

CHANGED_SENTIMENTS = 0.02
THRESHOLDS = {**dict.fromkeys(RISKS, 0.5), "crisis": 0.9}
ABUSE = len(SENTIMENTS) + RISKS.index("abuse")


def rows(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Texts of growing certainty that all are negative and carry no risk."""
    found = np.zeros((count, OUTPUTS))
    found[:, 0] = np.linspace(0.5, 0.99, count)
    found[:, 1] = 1 - found[:, 0]
    return found


def test_where_both_stages_agree_every_text_leaves() -> None:
    early = rows(200)
    assert ExitRule(choose_exit(early, early, THRESHOLDS, CHANGED_SENTIMENTS)).leaving(early).all()


def test_doubtful_texts_stay_where_the_last_stage_says_otherwise() -> None:
    early, late = rows(200), rows(200)
    late[:50, :2] = late[:50, 1::-1]
    late[:50, 2] = 0
    late[:50, 1] += 0.5
    leaving = ExitRule(choose_exit(early, late, THRESHOLDS, CHANGED_SENTIMENTS)).leaving(early)
    assert leaving[50:].all()
    assert leaving[:50].sum() <= CHANGED_SENTIMENTS * 200


def test_texts_that_would_be_flagged_do_not_leave_unflagged() -> None:
    draw = np.random.default_rng(1)
    early, late = rows(1_000), rows(1_000)
    late[:, ABUSE] = draw.random(1_000)
    early[:, ABUSE] = np.clip(late[:, ABUSE] + draw.normal(0, 0.1, 1_000), 0, 1)
    leaving = ExitRule(choose_exit(early, late, THRESHOLDS, CHANGED_SENTIMENTS)).leaving(early)
    flagged, likely = late[:, ABUSE] >= 0.5, early[:, ABUSE] >= 0.5
    assert np.count_nonzero(leaving & flagged & ~likely) <= MAX_CHANGED_FLAGS * np.count_nonzero(flagged)
    assert np.count_nonzero(leaving & ~flagged & likely) <= MAX_CHANGED_FLAGS * np.count_nonzero(flagged)
    assert 0.5 < leaving.mean() < 0.9


def test_nobody_leaves_where_the_early_stage_knows_nothing() -> None:
    early, late = rows(10), rows(10)  # too few for the limit to let one through
    late[:, :2] = late[:, 1::-1]
    late[:, 1] = 2
    assert choose_exit(early, late, THRESHOLDS, CHANGED_SENTIMENTS).sentiment == NEVER


@pytest.mark.parametrize("label", RISKS)
def test_bands_hold_the_threshold(label: str) -> None:
    low, high = choose_exit(rows(50), rows(50), THRESHOLDS, CHANGED_SENTIMENTS).risks[label]
    assert low < THRESHOLDS[label] <= high
