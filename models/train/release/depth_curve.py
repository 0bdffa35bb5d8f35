"""What each depth and number format gives, on the texts of the goals: the curve on which the shipped point lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.evaluate import LabelledText, evaluate_texts
from models.runtime.cascade import Calibration, ExitRule
from models.runtime.classifier import to_scores
from models.runtime.manifest import LanguageModel, Stage
from models.runtime.scorer import Scores
from models.train.release.goals import GOALS, goal_figures

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """One way to serve a language: the goals' figures by name, and the mean share of the layers that a text runs."""

    name: str
    layers: float
    figures: dict[str, float]


class Recorded:
    """A scorer that knows its texts' probabilities already."""

    def __init__(self, texts: Sequence[LabelledText], probabilities: Floats, thresholds: Mapping[str, float]) -> None:
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
    stages: Mapping[int, Stage],
    served: Sequence[int],
    formats: Mapping[str, Mapping[int, Floats]],
) -> list[Point]:
    """The points of one language: each depth alone, and the exits as shipped, in each number format.

    ``stages`` are the calibrated stages by depth, of which those at the depths ``served`` are shipped; ``formats`` has
    the texts' logits by the format's name and depth.
    """
    points: list[Point] = []
    whole = max(stages)
    for name, logits in formats.items():
        probabilities = {depth: Calibration(stages[depth]).probabilities(rows) for depth, rows in logits.items()}
        for depth, alone in probabilities.items():
            layers = f"{depth} layer{'s' * (depth > 1)}"
            points.append(_point(f"{layers}, {name}", texts, alone, model, depth / whole))
        if len(served) > 1:
            mixed, depths = _with_exits([probabilities[depth] for depth in served], model, served)
            points.append(_point(f"as shipped, {name}", texts, mixed, model, depths / whole))
    return points


def _point(
    name: str, texts: Sequence[LabelledText], probabilities: Floats, model: LanguageModel, layers: float
) -> Point:
    return Point(name, layers, goal_figures(evaluate_texts(texts, Recorded(texts, probabilities, model.thresholds))))


def _with_exits(by_stage: Sequence[Floats], model: LanguageModel, depths: Sequence[int]) -> tuple[Floats, float]:
    """Each text's probabilities where it leaves, and the mean depth at which the texts leave."""
    served, left = by_stage[-1].copy(), np.full(len(by_stage[-1]), float(depths[-1]))
    for stage, probabilities, depth in reversed(list(zip(model.stages, by_stage, depths, strict=True))):
        if stage.exit is not None:
            leaving = ExitRule(stage.exit).leaving(probabilities)
            served[leaving], left[leaving] = probabilities[leaving], depth
    return served, float(left.mean())
