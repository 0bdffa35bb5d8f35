"""Texts from templates: repeatable, filled, and honest about what they say."""

from __future__ import annotations

import pytest

from models.labels import LANGUAGES, RISKS
from models.train.data.synthetic import synthesise


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_filled_unique_and_repeatable(language: str) -> None:
    examples = synthesise(language, seed=1, per_family=40)
    texts = [example.text for example in examples]
    assert len(texts) == len(set(texts)) > 300
    assert not any("{" in text for text in texts)
    assert examples == synthesise(language, seed=1, per_family=40)
    assert examples != synthesise(language, seed=2, per_family=40)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_risk_that_lacks_a_source_has_both_sides(language: str) -> None:
    sides = {(label, target) for e in synthesise(language, 1, 40) for label, (target, _) in e.risks.items()}
    assert {label for label, _ in sides} <= set(RISKS)
    for label in ("diversion", "privacy", "crisis", "misleading", "fraud_spam", "rumor"):
        assert {(label, 0.0), (label, 1.0)} <= sides
