"""The figures that the model is built for, with what others published on the same tasks' test sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.labels import RISKS, SENTIMENTS
from models.measures import accuracy, macro_f1, macro_recall
from models.train.data.corpus import UNKNOWN, Corpus

NEUTRAL = SENTIMENTS.index("neutral")
LABELLED = 0.4  # a weak negative weighs less
MEASURES: Mapping[str, Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], float]] = {
    "accuracy": accuracy,
    "macro_recall": macro_recall,
    "macro_f1": macro_f1,
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of one source and label, as `models.evaluate` names them; ``least`` is from 0 to 1."""

    name: str
    source: str
    label: str
    measure: str
    least: float
    published: str = ""
    training: str = ""
    """The source of its training texts, where that has another name."""

    @property
    def taught_by(self) -> str:
        return self.training or self.source


GOALS = (
    Goal(
        "TweetEval sentiment",
        "tweeteval_sentiment_en",
        "sentiment",
        "macro_recall",
        0.725,
        "SVM 62.9, RoBERTa-base 71.3, BERTweet 73.4, TimeLMs 73.7",
        training="semeval2017_task4a_en",
    ),
    Goal(
        "TweetEval offensive",
        "tweeteval_offensive_en",
        "abuse",
        "macro_f1",
        0.83,
        "SVM 52.3, FastText 73.4, RoBERTa-base 79.5, TimeLMs 82.2",
    ),
    Goal("complaints (ACL 2019)", "complaints_acl2019_en", "complaint", "macro_f1", 0.87, "the paper 79"),
    Goal("COLD", "cold_zh", "abuse", "accuracy", 0.845, "the paper 81"),
    Goal("Weibo (SMP 2020 usual)", "smp2020_usual_zh", "sentiment", "macro_recall", 0.85),
    Goal("product reviews", "online_shopping_10_cats_zh", "sentiment", "accuracy", 0.94),
    Goal("host speech (LiveAMR)", "liveamr_violation_zh", "misleading", "macro_f1", 0.88),
)


def figures_of(corpus: Corpus, logits: npt.NDArray[np.float32]) -> dict[str, float]:
    """The goals' figures of logits (texts, OUTPUTS), by name; those that the corpus has no texts for are left out."""
    sources = list(corpus.sources)
    figures = {}
    for goal in GOALS:
        if goal.source not in sources:
            continue
        of_source = corpus.source == sources.index(goal.source)
        if goal.label == "sentiment":
            rows = np.flatnonzero(of_source & (corpus.sentiment != UNKNOWN))
            moods = logits[rows, : len(SENTIMENTS)].copy()
            moods[corpus.binary[rows], NEUTRAL] = -np.inf
            truth, predicted = corpus.sentiment[rows].astype(np.int64), moods.argmax(axis=1)
        else:
            column = RISKS.index(goal.label)
            rows = np.flatnonzero(of_source & (corpus.risk_weights[:, column] >= LABELLED))
            truth = corpus.risks[rows, column].astype(np.int64)
            predicted = (logits[rows, len(SENTIMENTS) + column] > 0).astype(np.int64)
        figures[goal.name] = MEASURES[goal.measure](truth, predicted)
    return figures


def goal_figures(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The goals' figures among rows of `models.evaluate`, by name; those that were not measured are left out."""
    found = {(row.get("source"), row.get("label")): row for row in rows}
    return {
        goal.name: found[goal.source, goal.label][goal.measure] for goal in GOALS if (goal.source, goal.label) in found
    }
