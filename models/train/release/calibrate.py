"""From logits of texts that no training saw: temperature, Platt scaling, and the thresholds that flag a risk.

Calibrated are the logits of the int8 graph, as served. Sources weigh alike, so that the largest does not decide alone.

A threshold starts at 0.5 or where a risk's precision on the calibration part reaches ``MIN_PRECISION``. Then, while
ordinary posts (labelled neutral or positive) of a source raise alarms more often than the source's limit, the risk that
raises the most of them gets a higher one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from models.labels import RISKS, SENTIMENTS
from models.runtime.manifest import Platt
from models.train.data.sources import SOURCES, Example
from models.train.release.goals import GOALS

MIN_PRECISION = 0.7
MIN_TEXTS_OF_A_CLASS = 15
MIN_CALM_TEXTS = 80
THRESHOLD_RULE = (
    f"least probability from 0.5 with precision of {MIN_PRECISION} or more on the calibration part, raised until "
    "at most 2 % of its neutral and positive texts of any source are flagged for any risk (4 % of "
    "posts on an epidemic, 6 % of reviews and of tweets to airlines)"
)

TEMPERATURES = tuple(step / 50 for step in range(20, 201))
GOAL_WEIGHT = 4.0

Floats = npt.NDArray[np.float64]
NEUTRAL, NEGATIVE = SENTIMENTS.index("neutral"), SENTIMENTS.index("negative")


def for_calibration(text: str) -> bool:
    """Whether an unseen text (in model form) serves to calibrate; the others serve for figures."""
    return blake2b(text.encode(), digest_size=4, person=b"calibration").digest()[0] % 2 == 0


def fit_sentiment(logits: Floats, examples: Sequence[Example]) -> tuple[tuple[float, float, float], float]:
    """The (bias, temperature) by which sentiment logits become probabilities: softmax((logits + bias) / temperature).

    The bias makes the sentiments' recalls even: it has the least cross-entropy where each sentiment of a source weighs
    alike. The temperature then has the least cross-entropy on the texts as they come.
    """
    known = [index for index, example in enumerate(examples) if example.sentiment is not None]
    of_known = [examples[i] for i in known]
    rows = logits[known, : len(SENTIMENTS)].copy()
    rows[[example.sentiment_binary for example in of_known], NEUTRAL] = -1e4
    truth = np.array([example.sentiment for example in of_known])
    weights = _source_weights(of_known)
    balanced = weights * _class_weights(of_known)
    rough = _fit_temperature(rows, truth, balanced)
    bias = rough * _fit_bias(rows / rough, truth, balanced)
    negative, neutral, positive = (round(float(b), 3) for b in bias)
    return (negative, neutral, positive), _fit_temperature(rows + bias, truth, weights)


def _fit_temperature(rows: Floats, truth: npt.NDArray[np.int64], weights: Floats) -> float:
    costs = [_cross_entropy(rows / temperature, truth, weights) for temperature in TEMPERATURES]
    return TEMPERATURES[int(np.argmin(costs))]


def _fit_bias(rows: Floats, truth: npt.NDArray[np.int64], weights: Floats) -> Floats:
    """By Newton's method, at temperature 1; the mean is 0."""
    bias = np.zeros(len(SENTIMENTS))
    for _ in range(20):
        shares = _softmax(rows + bias)
        gradient = weights @ (shares - np.eye(len(SENTIMENTS))[truth]) / weights.sum()
        curvature = np.diag(weights @ shares) - (shares * weights[:, None]).T @ shares
        step = np.linalg.solve(curvature / weights.sum() + 1e-3 * np.eye(len(SENTIMENTS)), gradient)
        bias = bias - np.clip(step, -1, 1)
    return np.asarray(bias - bias.mean())


def _cross_entropy(rows: Floats, truth: npt.NDArray[np.int64], weights: Floats) -> float:
    return float(-np.sum(weights * np.log(np.maximum(_softmax(rows)[np.arange(len(truth)), truth], 1e-12))))


def _softmax(rows: Floats) -> Floats:
    raised = np.exp(rows - rows.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def fit_platt(logits: Floats, truth: Floats, weights: Floats) -> Platt:
    """Slope and offset by Newton's method on the weighted log loss, held near (1, 0) where there is little to fit."""
    if min(np.sum(truth == 1), np.sum(truth == 0)) < MIN_TEXTS_OF_A_CLASS:
        return Platt(1.0, 0.0)
    features = np.stack([logits, np.ones_like(logits)], axis=1)
    parameters, prior = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    scale = weights * len(weights) / weights.sum()
    for _ in range(50):
        probability = 1 / (1 + np.exp(-features @ parameters))
        gradient = features.T @ (scale * (probability - truth)) + (parameters - prior)
        curvature = (features * (scale * probability * (1 - probability))[:, None]).T @ features + np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        parameters = parameters - np.clip(step, -1, 1)
        if float(np.abs(step).max()) < 1e-6:
            break
    return Platt(round(float(max(parameters[0], 0.05)), 4), round(float(parameters[1]), 4))


def fit_risks(logits: Floats, examples: Sequence[Example]) -> dict[str, Platt]:
    """Platt scaling of each risk, over the texts where it is known or, with little weight, taken for absent."""
    scales: dict[str, Platt] = {}
    for column, label in enumerate(RISKS, len(SENTIMENTS)):
        known = [index for index, example in enumerate(examples) if label in example.risks]
        truth = np.array([examples[i].risks[label][0] for i in known])
        certainty = np.array([examples[i].risks[label][1] for i in known])
        weights = _source_weights([examples[i] for i in known]) * np.minimum(certainty, 1.0) ** 2
        scales[label] = fit_platt(logits[known, column], truth, weights)
    return scales


def choose_thresholds(probability: Floats, examples: Sequence[Example]) -> dict[str, float]:
    """The threshold of each risk by the rule above."""
    thresholds = np.array(
        [_precise_threshold(probability[:, column], examples, label) for column, label in enumerate(RISKS)]
    )
    calm = _calm_groups(examples)
    while True:
        flags = probability >= thresholds
        rates = {source: float(flags[rows].any(axis=1).mean()) for source, rows in calm.items()}
        worst = max(rates, key=lambda source: rates[source] / SOURCES[source].false_alarm_limit, default="")
        if not rates or rates[worst] <= SOURCES[worst].false_alarm_limit:
            break
        loudest = int(flags[calm[worst]].sum(axis=0).argmax())
        column = probability[calm[worst], loudest]
        thresholds[loudest] = float(column[column >= thresholds[loudest]].min()) + 1e-4
    return {label: round(min(float(t), 0.9999), 4) for label, t in zip(RISKS, thresholds, strict=True)}


def _precise_threshold(probability: Floats, examples: Sequence[Example], label: str) -> float:
    known = [index for index, example in enumerate(examples) if label in example.risks]
    truth = np.array([examples[i].risks[label][0] for i in known])
    weights = _source_weights([examples[i] for i in known])
    scores = probability[known]
    for threshold in np.arange(0.5, 0.995, 0.01):
        flagged = scores >= threshold
        total = float(weights[flagged].sum())
        if total == 0 or float(weights[flagged & (truth == 1)].sum()) / total >= MIN_PRECISION:
            return round(float(threshold), 2)
    return 0.99


def _calm_groups(examples: Sequence[Example]) -> dict[str, list[int]]:
    """Neutral and positive texts by source, of sources with enough of them."""
    groups: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        source = SOURCES.get(example.source)
        if source and example.sentiment not in (None, NEGATIVE):
            groups.setdefault(example.source, []).append(index)
    return {source: rows for source, rows in groups.items() if len(rows) >= MIN_CALM_TEXTS}


def _class_weights(examples: Sequence[Example]) -> Floats:
    """Each sentiment of a source as heavy as the others."""
    sizes = Counter((example.source, example.sentiment) for example in examples)
    sources = Counter(example.source for example in examples)
    return np.array([sources[e.source] / sizes[e.source, e.sentiment] for e in examples])


def _source_weights(examples: Sequence[Example]) -> Floats:
    """Each source as heavy as the square root of its size, those of the goals more."""
    sizes = Counter(example.source for example in examples)
    heavy = {goal.source: GOAL_WEIGHT for goal in GOALS}
    return np.array([sizes[e.source] ** -0.5 * heavy.get(e.source, 1.0) for e in examples])
