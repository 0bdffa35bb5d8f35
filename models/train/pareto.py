"""What each depth and number format gives, on the texts of the goals: the curve on which the shipped point lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.evaluate import LabelledText, evaluate_texts
from models.runtime.cascade import Calibration, ExitRule
from models.runtime.classifier import Scores, to_scores
from models.runtime.manifest import LanguageModel
from models.train.goals import GOALS, goal_figures

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """One way to serve a language: the goals' figures by name, and the mean share of the layers that a text runs."""

    name: str
    layers: float
    figures: dict[str, float]


class Recorded:
    """A scorer that knows its texts' probabilities already."""

    def __init__(self, texts: Sequence[LabelledText], probabilities: Floats, thresholds: Sequence[float]) -> None:
        self._scores = dict(zip((text.text for text in texts), to_scores(probabilities, thresholds), strict=True))

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        return [self._scores[text] for text in texts]


def goal_texts(texts: Sequence[LabelledText]) -> list[LabelledText]:
    """The texts of sources that a goal is about."""
    sources = {goal.source for goal in GOALS}
    return [text for text in texts if text.source in sources]


def measure_points(
    texts: Sequence[LabelledText],
    model: LanguageModel,
    depths: Sequence[int],
    int8: Sequence[Floats],
    fp32: Sequence[Floats],
) -> list[Point]:
    """The points of one language: each depth alone and the exits as shipped, in int8; the last two in fp32 too.

    ``depths`` are the layers up to each stage's head; ``int8`` and ``fp32`` hold, by stage, the texts' logits.
    """
    points: list[Point] = []
    for format_name, logits in (("int8", int8), ("fp32", fp32)):
        by_stage = [Calibration(stage).probabilities(rows) for stage, rows in zip(model.stages, logits, strict=True)]
        for depth, probabilities in zip(depths, by_stage, strict=True):
            if format_name == "int8" or depth == depths[-1]:
                points.append(_point(f"{depth} layers, {format_name}", texts, probabilities, model, depth / depths[-1]))
        if len(depths) > 1:
            served, layers = _with_exits(by_stage, model, depths)
            points.append(_point(f"exits, {format_name}", texts, served, model, layers / depths[-1]))
    return points


def _point(
    name: str, texts: Sequence[LabelledText], probabilities: Floats, model: LanguageModel, layers: float
) -> Point:
    thresholds = list(model.thresholds.values())
    return Point(name, layers, goal_figures(evaluate_texts(texts, Recorded(texts, probabilities, thresholds))))


def _with_exits(by_stage: Sequence[Floats], model: LanguageModel, depths: Sequence[int]) -> tuple[Floats, float]:
    """Each text's probabilities where it leaves, and the mean depth at which the texts leave."""
    served, left = by_stage[-1].copy(), np.full(len(by_stage[-1]), float(depths[-1]))
    for stage, probabilities, depth in reversed(list(zip(model.stages, by_stage, depths, strict=True))):
        if stage.exit is not None:
            leaving = ExitRule(stage.exit).leaving(probabilities)
            served[leaving], left[leaving] = probabilities[leaving], depth
    return served, float(left.mean())
