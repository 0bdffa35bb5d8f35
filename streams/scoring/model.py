"""The configured model. The worker degrades if it cannot be loaded; a command refuses to run."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from models.labels import LANGUAGES
from models.runtime import (
    REMEMBERED_TEXTS,
    BreakerLimits,
    CircuitBreakerClassifier,
    Classifier,
    CorrectionRefused,
    FlaggingRefused,
    ModelRefused,
    Scorer,
    load_model,
    read_flagging,
)
from streams.errors import UsageError
from streams.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model behind its circuit breaker, and the revision that its scored texts name."""

    classifier: Scorer
    revision: str
    languages: Collection[str] | None = LANGUAGES
    """Those that it knows; None if that is not known."""


def serve(settings: Settings) -> ServedModel | None:
    """The configured model behind a circuit breaker; None, with one line in the log, if it cannot be loaded.

    Raises UsageError if the core to which it is to be pinned does not exist, or the thresholds are not the model's.
    """
    cores = os.sched_getaffinity(0)
    if settings.core is not None and settings.core not in cores:
        raise UsageError(
            f"PULSEWATCH_CORE: there is no core {settings.core}, only {', '.join(map(str, sorted(cores)))}"
        )
    try:
        flagging = read_flagging(settings.operating_point, settings.thresholds)
        classifier = load_model(
            settings.model, settings.model_labels, flagging=flagging, correction=settings.correction
        )
    except (FlaggingRefused, CorrectionRefused) as refusal:
        raise UsageError(str(refusal)) from None
    except ModelRefused as refusal:
        log.warning("%s; texts stay unscored, rules go on", refusal)
        return None
    guarded = CircuitBreakerClassifier(classifier, BreakerLimits(), time.monotonic, settings.core)
    return ServedModel(guarded, classifier.revision, classifier.languages)


def require_classifier(settings: Settings | None = None, remembered_texts: int = REMEMBERED_TEXTS) -> Classifier[Any]:
    """The configured model without a circuit breaker, the bundled one without settings.

    Raises UsageError if it cannot be loaded.
    """
    try:
        if settings is None:
            return load_model(None, remembered_texts=remembered_texts)
        flagging = read_flagging(settings.operating_point, settings.thresholds)
        return load_model(settings.model, settings.model_labels, remembered_texts, flagging, settings.correction)
    except ModelRefused as refusal:
        raise UsageError(str(refusal)) from None
