"""What a team's marked texts changed about a model: flags of texts that are like its mistakes go to the other side.

A gate belongs to one risk and one direction: that of false alarms only lowers, and only what is flagged; that of missed
texts only raises, and only what is not. It scores a text by its nearness to anchors, the mistakes (which pull) and the
texts nearest to them that are right as they are (which push back):

    nearness   exp(−squared distance) of two texts' points: the first stage's pooled tokens in whitened coordinates,
               at length 1, and the model's own logits, standardised
    score      the anchors' weighted nearness
    score > cut, and the text lies on the gate's side:  its logit goes over the threshold, the further the higher

Every other text gets exactly the model's own probability. All texts pass the first stage, so that exits and their order
stay as they are, and the price is one product of small matrices a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from models.labels import LANGUAGES, RISKS, SENTIMENTS
from models.runtime.manifest import ModelRefused

Floats = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]
SURE = 1e-4
"""Probabilities are served with four digits: nearer to 0 or 1 than this nothing is known."""
OUTPUTS_WEIGHT = 0.25
"""How much one spread of a logit counts beside an embedding of length 1."""
STEP = 0.1
"""Of a logit: what the four served digits still tell apart."""


class CorrectionRefused(ModelRefused):
    """A file that is no correction, or one that was learnt on another model."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Of one language: m anchors, g gates. ``width`` is the pooled embedding's, ``axes`` those of the whitened one."""

    centre: Floats
    """(width,)"""
    basis: Floats
    """(width, axes)"""
    usual: Floats
    """(2, outputs): mean and spread of the logits of each output."""
    anchors: Floats
    """(m, axes + outputs)"""
    weights: Floats
    """(m, g)"""
    risks: npt.NDArray[np.int64]
    """(g,): a place in RISKS."""
    raises: npt.NDArray[np.bool_]
    """(g,): whether it raises or lowers."""
    limits: npt.NDArray[np.float64]
    """(g,): the thresholds over which it takes a text."""
    cuts: npt.NDArray[np.float64]
    """(g,)"""

    def points(self, probabilities: Probabilities, pooled: Floats) -> Floats:
        """Texts (n, outputs) and (n, width) to (n, axes + outputs)."""
        return points_of(probabilities, pooled, self.centre, self.basis, self.usual)

    def apply(self, probabilities: Probabilities, pooled: Floats) -> Probabilities:
        """Probabilities (n, outputs) as the marked texts want them."""
        scores = nearness(self.points(probabilities, pooled), self.anchors) @ self.weights
        corrected = probabilities.copy()
        for gate, (place, limit) in enumerate(zip(len(SENTIMENTS) + self.risks, self.limits, strict=True)):
            beyond = scores[:, gate] - self.cuts[gate]
            is_flagged = probabilities[:, place].round(4) >= limit
            moved = (beyond > 0) & (is_flagged != self.raises[gate])
            over = (beyond[moved] + STEP) * (1 if self.raises[gate] else -1)
            corrected[moved, place] = 1 / (1 + np.exp(-(logits(limit) + over)))
        return corrected


def points_of(probabilities: Probabilities, pooled: Floats, centre: Floats, basis: Floats, usual: Floats) -> Floats:
    """See `Correction.points`."""
    said = (logits(probabilities) - usual[0]) / usual[1] * OUTPUTS_WEIGHT
    return np.concatenate([unit((pooled - centre) @ basis), said.astype(np.float32)], axis=1)


def nearness(points: Floats, anchors: Floats) -> Floats:
    """See the module: (n, axes + outputs) and (m, axes + outputs) to (n, m), from 0 to 1."""
    squares = (points**2).sum(axis=1)[:, np.newaxis] + (anchors**2).sum(axis=1)
    near: Floats = np.exp(np.minimum(0, 2 * points @ anchors.T - squares))
    return near


def unit(points: npt.NDArray[np.floating]) -> Floats:
    """Each row at length 1; a row of zeros stays."""
    at_length: Floats = (points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return at_length


def logits(probabilities: Probabilities | np.float64) -> Probabilities:
    within = np.clip(probabilities, SURE, 1 - SURE)
    odds: Probabilities = np.log(within / (1 - within))
    return odds


def save_corrections(path: Path, revision: str, corrections: dict[str, Correction]) -> None:
    """One file for all languages that have marked texts."""
    arrays = {
        f"{language}_{name}": getattr(one, name)
        for language, one in corrections.items()
        for name in Correction.__slots__
    }
    with path.open("wb") as file:
        np.savez_compressed(file, revision=np.array(revision), labels=np.array(RISKS), **arrays)


def read_corrections(path: Path, revision: str) -> dict[str, Correction]:
    """Corrections by language.

    Raises:
        CorrectionRefused: not what `pulsewatch model learn` writes, or learnt on another revision of the model.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            learnt_on, labels = str(arrays["revision"]), tuple(arrays["labels"].tolist())
            known = [language for language in LANGUAGES if f"{language}_cuts" in arrays]
            found = {language: _read(arrays, language) for language in known}
    except OSError as error:
        raise CorrectionRefused(f"{path}: {error.strerror or error}") from error
    except (EOFError, KeyError, ValueError, BadZipFile) as error:
        raise CorrectionRefused(f"{path}: not what pulsewatch model learn writes ({error})") from error
    if learnt_on != revision or labels != RISKS[: len(labels)]:
        raise CorrectionRefused(
            f"{path}: learnt on the model {learnt_on}, and {revision} is served: "
            "learn again with pulsewatch model learn"
        )
    return found


def _read(arrays: np.lib.npyio.NpzFile, language: str) -> Correction:
    found = Correction(*(arrays[f"{language}_{name}"] for name in Correction.__slots__))
    width, axes = found.basis.shape
    outputs = found.usual.shape[1]
    m, g = found.weights.shape
    if not (
        found.centre.shape == (width,)
        and found.usual.shape == (2, outputs)
        and found.anchors.shape == (m, axes + outputs)
        and all(of_gates.shape == (g,) for of_gates in (found.risks, found.raises, found.limits, found.cuts))
        and set(found.risks.tolist()) <= set(range(outputs - len(SENTIMENTS)))
        and all(np.isfinite(getattr(found, name)).all() for name in Correction.__slots__)
    ):
        raise ValueError(f"the parts for {language} do not belong together")
    return found
