"""What a team's marked texts teach, in seconds and without PyTorch: `Correction`s beside a model that stays as it is.

For each language and risk, the weights of the marked texts are the least ones (ridge) with which

    marked texts     come to the right side of their threshold
    rehearsed texts  stay on the side on which they were: texts of the written corpus, of authors who taught the model

A risk with fewer than MIN_MARKS marked texts learns nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.evaluate import LabelledText
from models.labels import LANGUAGES, RISKS, SENTIMENTS
from models.normalise import model_text
from models.runtime.classifier import load_cascade, script
from models.runtime.correction import Correction, Floats, likeness, logits, unit
from models.runtime.flagging import Flagging, thresholds_of
from models.runtime.manifest import Manifest, read_manifest
from models.runtime.tokeniser import load_tokeniser
from models.train.data.written import load_written

MIN_MARKS: Final = 5
REHEARSED: Final = 2_000
"""Texts of a language."""
AXES: Final = 192
GATE: Final = 0.1
RIDGE: Final = 0.03
MARK_WEIGHT: Final = 5.0
REHEARSAL_WEIGHT: Final = 0.7
CARRYING_WEIGHT: Final = 7.0
"""Of a rehearsed text that carries the risk: such texts are few, and what is found of them is not to be lost."""
MAX_STEPS: Final = 30

Values = npt.NDArray[np.float64]


class Looked(NamedTuple):
    """Texts as the model sees them."""

    probabilities: Values
    """(texts, outputs)"""
    pooled: Floats
    """(texts, width)"""


class Taught(NamedTuple):
    """What became of one language's marks of one risk."""

    language: str
    risk: str
    marks: int
    wrong_before: int
    wrong_after: int
    """Of the marked texts themselves; nothing is learnt where `marks` are too few."""


class Learner:
    """One language's model, looked through once for the texts that are rehearsed."""

    def __init__(self, folder: Path, manifest: Manifest, language: str, flagging: Flagging, rehearsed: int) -> None:
        model = manifest.models[language]
        self.thresholds = thresholds_of(manifest.revision, language, model, flagging)
        self._tokeniser = load_tokeniser(folder / model.tokeniser, model.max_tokens)
        self._cascade = load_cascade(folder, model.stages, 1, self.thresholds, looks=True)
        teaching = load_written(language)[0]
        chosen = teaching[:: max(1, len(teaching) // rehearsed)][:rehearsed]
        self._rehearsed = self.look([example.text for example in chosen])
        self._carrying = {
            risk: np.array([example.risks.get(risk, (0.0, 0.0))[0] > 0.5 for example in chosen])
            for risk in self.thresholds
        }
        self._centre, self._basis = whitening(self._rehearsed.pooled, AXES)

    def look(self, texts: Sequence[str]) -> Looked:
        """At texts as people wrote them. Blocks."""
        [nothing] = self._tokeniser.encode([""])
        encoded = self._tokeniser.encode([model_text(text) for text in texts])
        return Looked(*self._cascade.look([ids or nothing or [] for ids in encoded]))

    def learn(self, looked: Looked, answers: Mapping[str, Mapping[int, bool]]) -> Correction | None:
        """From marked texts and, for each risk, the right answers by the text's place; None where they are too few."""
        points = self._points(looked.pooled)
        rehearsed = likeness(self._points(self._rehearsed.pooled), points, GATE).astype(np.float64)
        marked = likeness(points, points, GATE).astype(np.float64)
        weights = np.zeros((len(points), len(RISKS)), dtype=np.float32)
        for place, (risk, threshold) in enumerate(self.thresholds.items()):
            known = answers.get(risk, {})
            if len(known) >= MIN_MARKS:
                own = sorted(known)
                border = logits(np.array(threshold))
                offsets = [
                    logits(one.probabilities[:, len(SENTIMENTS) + place]) - border for one in (looked, self._rehearsed)
                ]
                weights[own, place] = _least_weights(
                    np.concatenate([marked[np.ix_(own, own)], rehearsed[:, own]]),
                    np.concatenate([offsets[0][own], offsets[1]]),
                    np.concatenate([[float(known[index]) for index in own], _share(offsets[1])]),
                    np.concatenate(
                        [
                            np.full(len(own), MARK_WEIGHT),
                            np.where(self._carrying[risk], CARRYING_WEIGHT, REHEARSAL_WEIGHT),
                        ]
                    ),
                )
        kept = np.flatnonzero(weights.any(axis=1))
        return Correction(self._centre, self._basis, points[kept], GATE, weights[kept]) if len(kept) else None

    def _points(self, pooled: Floats) -> Floats:
        return unit((pooled - self._centre) @ self._basis)


def learn(
    texts: Sequence[LabelledText], folder: Path, flagging: Flagging, rehearsed: int = REHEARSED
) -> Iterator[tuple[str, Correction | None, list[Taught]]]:
    """For each language, what it learnt and from how many marks. Blocks for as long as some thousand texts take.

    Raises ModelRefused where ``folder`` holds no model of ours.
    """
    manifest = read_manifest(folder)
    for language in LANGUAGES:
        own = [text for text in texts if text.risks and script(model_text(text.text)) == language]
        if not own:
            continue
        learner = Learner(folder, manifest, language, flagging, rehearsed)
        looked = learner.look([text.text for text in own])
        answers = {
            risk: {index: bool(text.risks[risk]) for index, text in enumerate(own) if risk in text.risks}
            for risk in learner.thresholds
        }
        correction = learner.learn(looked, answers)
        after = looked.probabilities if correction is None else correction.apply(*looked)
        taught = [
            Taught(
                language,
                risk,
                len(known),
                *(_wrong(said, place, learner.thresholds[risk], known) for said in (looked.probabilities, after)),
            )
            for place, (risk, known) in enumerate(answers.items())
            if known
        ]
        yield language, correction, taught


def whitening(pooled: Floats, axes: int) -> tuple[Floats, Floats]:
    """Centre (width,) and basis (width, axes) in which the texts' main directions have the same spread."""
    centre, spread = pooled.mean(axis=0), pooled.std(axis=0) + 1e-6
    _, values, directions = np.linalg.svd((pooled - centre) / spread, full_matrices=False)
    axes = min(axes, len(values))
    basis = directions[:axes].T / (values[:axes] / np.sqrt(len(pooled))) / spread[:, np.newaxis]
    return centre, basis.astype(np.float32)


def _share(offsets: Values) -> Values:
    share: Values = 1 / (1 + np.exp(-offsets))
    return share


def _wrong(probabilities: Values, place: int, threshold: float, known: Mapping[int, bool]) -> int:
    said = probabilities[:, len(SENTIMENTS) + place].round(4) >= threshold
    return sum(bool(said[index]) != answer for index, answer in known.items())


def _least_weights(features: Values, offsets: Values, truth: Values, heavy: Values) -> Values:
    """Logistic regression with a ridge around given offsets, by Newton's steps, each shortened until it gains."""
    weights = np.zeros(features.shape[1])

    def loss(at: Values) -> float:
        reached = offsets + features @ at
        return float((heavy * (np.logaddexp(0, reached) - truth * reached)).sum() + RIDGE / 2 * (at @ at))

    now = loss(weights)
    for _ in range(MAX_STEPS):
        share = _share(offsets + features @ weights)
        slope = features.T @ (heavy * (share - truth)) + RIDGE * weights
        bend = (features.T * (heavy * share * (1 - share))) @ features + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        shortened = next((step / 2**n for n in range(12) if loss(weights - step / 2**n) < now), None)
        if shortened is None:
            break
        weights = weights - shortened
        before, now = now, loss(weights)
        if before - now < 1e-6 * abs(before):
            break
    return weights
