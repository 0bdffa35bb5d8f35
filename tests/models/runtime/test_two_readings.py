"""A text with a disguise is scored in both readings, and the worse counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from models.runtime.classifier import Classifier, load_classifier, worse_of
from models.runtime.scorer import Scores

MOODS = {"negative": 0.2, "neutral": 0.6, "positive": 0.2}


def scores(abuse: float, fraud: float = 0.0, moods: dict[str, float] = MOODS) -> Scores:
    risks = {"abuse": abuse, "fraud_spam": fraud}
    sentiment = max(moods, key=lambda mood: moods[mood])
    return Scores(sentiment, moods, risks, [label for label, probability in risks.items() if probability >= 0.5])


@dataclass
class OneWordScorer:
    """Finds one word, and keeps what it was asked."""

    word: str
    asked: list[str] = field(default_factory=list)

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        self.asked += texts
        return [scores(0.9 if self.word in text else 0.1) for text in texts]


def undone(normal: str) -> str | None:
    return normal.replace("1", "i") if "1" in normal else None


def test_a_text_is_scored_as_it_stands_and_as_it_is_meant() -> None:
    scorer = OneWordScorer("idiot")
    classifier = Classifier("r", {"en": scorer}, 8, undone=undone)
    plain, disguised, clean = classifier.score(["an idiot", "an id1ot", "a friend"])
    assert plain is not None
    assert disguised is not None
    assert clean is not None
    assert (plain.flagged, disguised.flagged, clean.flagged) == (["abuse"], ["abuse"], [])
    assert scorer.asked == ["an idiot", "an id1ot", "an idiot", "a friend"]


def test_both_readings_are_remembered_together() -> None:
    scorer = OneWordScorer("idiot")
    classifier = Classifier("r", {"en": scorer}, 8, undone=undone)
    assert classifier.score(["an id1ot"]) == classifier.score(["an id1ot"])
    assert len(scorer.asked) == 2


def test_a_reading_may_be_of_another_language_than_its_text() -> None:
    english, chinese = OneWordScorer("never"), OneWordScorer("死")
    classifier = Classifier("r", {"zh": chinese, "en": english}, 0, undone=lambda normal: "去死")
    (found,) = classifier.score(["qs"])
    assert found is not None
    assert found.flagged == ["abuse"]
    assert (english.asked, chinese.asked) == (["qs"], ["去死"])


def test_of_two_readings_the_higher_risk_and_the_surer_sentiment_count() -> None:
    sure = {"negative": 0.8, "neutral": 0.1, "positive": 0.1}
    together = worse_of(scores(0.1, 0.7), scores(0.9, 0.2, sure))
    assert together == Scores("negative", sure, {"abuse": 0.9, "fraud_spam": 0.7}, ["abuse", "fraud_spam"])


def test_a_reading_that_cannot_be_scored_leaves_the_other() -> None:
    assert worse_of(None, scores(0.9)) == worse_of(scores(0.9), None) == scores(0.9)
    assert worse_of(None, None) is None


@pytest.mark.parametrize(
    ("plain", "disguised"),
    [
        ("you are a stupid bitch", "y0u are a stup1d b!tch"),
        ("fuck off you piece of shit", "f.u.c.k off you piece of sh!t"),
        ("主播是个傻逼", "主播是个sb"),
        ("加微信私下转账便宜", "➕薇❤私下转账便宜"),
    ],
)
def test_the_bundled_model_finds_what_is_disguised(plain: str, disguised: str) -> None:
    of_plain, of_disguised = load_classifier().score([plain, disguised])
    assert of_plain is not None
    assert of_disguised is not None
    assert of_plain.flagged
    assert set(of_plain.flagged) <= set(of_disguised.flagged)
