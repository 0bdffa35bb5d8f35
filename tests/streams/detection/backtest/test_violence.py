import pytest

from streams.detection.backtest.violence import ViolenceEvidence
from tests.builders.records import text


def score(texts: int, abusive: float) -> float:
    return ViolenceEvidence(abusive_texts=abusive, texts=texts).score()


@pytest.mark.parametrize(("texts", "abusive", "expected"), [(30, 27, 0.36), (10_000, 600, 0.54), (2_000, 700, 0.65)])
def test_score_goes_with_the_number_and_its_share(texts: int, abusive: int, expected: float) -> None:
    assert score(texts, abusive) == pytest.approx(expected, abs=0.01)


def test_small_pile_on_stands_above_a_large_quiet_crowd() -> None:
    assert score(1_200, 450) > score(20_000, 1_000)


def test_score_lies_between_0_and_1() -> None:
    assert score(0, 0.0) == 0.0
    assert score(1_000_000, 1_000_000) == 1.0


def test_text_that_no_model_saw_tells_nothing() -> None:
    evidence = ViolenceEvidence()
    evidence.add(text(0, mood="unscored"))
    assert evidence.texts == 0
    evidence.add(text(0, flagged=["abuse"], risks={"abuse": 0.9}))
    assert (evidence.texts, evidence.abusive_texts) == (1, 0.9)
