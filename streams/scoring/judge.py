"""Sentiment, risks and findings of texts: what the worker and `pulsewatch score` have in common.

Rules and model do not know of each other. A model that is not there, or does not answer, leaves a text unscored, and
the rules go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from streams.compliance.personal_data import mask, masked_findings
from streams.compliance.rulebook import Rulebook
from streams.events.schema import Finding, Platform, TextKind

Sentiment = Literal["negative", "neutral", "positive"]


class Scores(Protocol):
    """What a model says of one text."""

    @property
    def sentiment(self) -> str: ...
    @property
    def sentiment_scores(self) -> Mapping[str, float]: ...
    @property
    def risks(self) -> Mapping[str, float]: ...
    @property
    def flagged(self) -> Sequence[str]: ...


class Classifier(Protocol):
    """A model: blocks, one result a text in order, None where it cannot say; does not raise for a text's content."""

    def score(self, texts: Sequence[str]) -> Sequence[Scores | None]: ...


@dataclass(frozen=True, slots=True)
class Text:
    """What is judged. `platform` narrows the rules that hold where it is known."""

    text: str
    kind: TextKind
    platform: Platform | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What model and rules say of a text; `scores` is None where the model did not answer. Personal data is masked in
    what matched."""

    scores: Scores | None
    findings: list[Finding]


def score_texts(texts: Sequence[Text], rulebook: Rulebook, classifier: Classifier | None) -> list[Judgement]:
    """One judgement a text, in order. Blocks for as long as model and rules take."""
    return [
        Judgement(scores, _checked(text, rulebook))
        for text, scores in zip(texts, model_scores([text.text for text in texts], classifier), strict=True)
    ]


def _checked(text: Text, rulebook: Rulebook) -> list[Finding]:
    findings = rulebook.check(text.text, text.kind, platform=text.platform)
    return masked_findings(mask(text.text), findings) if findings else []


def model_scores(texts: Sequence[str], classifier: Classifier | None) -> Sequence[Scores | None]:
    """The model's part alone."""
    return [None] * len(texts) if classifier is None else classifier.score(texts)
