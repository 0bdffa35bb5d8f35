"""What a team's marked texts changed about a model: a little added to a risk's logit, on texts that are like them.

A text's likeness to a marked one is the cosine of their embeddings (the first stage's pooled tokens, in whitened
coordinates), counted from ``gate`` on:

    cosine      −1 ──── 0 ──── gate ────────── 1
    likeness     0      0       0  rises to    1

What is like no marked text gets exactly the model's own probability. All texts pass the first stage, so that exits and
their order stay as they are, and the price is one product of small matrices a batch.
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
SURE = 1e-4
"""Probabilities are served with four digits: nearer to 0 or 1 than this nothing is known."""


class CorrectionRefused(ModelRefused):
    """A file that is no correction, or one that was learnt on another model."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Of one language. ``width`` is the pooled embedding's, ``axes`` those of the whitened one, m texts were marked."""

    centre: Floats
    """(width,)"""
    basis: Floats
    """(width, axes)"""
    marked: Floats
    """(m, axes), each of length 1."""
    gate: float
    weights: Floats
    """(m, RISKS): what a text that is one with a marked one gets added to each risk's logit."""

    def likeness(self, pooled: Floats) -> Floats:
        """Of texts (n, width) to the marked ones: (n, m), from 0 to 1."""
        return likeness(unit((pooled - self.centre) @ self.basis), self.marked, self.gate)

    def apply(self, probabilities: npt.NDArray[np.float64], pooled: Floats) -> npt.NDArray[np.float64]:
        """Probabilities (n, outputs) as the marked texts want them; risks beyond the model's are left out."""
        risks = probabilities[:, len(SENTIMENTS) :]
        added = (self.likeness(pooled) @ self.weights)[:, : risks.shape[1]]
        moved = 1 / (1 + np.exp(-(logits(risks) + added)))
        return np.concatenate([probabilities[:, : len(SENTIMENTS)], np.where(added == 0, risks, moved)], axis=1)


def unit(points: npt.NDArray[np.floating]) -> Floats:
    """Each row at length 1; a row of zeros stays."""
    at_length: Floats = (points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return at_length


def likeness(points: Floats, marked: Floats, gate: float) -> Floats:
    """See the module: (n, axes) and (m, axes), all of length 1, to (n, m)."""
    above: Floats = np.maximum(0, (points @ marked.T - gate) / (1 - gate)).astype(np.float32)
    return above


def logits(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    within = np.clip(probabilities, SURE, 1 - SURE)
    odds: npt.NDArray[np.float64] = within / (1 - within)
    return np.log(odds)


def save_corrections(path: Path, revision: str, corrections: dict[str, Correction]) -> None:
    """One file for all languages that have marked texts."""
    arrays = {
        f"{language}_{name}": getattr(one, name)
        for language, one in corrections.items()
        for name in Correction.__slots__
    }
    with path.open("wb") as file:
        np.savez_compressed(file, revision=np.array(revision), risks=np.array(RISKS), **arrays)


def read_corrections(path: Path, revision: str) -> dict[str, Correction]:
    """Corrections by language.

    Raises:
        CorrectionRefused: not what `pulsewatch model learn` writes, or learnt on another revision of the model.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            learnt_on, risks = str(arrays["revision"]), tuple(arrays["risks"].tolist())
            known = [language for language in LANGUAGES if f"{language}_gate" in arrays]
            found = {language: _read(arrays, language) for language in known}
    except OSError as error:
        raise CorrectionRefused(f"{path}: {error.strerror or error}") from error
    except (EOFError, KeyError, ValueError, BadZipFile) as error:
        raise CorrectionRefused(f"{path}: not what pulsewatch model learn writes ({error})") from error
    if learnt_on != revision or risks != RISKS[: len(risks)]:
        raise CorrectionRefused(
            f"{path}: learnt on the model {learnt_on}, and {revision} is served: "
            "learn again with pulsewatch model learn"
        )
    return found


def _read(arrays: np.lib.npyio.NpzFile, language: str) -> Correction:
    centre, basis, marked, gate, weights = (arrays[f"{language}_{name}"] for name in Correction.__slots__)
    if not (
        len(centre) == len(basis)
        and basis.shape[1] == marked.shape[1]
        and len(marked) == len(weights)
        and -1 <= gate < 1
        and all(np.isfinite(array).all() for array in (centre, basis, marked, weights))
    ):
        raise ValueError(f"the parts for {language} do not belong together")
    return Correction(centre, basis, marked, float(gate), weights)
