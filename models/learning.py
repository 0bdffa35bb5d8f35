"""What a team's marked texts teach, in seconds and without PyTorch: a `Correction` beside a model that stays as it is.

For each language, risk and direction (false alarms, missed texts), a gate between two kinds of texts on the same side
of the threshold, by ridge regression in the space of `nearness`:

    mistakes     marked texts on which the model is wrong                                            wanted 1
    right ones   confirmed texts, and rehearsed ones: of authors of the written corpus from whom     wanted −1
                 the model did not learn; the NEIGHBOURS nearest to the mistakes

Rehearsed texts are scored by a gate that was fitted without them (halves in turn), and the cut is the lowest with which
no figure of theirs falls by more than TOLERANCE standard errors. A gate with fewer than MIN_MARKS mistakes learns
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.evaluate import LabelledText
from models.labels import LANGUAGES, SENTIMENTS
from models.normalise import model_text
from models.runtime.classifier import load_cascade, script
from models.runtime.correction import Correction, Floats, Probabilities, logits, nearness, points_of
from models.runtime.flagging import Flagging, thresholds_of
from models.runtime.manifest import Manifest, read_manifest
from models.runtime.tokeniser import load_tokeniser
from models.train.data.written import load_written

MIN_MARKS: Final = 5
REHEARSED: Final = 5_000
"""Texts of a language, at most."""
AXES: Final = 96
NEIGHBOURS: Final = 300
RIDGE: Final = 0.3
FAR: Final = -0.5
"""The score of a text that is near to nothing."""
HEAVIEST: Final = 20.0
"""Of a mistake, where right ones weigh 1: the two kinds weigh the same as long as it is less than this."""
TOLERANCE: Final = 0.75
LOWEST_CUT: Final = -0.49
"""Just above FAR."""

Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


class Looked(NamedTuple):
    """Texts as the model sees them."""

    probabilities: Probabilities
    """(texts, outputs)"""
    pooled: Floats
    """(texts, width)"""


class Rehearsed(NamedTuple):
    """Texts whose figures are not to fall."""

    looked: Looked
    known: Mapping[str, Flags]
    """By risk: for which of the texts its label is known."""
    truth: Mapping[str, Flags]


class Moved(NamedTuple):
    """How many rehearsed texts go to the other side of a risk's threshold by what was learnt without them."""

    to_right: int
    to_wrong: int


class Taught(NamedTuple):
    """What became of one language's marks of one risk."""

    language: str
    risk: str
    marks: int
    wrong_before: int
    wrong_after: int
    """Of the marked texts themselves."""
    rehearsed: Moved | None
    """None where nothing is learnt."""


class Learnt(NamedTuple):
    correction: Correction | None
    moved: Mapping[str, Moved]
    """By risk that was learnt."""


class _Gate(NamedTuple):
    """A risk and direction as it is learnt."""

    place: int
    raises: bool
    limit: float
    anchors: Floats
    weights: Values
    cut: float
    moved: Moved


class Viewer:
    """One language's model, to look at texts with."""

    def __init__(self, folder: Path, manifest: Manifest, language: str, flagging: Flagging) -> None:
        model = manifest.models[language]
        self.language = language
        self.thresholds = thresholds_of(manifest.revision, language, model, flagging)
        self._tokeniser = load_tokeniser(folder / model.tokeniser, model.max_tokens)
        self._cascade = load_cascade(folder, model.stages, 1, self.thresholds, looks=True)

    def look(self, texts: Sequence[str]) -> Looked:
        """At texts as people wrote them. Blocks."""
        [nothing] = self._tokeniser.encode([""])
        encoded = self._tokeniser.encode([model_text(text) for text in texts])
        return Looked(*self._cascade.look([ids or nothing or [] for ids in encoded]))

    def rehearse(self, at_most: int = REHEARSED) -> Rehearsed:
        """The texts of the authors from whom the model did not learn. Blocks."""
        unseen = load_written(self.language)[1]
        chosen = unseen[:: max(1, -(-len(unseen) // at_most))]
        return Rehearsed(
            self.look([example.text for example in chosen]),
            {risk: np.array([risk in example.risks for example in chosen]) for risk in self.thresholds},
            {
                risk: np.array([example.risks.get(risk, (0.0, 0.0))[0] > 0.5 for example in chosen])
                for risk in self.thresholds
            },
        )


class Learner:
    """Learns from marked texts of a language, whose rehearsed ones limit what it learns."""

    def __init__(self, thresholds: Mapping[str, float], rehearsed: Rehearsed) -> None:
        self._thresholds = thresholds
        self._rehearsed = rehearsed
        self._centre, self._basis = whitening(rehearsed.looked.pooled, AXES)
        said = logits(rehearsed.looked.probabilities)
        self._usual = np.stack([said.mean(axis=0), said.std(axis=0) + 1e-6]).astype(np.float32)
        self._points = self._points_of(rehearsed.looked)
        self._flags = flags_of(rehearsed.looked.probabilities, thresholds)
        self._clean = ~np.any(list(rehearsed.truth.values()), axis=0)

    def learn(self, looked: Looked, answers: Mapping[str, Mapping[int, bool]]) -> Learnt:
        """From marked texts and, for each risk, the right answers by the text's place."""
        points, flags = self._points_of(looked), flags_of(looked.probabilities, self._thresholds)
        gates, moved = list[_Gate](), dict[str, Moved]()
        for risk, known in answers.items():
            for raises in (False, True):
                same_side = {index: answer for index, answer in known.items() if flags[risk][index] != raises}
                mistakes = [index for index, answer in same_side.items() if answer == raises]
                right = [index for index, answer in same_side.items() if answer != raises]
                if len(mistakes) >= MIN_MARKS:
                    gate = self._gate(risk, raises, points[mistakes], points[right])
                    before = moved.get(risk, Moved(0, 0))
                    moved[risk] = Moved(before.to_right + gate.moved.to_right, before.to_wrong + gate.moved.to_wrong)
                    gates.append(gate)
        return Learnt(self._correction(gates) if gates else None, moved)

    def _points_of(self, looked: Looked) -> Floats:
        return points_of(looked.probabilities, looked.pooled, self._centre, self._basis, self._usual)

    def _gate(self, risk: str, raises: bool, mistakes: Floats, right: Floats) -> _Gate:
        on_side = np.flatnonzero(self._rehearsed.known[risk] & (self._flags[risk] != raises))
        is_mistake = self._rehearsed.truth[risk][on_side] == raises
        points = self._points[on_side]
        scores = np.empty(len(on_side))
        for half in (0, 1):
            teaching = points[1 - half :: 2][~is_mistake[1 - half :: 2]]
            anchors, weights = _fit(mistakes, right, teaching)
            scores[half::2] = FAR + nearness(points[half::2], anchors) @ weights
        cut = self._cut(risk, raises, on_side, scores)
        goes = scores > cut
        moved = Moved(int((goes & is_mistake).sum()), int((goes & ~is_mistake).sum()))
        place, limit = list(self._thresholds).index(risk), self._thresholds[risk]
        return _Gate(place, raises, limit, *_fit(mistakes, right, points[~is_mistake]), cut - FAR, moved)

    def _cut(self, risk: str, raises: bool, on_side: Places, scores: Values) -> float:
        """The lowest, from above, with which the risk's precision and recall and the clean texts' peace do not fall."""
        known, truth, flagged = self._rehearsed.known[risk], self._rehearsed.truth[risk], self._flags[risk]
        order = np.argsort(-scores, kind="stable")
        going, sign = on_side[order], 1 if raises else -1
        hits = np.count_nonzero(truth & flagged & known) + sign * _running(truth[going])
        in_all = np.count_nonzero(flagged & known) + sign * np.arange(len(going) + 1)
        in_peace = self._clean & ~np.any(list(self._flags.values()), axis=0)
        left_in_peace = np.count_nonzero(in_peace) - _running(in_peace[going])
        fallen = (
            _fallen(hits, in_all)
            | _fallen(hits, np.full_like(hits, np.count_nonzero(truth & known)))
            | _fallen(left_in_peace, np.full_like(hits, np.count_nonzero(self._clean)))
        )
        spared = scores[order[max(0, int(np.argmax(fallen)) - 1) :]] if fallen.any() else scores[:0]
        return max(LOWEST_CUT, float(spared[0])) if len(spared) else LOWEST_CUT

    def _correction(self, gates: Sequence[_Gate]) -> Correction:
        anchors = np.concatenate([gate.anchors for gate in gates])
        weights = np.zeros((len(anchors), len(gates)), dtype=np.float32)
        start = 0
        for number, gate in enumerate(gates):
            weights[start : start + len(gate.anchors), number] = gate.weights
            start += len(gate.anchors)
        return Correction(
            self._centre,
            self._basis,
            self._usual,
            anchors,
            weights,
            np.array([gate.place for gate in gates]),
            np.array([gate.raises for gate in gates]),
            np.array([gate.limit for gate in gates]),
            np.array([gate.cut for gate in gates]),
        )


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
        viewer = Viewer(folder, manifest, language, flagging)
        looked = viewer.look([text.text for text in own])
        answers = {
            risk: {index: bool(text.risks[risk]) for index, text in enumerate(own) if risk in text.risks}
            for risk in viewer.thresholds
        }
        correction, moved = Learner(viewer.thresholds, viewer.rehearse(rehearsed)).learn(looked, answers)
        after = looked.probabilities if correction is None else correction.apply(*looked)
        before, now = (flags_of(said, viewer.thresholds) for said in (looked.probabilities, after))
        taught = [
            Taught(language, risk, len(known), _wrong(before[risk], known), _wrong(now[risk], known), moved.get(risk))
            for risk, known in answers.items()
            if known
        ]
        yield language, correction, taught


def flags_of(probabilities: Probabilities, thresholds: Mapping[str, float]) -> Mapping[str, Flags]:
    """By risk, of texts (n, outputs): the four served digits decide."""
    risks = probabilities[:, len(SENTIMENTS) :].round(4)
    return {risk: risks[:, place] >= limit for place, (risk, limit) in enumerate(thresholds.items())}


def whitening(pooled: Floats, axes: int) -> tuple[Floats, Floats]:
    """Centre (width,) and basis (width, axes) in which the texts' main directions have the same spread."""
    centre, spread = pooled.mean(axis=0), pooled.std(axis=0) + 1e-6
    _, values, directions = np.linalg.svd((pooled - centre) / spread, full_matrices=False)
    axes = min(axes, len(values))
    basis = directions[:axes].T / (values[:axes] / np.sqrt(len(pooled))) / spread[:, np.newaxis]
    return centre, basis.astype(np.float32)


def _wrong(said: Flags, known: Mapping[int, bool]) -> int:
    return sum(bool(said[index]) != answer for index, answer in known.items())


def _fit(mistakes: Floats, confirmed: Floats, rehearsed: Floats) -> tuple[Floats, Values]:
    """Anchors and their weights, with which a text's score is FAR and what its nearness to them adds."""
    nearest = np.argsort(-nearness(rehearsed, mistakes).max(axis=1), kind="stable")[:NEIGHBOURS]
    right = np.concatenate([confirmed, rehearsed[nearest]])
    anchors = np.concatenate([mistakes, right])
    heavy = np.concatenate(
        [np.full(len(mistakes), min(HEAVIEST, max(1.0, len(right) / len(mistakes)))), np.ones(len(right))]
    )
    wanted = np.concatenate([np.ones(len(mistakes)), -np.ones(len(right))]) - FAR
    between = nearness(anchors, anchors).astype(np.float64)
    weights = np.linalg.solve(between + np.diag(RIDGE / heavy), wanted).astype(np.float64)
    return anchors, weights


def _running(which: Flags) -> Places:
    """How many there are among the first none, one, two…"""
    return np.append(0, np.cumsum(which))


def _fallen(hits: Places, of: Places) -> Flags:
    """Whether a share is lower than the first one by more standard errors than are tolerated."""
    shares = hits / np.maximum(1, of)
    usual = (hits[0] + 1) / (of[0] + 2)
    fallen: Flags = shares < shares[0] - TOLERANCE * np.sqrt(usual * (1 - usual) / max(1, of[0]))
    return fallen
