"""Texts to sentiment and risks: normalise, look up what was scored lately, batch the rest by length, calibrate.

A text goes to the encoder of its script: any Han character makes it Chinese. Micro-batches hold texts of about the same
length, because a batch costs as much as its longest text times its size; results come back in the order of the input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from models.labels import RISKS, SENTIMENTS
from models.runtime.manifest import LanguageModel, Manifest, ModelRefused, read_manifest
from models.runtime.recent import Recent
from models.runtime.session import Session
from models.runtime.tokeniser import Tokeniser, load_tokeniser
from streams.text.normalise import has_han, model_text

BUNDLED = Path(__file__).parent.parent / "bundled"
BATCH_TEXTS = 32
BATCH_TOKENS = 2_048
REMEMBERED_TEXTS = 32_768


class Scores(msgspec.Struct, frozen=True):
    """What the model says of a text; probabilities are calibrated, ``flagged`` risks reach their thresholds."""

    sentiment: str
    sentiment_scores: dict[str, float]
    risks: dict[str, float]
    flagged: list[str]


@dataclass(frozen=True, slots=True)
class Served:
    """One language's model, ready to run."""

    model: LanguageModel
    tokeniser: Tokeniser
    session: Session

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        """The scores of texts in model form, in order; None where the tokeniser fails."""
        encoded = self.tokeniser.encode(texts)
        lengths = {index: len(ids) for index, ids in enumerate(encoded) if ids is not None}
        results: list[Scores | None] = [None] * len(texts)
        for indices in micro_batches(lengths):
            logits = self.session.run([ids for i in indices if (ids := encoded[i]) is not None])
            for index, scores in zip(indices, to_scores(logits, self.model), strict=True):
                results[index] = scores
        return results


class Classifier:
    """Scores texts on its sessions' threads. Not safe to share between threads; `guard` adds limits on time."""

    def __init__(self, manifest: Manifest, served: Mapping[str, Served], remembered_texts: int) -> None:
        self.manifest = manifest
        self._served = served
        self._recent: Recent[Scores] = Recent(remembered_texts)

    @property
    def revision(self) -> str:
        """Names the model in every scored text."""
        return self.manifest.revision

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        """One result a text, in order; None for a text that could not be scored or has nothing to read in it.

        Blocks until all are scored.
        """
        forms = [model_text(text) for text in texts]
        scored: dict[str, Scores | None] = {form: self._recent.get(form) for form in forms}
        for language, served in self._served.items():
            missing = [f for f, known in scored.items() if known is None and f and has_han(f) == (language == "zh")]
            for form, scores in zip(missing, served.score(missing), strict=True):
                scored[form] = scores
                if scores is not None:
                    self._recent.put(form, scores)
        return [scored[form] for form in forms]


def load_classifier(path: Path | None = None, threads: int = 1, remembered_texts: int = REMEMBERED_TEXTS) -> Classifier:
    """The classifier of a model folder, the bundled one by default, with ``threads`` threads a session.

    Raises:
        ModelRefused: the folder is not what its manifest says, or cannot be loaded.
    """
    folder = path or BUNDLED
    manifest = read_manifest(folder)
    try:
        served = {
            language: Served(
                model,
                load_tokeniser(folder / model.tokeniser, model.max_tokens),
                Session(folder / model.graph, threads),
            )
            for language, model in manifest.models.items()
        }
    except Exception as error:  # whatever transformers and onnxruntime raise for files that they cannot read
        raise ModelRefused(f"{folder}: {error}") from error
    return Classifier(manifest, served, remembered_texts)


def micro_batches(lengths: Mapping[int, int]) -> Iterator[list[int]]:
    """Batches of the keys, shortest first, each at most BATCH_TEXTS texts and BATCH_TOKENS padded tokens."""
    batch: list[int] = []
    for index in sorted(lengths, key=lengths.__getitem__):
        if batch and (len(batch) == BATCH_TEXTS or (len(batch) + 1) * lengths[index] > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def to_scores(logits: npt.NDArray[np.float32], model: LanguageModel) -> Iterator[Scores]:
    """Calibrated scores of logits (texts, OUTPUTS)."""
    sentiments = _softmax(logits[:, : len(SENTIMENTS)] / model.sentiment_temperature)
    slopes = np.array([model.calibration[label].slope for label in RISKS])
    offsets = np.array([model.calibration[label].offset for label in RISKS])
    risks = 1 / (1 + np.exp(-(slopes * logits[:, len(SENTIMENTS) :] + offsets)))
    thresholds = [model.thresholds[label] for label in RISKS]
    for sentiment, risk in zip(sentiments.tolist(), risks.tolist(), strict=True):
        yield Scores(
            sentiment=SENTIMENTS[max(range(len(SENTIMENTS)), key=sentiment.__getitem__)],
            sentiment_scores={label: round(p, 4) for label, p in zip(SENTIMENTS, sentiment, strict=True)},
            risks={label: round(p, 4) for label, p in zip(RISKS, risk, strict=True)},
            flagged=[label for label, p, limit in zip(RISKS, risk, thresholds, strict=True) if p >= limit],
        )


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
