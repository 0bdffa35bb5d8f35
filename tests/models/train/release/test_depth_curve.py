"""The curve of depths: figures of each stage, and of the texts where they leave."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from models.evaluate import LabelledText
from models.labels import OUTPUTS, RISKS, SENTIMENTS
from models.runtime.manifest import Exit, LanguageModel, Platt, Stage
from models.train.data.corpus import prepare
from models.train.data.sources import Example
from models.train.release.depth_curve import goal_texts, measure_points
from models.train.release.goals import GOALS, figures_of, goal_figures

WEIBO = "smp2020_usual_zh"


def stage(rule: Exit | None) -> Stage:
    return Stage("stage.onnx", 1.0, dict.fromkeys(RISKS, Platt(1.0, -9.0)), exit=rule)


def test_texts_that_are_clear_early_keep_the_first_stages_answer_and_the_others_the_lasts() -> None:
    texts = [LabelledText(str(n), WEIBO, SENTIMENTS[n % 3]) for n in range(6)]
    right = np.eye(3)[[n % 3 for n in range(6)]]
    early, late = np.zeros((6, OUTPUTS)), np.zeros((6, OUTPUTS))
    early[:, :3] = right * 9  # sure of all, and right
    early[3:, :3] = np.roll(right[3:], 1, axis=1)  # unsure of the second half, and wrong
    late[:, :3] = right * 9
    late[:3, :3] = np.roll(right[:3], 1, axis=1)
    rule = Exit(0.9, dict.fromkeys(RISKS, (0.4, 0.6)))
    model = LanguageModel("zh", 256, "tiny", (stage(rule), stage(None)), dict.fromkeys(RISKS, 0.5))
    stages = {1: stage(None), 2: stage(rule), 4: stage(None)}
    logits = {1: early, 2: early, 4: late}
    points = {p.name: p for p in measure_points(texts, model, stages, (2, 4), {"int8": logits, "fp32": logits})}
    recalls = {name: point.figures["Weibo (SMP 2020 usual)"] for name, point in points.items()}
    assert recalls == {
        f"{name}, {number_format}": recall
        for number_format in ("int8", "fp32")
        for name, recall in {"1 layer": 0.5, "2 layers": 0.5, "4 layers": 0.5, "as shipped": 1.0}.items()
    }
    assert points["as shipped, int8"].layers == pytest.approx(0.75)
    assert points["2 layers, int8"].layers == 0.5


def test_figures_of_logits_are_those_of_the_goals() -> None:
    texts = [Example(str(n), WEIBO, sentiment=n % 3) for n in range(6)]
    logits = np.zeros((6, OUTPUTS), dtype=np.float32)
    logits[np.arange(6), [0, 1, 2, 0, 1, 1]] = 5
    corpus = prepare(Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]")), texts)
    assert figures_of(corpus, logits) == {"Weibo (SMP 2020 usual)": pytest.approx(5 / 6)}


def test_only_the_goals_texts_are_measured() -> None:
    texts = [LabelledText("a", WEIBO), LabelledText("b", "elsewhere")]
    assert [text.text for text in goal_texts(texts)] == ["a"]


def test_goals_take_the_measure_of_their_row() -> None:
    rows = [{"source": goal.source, "label": goal.label, goal.measure: 0.5} for goal in GOALS[:2]]
    assert goal_figures([*rows, {"texts_per_second": 9.0}]) == {goal.name: 0.5 for goal in GOALS[:2]}
