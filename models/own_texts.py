"""What a model's thresholds give on a team's own labelled texts, and the thresholds that suit them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models.evaluate import LabelledText
from models.labels import LANGUAGES, RISKS
from models.normalise import model_text
from models.operating_points import FEW, THRESHOLDS, CurvePoint, curve, least_threshold
from models.runtime.classifier import Classifier, Served, script


class RiskTexts(msgspec.Struct, frozen=True):
    """The texts of a language whose label for a risk is known, with what the model says of them."""

    language: str
    risk: str
    truth: npt.NDArray[np.bool_]
    probability: npt.NDArray[np.float64]

    @property
    def too_few(self) -> bool:
        """Whether there are not FEW texts with the risk, and FEW without it."""
        carrying = int(self.truth.sum())
        return min(carrying, len(self.truth) - carrying) < FEW

    def curve(self) -> tuple[CurvePoint, ...]:
        """Precision and recall along the thresholds; empty where one class is missing."""
        return curve(self.truth, self.probability)

    def at(self, threshold: float) -> dict[str, Any]:
        """What flagging from this threshold on gives; precision is None where nothing is flagged."""
        flagged = self.probability >= threshold
        right = int((flagged & self.truth).sum())
        return {
            "precision": round(right / int(flagged.sum()), 4) if flagged.any() else None,
            "recall": round(right / int(self.truth.sum()), 4) if self.truth.any() else None,
        }

    def threshold_for(self, precision: float) -> float | None:
        """The least threshold with this precision; None where there are too few texts, or no flag is so precise."""
        if self.too_few:
            return None
        found = least_threshold(self.truth, self.probability, precision)
        return found if found in THRESHOLDS and (self.probability >= found).any() else None


def by_language_and_risk(texts: Sequence[LabelledText], classifier: Classifier[Served]) -> Iterator[RiskTexts]:
    """The risks that the texts have labels for, of the languages that they are in. Blocks until all are scored."""
    scored = list(zip(texts, classifier.score([text.text for text in texts]), strict=True))
    for language in LANGUAGES:
        of_language = [
            (text, said) for text, said in scored if said is not None and script(model_text(text.text)) == language
        ]
        for risk in RISKS:
            known = [
                (bool(text.risks[risk]), said.risks[risk])
                for text, said in of_language
                if risk in text.risks and risk in said.risks
            ]
            if known:
                truth, probability = zip(*known, strict=True)
                yield RiskTexts(language, risk, np.array(truth), np.array(probability))
