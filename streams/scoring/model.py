"""The model as the worker and the command line want it: the one refuses to run without, the other degrades."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from models.runtime import GuardedClassifier, GuardLimits, ModelRefused, load_classifier
from streams.errors import UsageError
from streams.scoring.stage import Classifier

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A guarded model and the revision that its scored texts name."""

    classifier: Classifier
    revision: str


def serve(folder: str | None) -> ServedModel | None:
    """The model behind its guard (timeouts, breaker); None, with one line that says why, where it cannot be loaded."""
    try:
        classifier = load_classifier(_path(folder))
    except ModelRefused as refusal:
        log.warning("%s; texts stay unscored, rules go on", refusal)
        return None
    return ServedModel(GuardedClassifier(classifier, GuardLimits(), time.monotonic), classifier.revision)


def require_classifier(folder: str | None = None) -> Classifier:
    """The model without a guard. Raises UsageError where it cannot be loaded."""
    try:
        return load_classifier(_path(folder))
    except ModelRefused as refusal:
        raise UsageError(str(refusal)) from None


def _path(folder: str | None) -> Path | None:
    return None if folder is None else Path(folder)
