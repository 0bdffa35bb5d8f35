"""The configured model. The worker degrades if it cannot be loaded; a command refuses to run."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from typing import Any

from models.runtime import (
    REMEMBERED_TEXTS,
    BreakerLimits,
    CircuitBreakerClassifier,
    Classifier,
    ModelRefused,
    Scorer,
    load_model,
)
from streams.errors import UsageError
from streams.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model behind its circuit breaker, and the revision that its scored texts name."""

    classifier: Scorer
    revision: str


def serve(settings: Settings) -> ServedModel | None:
    """The configured model behind a circuit breaker; None, with one line in the log, if it cannot be loaded.

    Raises UsageError if the core to which it is to be pinned does not exist.
    """
    cores = os.sched_getaffinity(0)
    if settings.core is not None and settings.core not in cores:
        raise UsageError(
            f"PULSEWATCH_CORE: there is no core {settings.core}, only {', '.join(map(str, sorted(cores)))}"
        )
    try:
        classifier = load_model(settings.model, settings.model_labels)
    except ModelRefused as refusal:
        log.warning("%s; texts stay unscored, rules go on", refusal)
        return None
    guarded = CircuitBreakerClassifier(classifier, BreakerLimits(), time.monotonic, settings.core)
    return ServedModel(guarded, classifier.revision)


def require_classifier(settings: Settings | None = None, remembered_texts: int = REMEMBERED_TEXTS) -> Classifier[Any]:
    """The configured model without a circuit breaker, the bundled one without settings.

    Raises UsageError if it cannot be loaded.
    """
    name, labels = (settings.model, settings.model_labels) if settings else (None, None)
    try:
        return load_model(name, labels, remembered_texts)
    except ModelRefused as refusal:
        raise UsageError(str(refusal)) from None
