"""A team's own labelled texts: which count for which risk, and what is read off them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from models.evaluate import LabelledText
from models.operating_points import FEW
from models.own_texts import RiskTexts, by_language_and_risk
from models.runtime.scorer import Scores


class Said:
    """A scorer that finds abuse as probable as a text's last two digits say."""

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        return [None if text == "?" else Scores("neutral", {}, {"abuse": int(text[-2:]) / 100}, []) for text in texts]


def texts(*rows: tuple[str, int]) -> list[LabelledText]:
    return [LabelledText(text, risks={"abuse": target, "crisis": 0}) for text, target in rows]


def test_texts_count_for_their_language_and_the_risks_that_the_model_knows() -> None:
    classifier: Any = Said()
    found = list(by_language_and_risk(texts(("坏 90", 1), ("bad 80", 1), ("good 10", 0), ("?", 1)), classifier))
    assert [(one.language, one.risk, one.truth.tolist()) for one in found] == [
        ("zh", "abuse", [True]),
        ("en", "abuse", [True, False]),
    ]
    assert found[1].probability.tolist() == [0.8, 0.1]


def risk_texts(carrying: int, others: int) -> RiskTexts:
    probability = np.concatenate([np.linspace(0.6, 0.95, carrying), np.linspace(0.05, 0.5, others)])
    return RiskTexts("zh", "abuse", np.arange(carrying + others) < carrying, probability)


def test_threshold_is_the_least_that_is_as_precise_as_asked() -> None:
    one = risk_texts(40, 40)
    found = one.threshold_for(0.9)
    assert found is not None
    assert 0.3 < found <= 0.6
    assert one.at(found)["precision"] >= 0.9
    assert one.at(found)["recall"] == 1.0


@pytest.mark.parametrize(("carrying", "others"), [(FEW - 1, 100), (100, FEW - 1), (0, 100)])
def test_too_few_texts_give_no_threshold(carrying: int, others: int) -> None:
    one = risk_texts(carrying, others)
    assert one.too_few
    assert one.threshold_for(0.9) is None


def test_precision_out_of_reach_gives_no_threshold() -> None:
    one = RiskTexts("zh", "abuse", np.arange(400) % 2 == 0, np.linspace(0.05, 0.97, 400))
    assert not one.too_few
    assert one.threshold_for(0.9) is None


def test_nothing_flagged_has_no_precision() -> None:
    assert risk_texts(20, 20).at(0.99) == {"precision": None, "recall": 0.0}
