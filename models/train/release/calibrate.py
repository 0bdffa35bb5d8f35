"""From logits of texts that no training saw: temperature, Platt scaling, and the thresholds that flag a risk.

Calibrated are the logits of the int8 graph, as served. Sources weigh alike, so that the largest does not decide alone.

An operating point's threshold is the least at which a risk's flags have the point's precision on texts of the written
corpus by authors whom the model does not know, and ``PUBLIC_PRECISION`` on the public sets; where none has it and finds
``LEAST_RECALL`` of the true texts, the most precise that does. Then, while innocent texts
of a source raise alarms more often than the source's limit, a threshold is raised above some of them: the one that
loses the least of its risk's true texts for each.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.labels import LANGUAGES, RISKS, SENTIMENTS
from models.operating_points import BALANCED, FEW, PRECISION, CurvePoint, curve, least_threshold, most_precise_threshold
from models.runtime.manifest import Platt
from models.train.data.sources import SOURCES, WRITTEN, Example
from models.train.data.weak_negatives import WEAK_WEIGHT
from models.train.release.goals import GOALS

PUBLIC_PRECISION = {"precise": 0.85, BALANCED: 0.7, "sensitive": 0.5}
LIMIT_TIMES = {"precise": 0.5, BALANCED: 1.0, "sensitive": 3.0}
"""Of a source's limit, how many false alarms a point may raise."""
COMMENT_LIMIT = 0.005
"""Of comments without any risk as far as is known, the most that may be flagged for a risk that nobody looked for."""
LEAST_RECALL = 0.15
"""A precision that so few of the true texts reach is given up for the best that so many reach."""
LEAST_THRESHOLDS = {"zh": {"abuse": 0.72}}
"""Of the balanced and the precise point, where no labelled set says what reading did: of 8,614 comments of thirty
recordings revision 2026-12-01.2 scores some 420 between 0.56, which the rule would take, and this; of seventy that
were read one in five at most is abuse."""
MIN_TEXTS_OF_A_CLASS = 15
MIN_CALM_TEXTS = 80
THRESHOLD_RULE = (
    f"least probability with precision of {PRECISION[BALANCED]} or more on texts of authors whom the model does not "
    f"know (the corpus written for it) and of {PUBLIC_PRECISION[BALANCED]} on the public sets' calibration part, "
    "or the most precise one that finds 15 % where none is so precise, raised until at most 2 % of the neutral and "
    "positive texts of any source that carry no risk are flagged for any "
    "(4 % of the written corpus, 4 % of posts on an epidemic, 6 % of reviews and of tweets to airlines), and at most "
    "0.5 % of the comments of sets that were labelled for one risk for any other one; Chinese abuse from 0.72 on"
)

TEMPERATURES = tuple(step / 50 for step in range(20, 201))
GOAL_WEIGHT = 4.0
GOAL_SOURCES = frozenset(goal.source for goal in GOALS)
HEAVY_SOURCES = GOAL_SOURCES | {f"{WRITTEN}_{language}" for language in LANGUAGES}

Floats = npt.NDArray[np.float64]
NEUTRAL, NEGATIVE = SENTIMENTS.index("neutral"), SENTIMENTS.index("negative")


def for_calibration(example: Example) -> bool:
    """Whether an unseen text serves to calibrate; the others serve for figures.

    All that is written serves to calibrate: other authors judge.
    """
    half = blake2b(example.text.encode(), digest_size=4, person=b"calibration").digest()[0] % 2 == 0
    return half or _is_written(example)


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
    weights = _source_weights(of_known, heavy=GOAL_SOURCES)
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


def choose_points(probability: Floats, examples: Sequence[Example], language: str) -> dict[str, dict[str, float]]:
    """The thresholds of every operating point."""
    points = {}
    for point, precision in PRECISION.items():
        least = LEAST_THRESHOLDS.get(language, {}) if precision >= PRECISION[BALANCED] else {}
        chosen = choose_thresholds(probability, examples, point)
        points[point] = {label: max(threshold, least.get(label, 0.0)) for label, threshold in chosen.items()}
    return points


def choose_thresholds(probability: Floats, examples: Sequence[Example], point: str = BALANCED) -> dict[str, float]:
    """The threshold of each risk by the rule above."""
    thresholds = np.array(
        [_precise_threshold(probability[:, column], examples, label, point) for column, label in enumerate(RISKS)]
    )
    calm = _calm_groups(probability, examples)
    of_true = [
        probability[[i for i, e in enumerate(examples) if e.risks.get(label, (0.0, 0.0))[0] == 1], column]
        for column, label in enumerate(RISKS)
    ]
    while True:
        rates = [float((group.probability >= thresholds).any(axis=1).mean()) for group in calm]
        excess = [rate / (LIMIT_TIMES[point] * group.limit) for rate, group in zip(rates, calm, strict=True)]
        worst = int(np.argmax(excess)) if calm else -1
        if worst < 0 or excess[worst] <= 1:
            break
        group = calm[worst]
        too_many = math.ceil((rates[worst] - LIMIT_TIMES[point] * group.limit) * len(group.probability))
        cheapest, raised = _cheapest_raise(group.probability, thresholds, of_true, too_many)
        thresholds[cheapest] = raised
    return {label: round(min(float(t), 0.9999), 4) for label, t in zip(RISKS, thresholds, strict=True)}


def _cheapest_raise(
    innocent: Floats, thresholds: Floats, of_true: Sequence[Floats], too_many: int
) -> tuple[int, float]:
    """The (risk, threshold) that loses the fewest true texts for every innocent text that goes unflagged by it.

    ``innocent`` (texts, risks) and ``of_true``, by risk, are probabilities. A raise may go past several innocent texts,
    ``too_many`` of them at most: the first may be dear and those above it cheap.
    """
    flags = innocent >= thresholds
    alone = flags.sum(axis=1) == 1
    raises = []
    for column, true in enumerate(of_true):
        wrong = np.sort(innocent[flags[:, column] & (alone if alone.any() else True), column])
        found = np.sort(true[true >= thresholds[column]])
        for unflagged, probability in enumerate(wrong[:too_many], 1):
            raised = float(probability) + 1e-4
            lost = np.searchsorted(found, raised) / max(1, len(true))
            raises.append((lost / unflagged, column, raised))
    _, column, raised = min(raises)
    return column, raised


def curves_of(probability: Floats, examples: Sequence[Example]) -> dict[str, tuple[CurvePoint, ...]]:
    """Each risk's curve on the written corpus, for as many risks as there are texts of both classes for."""
    found = {}
    for column, label in enumerate(RISKS):
        rows = [i for i, example in enumerate(examples) if label in example.risks and _is_written(example)]
        points = curve(_truth(examples, rows, label), probability[rows, column]) if rows else ()
        if points:
            found[label] = points
    return found


def _precise_threshold(probability: Floats, examples: Sequence[Example], label: str, point: str) -> float:
    """0.5 where too few texts are known to say more."""
    known = [index for index, example in enumerate(examples) if label in example.risks]
    found = []
    for written, least in ((True, PRECISION[point]), (False, PUBLIC_PRECISION[point])):
        rows = [index for index in known if _is_written(examples[index]) == written]
        truth = _truth(examples, rows, label)
        if min(np.sum(truth), np.sum(~truth)) >= FEW:
            weights = _source_weights([examples[i] for i in rows])
            threshold = least_threshold(truth, probability[rows], least, weights)
            if np.mean(probability[rows][truth] >= threshold) < LEAST_RECALL:
                threshold = most_precise_threshold(truth, probability[rows], LEAST_RECALL, weights)
            found.append(threshold)
    return max(found, default=0.5)


def _is_written(example: Example) -> bool:
    return example.source.startswith(WRITTEN)


def _truth(examples: Sequence[Example], rows: Sequence[int], label: str) -> npt.NDArray[np.bool_]:
    return np.array([examples[i].risks[label][0] == 1 for i in rows], dtype=bool)


class _Calm(NamedTuple):
    """Innocent texts of a source: their probabilities (texts, risks), and how many of them may be flagged."""

    probability: Floats
    limit: float


def _calm_groups(probability: Floats, examples: Sequence[Example]) -> list[_Calm]:
    """By source, of sources with enough of them.

    News of a crisis is one in any mood: its flag counts only where a text is known to tell of none. A comment's own
    labelled risk does not count, whose precision does.
    """
    posts: dict[str, list[int]] = {}
    comments: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        if example.source in SOURCES and not any(target == 1 for target, _ in example.risks.values()):
            if _is_written(example) or example.sentiment not in (None, NEGATIVE):
                posts.setdefault(example.source, []).append(index)
            elif example.sentiment is None and len(example.risks) == len(RISKS):
                comments.setdefault(example.source, []).append(index)
    groups = []
    for source, rows in posts.items():
        if len(rows) >= MIN_CALM_TEXTS:
            counted = np.array([[label != "crisis" or label in examples[i].risks for label in RISKS] for i in rows])
            groups.append(_Calm(np.where(counted, probability[rows], 0.0), SOURCES[source].false_alarm_limit))
    for rows in comments.values():
        if len(rows) >= MIN_CALM_TEXTS:
            doubtful = np.array([[examples[i].risks[label][1] <= WEAK_WEIGHT for label in RISKS] for i in rows])
            groups.append(_Calm(np.where(doubtful, probability[rows], 0.0), COMMENT_LIMIT))
    return groups


def _class_weights(examples: Sequence[Example]) -> Floats:
    """Each sentiment of a source as heavy as the others."""
    sizes = Counter((example.source, example.sentiment) for example in examples)
    sources = Counter(example.source for example in examples)
    return np.array([sources[e.source] / sizes[e.source, e.sentiment] for e in examples])


def _source_weights(examples: Sequence[Example], heavy: AbstractSet[str] = HEAVY_SOURCES) -> Floats:
    """Each source as heavy as the square root of its size, the heavy ones more.

    Of a sentiment's bias the written corpus has no such say: its moods are quotas, those of the goals are people's.
    """
    sizes = Counter(example.source for example in examples)
    return np.array([sizes[e.source] ** -0.5 * (GOAL_WEIGHT if e.source in heavy else 1.0) for e in examples])
