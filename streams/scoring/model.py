"""The model as the worker and the command line want it: the one refuses to run without, the other degrades."""

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
    load_model,
)
from streams.errors import UsageError
from streams.scoring import judge as stage
from streams.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A guarded model and the revision that its scored texts name."""

    classifier: stage.Classifier
    revision: str


def serve(settings: Settings) -> ServedModel | None:
    """The model behind its guard (timeouts, breaker); None, with one line that says why, where it cannot be loaded.

    Raises UsageError where the core that it is to be pinned to is not there.
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
    """The configured model without a guard, the bundled one without settings.

    Raises UsageError where it cannot be loaded.
    """
    name, labels = (settings.model, settings.model_labels) if settings else (None, None)
    try:
        return load_model(name, labels, remembered_texts)
    except ModelRefused as refusal:
        raise UsageError(str(refusal)) from None
