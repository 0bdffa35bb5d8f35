"""How good the served model is on files of labelled texts, as rows of figures.

Accuracy, macro-recall and macro-F1 of a risk take 0.5 of the calibrated probability as the border; its precision,
recall and F1 are those of the flags, at the thresholds that are shipped. Where a source has no neutral class, the
larger of the other two probabilities decides, and they are scaled to a sum of one.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from models.labels import RISKS, SENTIMENTS
from models.measures import (
    accuracy,
    average_precision,
    expected_calibration_error,
    f1,
    macro_f1,
    macro_recall,
    precision,
    recall,
)
from models.runtime.classifier import load_classifier
from models.runtime.scorer import Scorer, Scores

BLOCK_TEXTS = 4_096

Report = Callable[[int, int], None]
"""Called with (texts done, texts in all) before each block."""


class Unreadable(ValueError):
    """A line is not a labelled text; the message names file and line."""


class LabelledText(msgspec.Struct, frozen=True):
    """One line of an evaluation file; labels that are absent are unknown."""

    text: str
    source: str = ""
    sentiment: str | None = None
    sentiment_binary: bool = False
    risks: dict[str, int] = {}


def read_labelled(path: Path) -> Iterator[LabelledText]:
    """The texts of a JSON lines file, .gz or plain.

    Raises:
        Unreadable: a line that is not a JSON object with a text and labels as ours.
        OSError: the file cannot be read.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield _labelled(json.loads(line), path.name)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise Unreadable(f"{path}:{number}: not a labelled text ({error!r})") from error


def evaluate(
    files: Sequence[Path],
    scorer: Scorer | None = None,
    clock: Callable[[], float] = time.perf_counter,
    report: Report | None = None,
) -> list[dict[str, Any]]:
    """The rows of figures of all files together, a block a source, and ``texts_per_second`` last.

    Without a scorer the bundled model is measured, on one thread and without its memory of recent texts.
    """
    texts = [text for path in files for text in read_labelled(path)]
    return evaluate_texts(texts, scorer or load_classifier(remembered_texts=0), clock, report)


def evaluate_texts(
    texts: Sequence[LabelledText],
    scorer: Scorer,
    clock: Callable[[], float] = time.perf_counter,
    report: Report | None = None,
) -> list[dict[str, Any]]:
    """As `evaluate`, for texts in memory."""
    began = clock()
    scored: list[tuple[LabelledText, Scores]] = []
    for start in range(0, len(texts), BLOCK_TEXTS):
        if report:
            report(start, len(texts))
        block = texts[start : start + BLOCK_TEXTS]
        results = scorer.score([text.text for text in block])
        scored += [(text, scores) for text, scores in zip(block, results, strict=True) if scores is not None]
    seconds = clock() - began
    sources: dict[str, list[tuple[LabelledText, Scores]]] = {}
    for text, scores in scored:
        sources.setdefault(text.source, []).append((text, scores))
    rows = [row for source in sorted(sources) for row in _source_rows(source, sources[source])]
    return [*rows, {"texts_per_second": round(len(texts) / seconds, 1) if seconds else None}]


def _labelled(row: Mapping[str, Any], file_name: str) -> LabelledText:
    sentiment = row.get("sentiment")
    if not isinstance(row["text"], str) or sentiment not in (None, *SENTIMENTS):
        raise ValueError(f"sentiment {sentiment!r}")
    risks = {label: int(row[label]) for label in RISKS if row.get(label) is not None}
    source = str(row.get("source") or file_name)
    return LabelledText(row["text"], source, sentiment, bool(row.get("sentiment_binary")), risks)


def _source_rows(source: str, scored: Sequence[tuple[LabelledText, Scores]]) -> Iterator[dict[str, Any]]:
    judged = [(text, scores) for text, scores in scored if text.sentiment is not None]
    if judged:
        yield {"source": source, "label": "sentiment", "n": len(judged), **_sentiment_figures(judged)}
    for label in RISKS:
        known = [
            (text.risks[label], scores) for text, scores in scored if label in text.risks and label in scores.risks
        ]
        if known:
            yield {"source": source, "label": label, "n": len(known), **_risk_figures(label, known)}
    calm = [scores for text, scores in judged if text.sentiment != "negative" and not any(text.risks.values())]
    if calm:
        rate = sum(bool(scores.flagged) for scores in calm) / len(calm)
        yield {"source": source, "label": "any_risk", "n": len(calm), "false_alarm_rate": round(rate, 4)}


def _sentiment_figures(judged: Sequence[tuple[LabelledText, Scores]]) -> dict[str, float]:
    truth = np.array([SENTIMENTS.index(text.sentiment or "") for text, _ in judged])
    shares = np.array([_shares(scores, text.sentiment_binary) for text, scores in judged])
    predicted = shares.argmax(axis=1)
    return _rounded(
        accuracy=accuracy(truth, predicted),
        macro_recall=macro_recall(truth, predicted),
        macro_f1=macro_f1(truth, predicted),
        ece=expected_calibration_error(truth == predicted, shares.max(axis=1)),
    )


def _shares(scores: Scores, binary: bool) -> list[float]:
    shares = [0.0 if binary and label == "neutral" else scores.sentiment_scores[label] for label in SENTIMENTS]
    return [share / sum(shares) for share in shares]


def _risk_figures(label: str, known: Iterable[tuple[int, Scores]]) -> dict[str, float]:
    pairs = list(known)
    truth = np.array([bool(target) for target, _ in pairs])
    probability = np.array([scores.risks[label] for _, scores in pairs])
    flagged = np.array([label in scores.flagged for _, scores in pairs])
    likely = probability >= 0.5
    return _rounded(
        accuracy=accuracy(truth.astype(int), likely.astype(int)),
        macro_recall=macro_recall(truth.astype(int), likely.astype(int)),
        macro_f1=macro_f1(truth.astype(int), likely.astype(int)),
        f1=f1(truth, flagged),
        precision=precision(truth, flagged),
        recall=recall(truth, flagged),
        pr_auc=average_precision(truth, probability),
        ece=expected_calibration_error(truth, probability),
    )


def _rounded(**figures: float) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}
