"""What every model is to its callers: texts in, scores out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Scores(msgspec.Struct, frozen=True):
    """What a model says of a text; probabilities are calibrated, ``flagged`` risks reach their thresholds."""

    sentiment: str
    sentiment_scores: dict[str, float]
    risks: dict[str, float]
    flagged: list[str]


class Scorer(Protocol):
    """Blocks until all texts are scored. Not safe to share between threads.

    One result a text, in order; None for a text that cannot be scored. Raises for no text's content; where the model
    itself fails it may raise anything, and CircuitBreakerClassifier turns that into None for all.
    """

    def score(self, texts: Sequence[str]) -> Sequence[Scores | None]: ...
