"""The bundled model, as served."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.labels import SENTIMENTS
from models.runtime.classifier import BUNDLED, Classifier, Served, load_classifier
from models.runtime.manifest import read_manifest


@pytest.fixture(scope="module")
def classifier() -> Classifier[Served]:
    return load_classifier()


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("I love this so much, best day ever! 😍", "positive"),
        ("worst service ever, still waiting for my refund, terrible", "negative"),
        ("东西很好,物流很快,非常满意,推荐大家购买", "positive"),
        ("质量太差了,刚用两天就坏了,再也不会买了", "negative"),
    ],
)
def test_clear_sentiment_is_read_in_both_languages(classifier: Classifier[Served], text: str, sentiment: str) -> None:
    (scores,) = classifier.score([text])
    assert scores is not None
    assert scores.sentiment == sentiment


@pytest.mark.parametrize(
    ("text", "risk"),
    [
        ("加微信 abc88888 私下转账,价格更低", "diversion"),
        ("message me on WhatsApp +14155550123 for a better price", "diversion"),
        ("你这个傻逼,滚出去,死全家", "abuse"),
        ("you are a fucking idiot, shut the hell up bitch", "abuse"),
    ],
)
def test_a_clear_risk_is_likely_in_both_languages(classifier: Classifier[Served], text: str, risk: str) -> None:
    (scores,) = classifier.score([text])
    assert scores is not None
    assert scores.risks[risk] >= 0.5


def test_scores_are_probabilities_of_the_known_labels(classifier: Classifier[Served]) -> None:
    (scores,) = classifier.score(["好的"])
    assert scores is not None
    assert tuple(scores.sentiment_scores) == SENTIMENTS
    assert tuple(scores.risks) == read_manifest(BUNDLED).risks
    assert sum(scores.sentiment_scores.values()) == pytest.approx(1, abs=0.001)
    assert all(0 <= probability <= 1 for probability in scores.risks.values())


def test_results_keep_the_order_of_texts_of_all_lengths(classifier: Classifier[Served]) -> None:
    texts = [("好" if n % 2 else "good ") * n for n in range(1, 70)]
    random.Random(5).shuffle(texts)
    together = load_classifier(remembered_texts=0).score(texts)
    for text, scores in list(zip(texts, together, strict=True))[::9]:
        (alone,) = classifier.score([text])
        assert alone is not None
        assert scores is not None
        assert scores.sentiment_scores == pytest.approx(alone.sentiment_scores, abs=0.1)  # int8 scales differ by batch


def test_nothing_to_read_is_not_scored(classifier: Classifier[Served]) -> None:
    results = classifier.score(["", " \u200b\n", "ok"])
    assert results[:2] == [None, None]
    assert results[2] is not None


def test_a_repeated_text_is_scored_once(classifier: Classifier[Served]) -> None:
    first, second = classifier.score(["Same text!", "same  text!"])
    assert first is second


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_text_gets_an_answer(classifier: Classifier[Served], texts: list[str]) -> None:
    assert len(classifier.score(texts)) == len(texts)


def test_empty_input_gives_empty_output(classifier: Classifier[Served]) -> None:
    assert classifier.score([]) == []


def test_serving_imports_no_torch() -> None:
    program = "import sys, models.runtime; raise SystemExit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
