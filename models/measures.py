"""Measures of classification, on arrays: what the model card reports and thresholds are chosen by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

ECE_BINS = 15


def accuracy(truth: Integers, predicted: Integers) -> float:
    return float(np.mean(truth == predicted))


def macro_recall(truth: Integers, predicted: Integers) -> float:
    """The mean recall of the classes that occur in the truth."""
    return float(np.mean([np.mean(predicted[truth == label] == label) for label in np.unique(truth)]))


def macro_f1(truth: Integers, predicted: Integers) -> float:
    """The mean F1 of the classes that occur in the truth."""
    return float(np.mean([f1(truth == label, predicted == label) for label in np.unique(truth)]))


def precision(truth: Booleans, flagged: Booleans) -> float:
    """0 where nothing is flagged."""
    return _count(truth & flagged) / max(1, _count(flagged))


def recall(truth: Booleans, flagged: Booleans) -> float:
    """0 where nothing is true."""
    return _count(truth & flagged) / max(1, _count(truth))


def f1(truth: Booleans, flagged: Booleans) -> float:
    return 2 * _count(truth & flagged) / max(1, _count(truth) + _count(flagged))


def average_precision(truth: Booleans, scores: Floats) -> float:
    """Area under the precision-recall curve as the mean of the precisions at each step of recall; ties count as one."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    steps = np.diff(np.concatenate([[0], hits[ends]]))
    return float(np.sum(steps * hits[ends] / (ends + 1)) / max(1, int(hits[-1])))


def expected_calibration_error(correct: Booleans, confidence: Floats) -> float:
    """The mean gap between confidence and accuracy over ECE_BINS equal bins, by size (Guo et al., 2017)."""
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = [abs(float(np.sum(correct[bins == b]) - np.sum(confidence[bins == b]))) for b in np.unique(bins)]
    return sum(gaps) / len(confidence)


def _count(which: Booleans) -> int:
    return int(np.count_nonzero(which))
