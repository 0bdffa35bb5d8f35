"""Calibration and thresholds on logits whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.labels import OUTPUTS, RISKS
from models.measures import expected_calibration_error
from models.runtime.manifest import Platt
from models.train.data.sources import SOURCES, Example
from models.train.release.calibrate import (
    LEAST_THRESHOLDS,
    MIN_CALM_TEXTS,
    choose_points,
    choose_thresholds,
    curves_of,
    fit_platt,
    fit_sentiment,
    for_calibration,
)


def test_platt_scaling_finds_the_scale_of_overconfident_logits() -> None:
    draw = np.random.default_rng(1)
    honest = draw.normal(0, 2, 4_000)
    truth = (draw.random(4_000) < 1 / (1 + np.exp(-honest))).astype(float)
    scale = fit_platt(3 * honest + 1, truth, np.ones(4_000))
    assert scale.slope == pytest.approx(1 / 3, abs=0.03)
    calibrated = 1 / (1 + np.exp(-(scale.slope * (3 * honest + 1) + scale.offset)))
    assert expected_calibration_error(truth == 1, calibrated) < 0.03


def test_platt_scaling_leaves_alone_what_has_one_side_only() -> None:
    assert fit_platt(np.ones(50), np.ones(50), np.ones(50)) == Platt(1.0, 0.0)


def test_temperature_softens_overconfident_sentiment() -> None:
    draw = np.random.default_rng(2)
    said = draw.integers(0, 3, 3_000)
    logits = np.zeros((3_000, OUTPUTS))
    logits[np.arange(3_000), said] = 4.0
    meant = np.where(draw.random(3_000) < 0.6, said, (said + draw.integers(1, 3, 3_000)) % 3)
    bias, temperature = fit_sentiment(logits, [Example(str(n), "x", sentiment=int(m)) for n, m in enumerate(meant)])
    assert np.abs(bias).max() < 0.1
    assert np.exp(4 / temperature) / (np.exp(4 / temperature) + 2) == pytest.approx(0.6, abs=0.03)


def test_bias_evens_out_the_recalls_of_a_lopsided_head() -> None:
    draw = np.random.default_rng(4)
    meant = draw.choice(3, 3_000, p=[0.2, 0.6, 0.2])
    logits = np.zeros((3_000, OUTPUTS))
    logits[:, :3] = draw.normal(0, 1, (3_000, 3)) + 2 * np.eye(3)[meant] + np.array([0.0, 1.5, 0.0])
    bias, _ = fit_sentiment(logits, [Example(str(n), "x", sentiment=int(m)) for n, m in enumerate(meant)])
    assert bias[1] == pytest.approx(-1.0, abs=0.2)
    predicted = (logits[:, :3] + bias).argmax(axis=1)
    recalls = [np.mean(predicted[meant == mood] == mood) for mood in range(3)]
    assert max(recalls) - min(recalls) < 0.06


def test_thresholds_keep_calm_posts_below_the_limit() -> None:
    draw = np.random.default_rng(3)
    calm = [Example(str(n), "smp2020_usual_zh", sentiment=2, risks={"crisis": (0.0, 0.35)}) for n in range(1_000)]
    probability = np.zeros((1_000, len(RISKS)))
    probability[:, RISKS.index("abuse")] = draw.random(1_000)
    probability[:, RISKS.index("crisis")] = draw.random(1_000) * 0.9
    thresholds = choose_thresholds(probability, calm)
    limits = np.array([thresholds[label] for label in RISKS])
    assert (probability >= limits).any(axis=1).mean() <= SOURCES["smp2020_usual_zh"].false_alarm_limit


@pytest.mark.parametrize(("source", "precision"), [("cold_zh", 0.7), ("written_zh", 0.85)])
def test_a_threshold_is_no_higher_than_precision_asks(source: str, precision: float) -> None:
    few = MIN_CALM_TEXTS - 1  # so that false alarms among innocent texts have no say
    examples = [abuse(n, source, n >= few) for n in range(2 * few)]
    probability = ranked(2 * few)
    limit = choose_thresholds(probability, examples)["abuse"]
    flags = probability[:, RISKS.index("abuse")]
    assert np.mean(np.flatnonzero(flags >= limit) >= few) >= precision
    assert np.mean(np.flatnonzero(flags >= limit - 0.02) >= few) < precision


def test_the_written_corpus_asks_for_more_than_the_public_sets() -> None:
    examples = [abuse(n, source, n >= 100) for source in ("cold_zh", "written_zh") for n in range(200)]
    both = np.concatenate([ranked(200), ranked(200)])
    assert choose_thresholds(both, examples) == choose_thresholds(ranked(200), examples[200:])


def test_a_risk_of_a_friendly_text_is_no_false_alarm() -> None:
    """Friendly texts that carry a risk are no reason to raise its threshold; innocent ones are."""
    diversion = RISKS.index("diversion")
    friendly = [
        Example(str(n), "written_zh", sentiment=2, risks={"diversion": (float(n < 100), 1.0)}) for n in range(300)
    ]
    probability = np.zeros((300, len(RISKS)))
    probability[:100, diversion] = 0.8
    assert choose_thresholds(probability, friendly)["diversion"] < 0.8
    innocent = [replace(example, risks={}) for example in friendly]
    assert choose_thresholds(probability, innocent)["diversion"] > 0.8


def test_a_crisis_in_neutral_news_is_no_false_alarm_unless_none_is_told_of() -> None:
    probability = np.zeros((300, len(RISKS)))
    probability[:100, RISKS.index("crisis")] = 0.8
    news = [Example(str(n), "nlpcc2013_weibo_zh", sentiment=1) for n in range(300)]
    assert choose_thresholds(probability, news)["crisis"] < 0.8
    calm = [replace(example, risks={"crisis": (0.0, 0.35)}) for example in news]
    assert choose_thresholds(probability, calm)["crisis"] > 0.8


def test_points_differ_in_what_they_ask() -> None:
    examples = [abuse(n, "written_zh", n >= 100) for n in range(200)]
    points = choose_points(ranked(200), examples, "en")
    assert points["precise"]["abuse"] > points["balanced"]["abuse"] > points["sensitive"]["abuse"]


def test_chinese_abuse_is_flagged_from_where_reading_found_it() -> None:
    examples = [abuse(n, "written_zh", n >= 40) for n in range(200)]
    free, held = (choose_points(ranked(200), examples, language) for language in ("en", "zh"))
    assert free["balanced"]["abuse"] < LEAST_THRESHOLDS["zh"]["abuse"] == held["balanced"]["abuse"]
    assert held["sensitive"] == free["sensitive"]


def test_curves_are_of_the_written_corpus() -> None:
    examples = [abuse(n, source, n >= 100) for source in ("cold_zh", "written_zh") for n in range(200)]
    curves = curves_of(np.concatenate([1 - ranked(200), ranked(200)]), examples)
    assert set(curves) == {"abuse"}
    assert curves["abuse"][-1].precision == 1.0


def test_comments_are_rarely_flagged_for_what_nobody_looked_for() -> None:
    """A set of comments that was labelled for abuse: what else is flagged in the innocent ones is held to one in 200,
    and its abuse is left to its own precision."""
    weak = dict.fromkeys(RISKS, (0.0, 0.35))
    comments = [Example(str(n), "chnci_zh", risks=weak | {"abuse": (0.0, 0.7)}) for n in range(1_000)]
    probability = np.full((1_000, len(RISKS)), 0.01)
    probability[:100, RISKS.index("violence")] = np.linspace(0.6, 0.7, 100)
    probability[200:300, RISKS.index("abuse")] = 0.9
    thresholds = choose_thresholds(probability, comments)
    assert (probability[:, RISKS.index("violence")] >= thresholds["violence"]).sum() == 5
    assert thresholds["abuse"] <= 0.9
    guessed = [replace(comment, risks={"abuse": (0.0, 0.7)}) for comment in comments]
    assert choose_thresholds(probability, guessed)["violence"] == 0.5, "of the other risks nothing is known"


def test_written_texts_choose_thresholds_and_give_no_figures() -> None:
    written = [for_calibration(Example(str(n), "written_zh")) for n in range(40)]
    public = [for_calibration(Example(str(n), "cold_zh")) for n in range(40)]
    assert all(written)
    assert 10 < sum(public) < 30


def abuse(number: int, source: str, carries: bool) -> Example:
    return Example(f"{source} {number}", source, sentiment=0, risks={"abuse": (float(carries), 1.0)})


def ranked(count: int) -> np.ndarray:
    """Probabilities of abuse that rise from text to text; nothing else is likely."""
    probability = np.zeros((count, len(RISKS)))
    probability[:, RISKS.index("abuse")] = np.linspace(0.01, 0.99, count)
    return probability
