"""Serving: the only place that imports onnxruntime and transformers. Nothing here needs torch or a network."""

from models.runtime.breaker import BreakerLimits, CircuitBreakerClassifier
from models.runtime.classifier import REMEMBERED_TEXTS, Classifier, load_classifier
from models.runtime.correction import CorrectionRefused
from models.runtime.flagging import Flagging, FlaggingRefused, read_flagging
from models.runtime.load import load_model
from models.runtime.manifest import ModelRefused
from models.runtime.scorer import Scorer, Scores

__all__ = [
    "REMEMBERED_TEXTS",
    "BreakerLimits",
    "CircuitBreakerClassifier",
    "Classifier",
    "CorrectionRefused",
    "Flagging",
    "FlaggingRefused",
    "ModelRefused",
    "Scorer",
    "Scores",
    "load_classifier",
    "load_model",
    "read_flagging",
]
