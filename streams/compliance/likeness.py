"""A second opinion: how much a text reads like the breaches that people gave as examples for each family.

Rules find what their authors thought of; this finds what is said in other words. It is one logistic regression a family
over pieces of the text as it is read, its disguises undone, where a rare piece weighs more: runs of one to three
characters of a Chinese text; words, neighbours and parts of words of an English one. It is trained on the examples
in the packs and in `examples.txt` (`pulsewatch rules learn`). It is linear in the text, so it can say why: the stretch
with the largest sum of weights for a family is its span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.normalise import has_han
from streams.compliance.loader import PACKS_FOLDER, PackError
from streams.events.schema import TextKind

LIKENESS_FILE = "likeness.npz"
MAX_CHARS = 400
_HAN_RUNS = (1, 2, 3)
_WORD_PARTS = (3, 4, 5)
_WORDS = "\t"
"""Opens the name of a piece that is whole words."""
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[a-z']+|0+|[$#%]")

Weights = npt.NDArray[np.float32]


class Piece(NamedTuple):
    """A feature of the text at [start, end)."""

    name: str
    start: int
    end: int


def piece_names(text: str) -> set[str]:
    """The pieces by which a text in normal form and lower case is judged, each once; all digits count as one."""
    text = _DIGIT.sub("0", text[:MAX_CHARS])
    size = len(text)
    if has_han(text):
        return {text[start : start + length] for length in _HAN_RUNS for start in range(size - length + 1)}
    words = _WORD.findall(text)
    names = {
        _WORDS + " ".join(words[first : first + count])
        for count in (1, 2, 3)
        for first in range(len(words) - count + 1)
    }
    for word in set(words):
        padded = f" {word} "
        names |= {padded[i : i + length] for length in _WORD_PARTS for i in range(len(padded) - length + 1)}
    return names


def pieces(text: str) -> Iterator[Piece]:
    """The same pieces with their places; of English words only whole ones."""
    text = _DIGIT.sub("0", text[:MAX_CHARS])
    if has_han(text):
        for length in _HAN_RUNS:
            for start in range(len(text) - length + 1):
                yield Piece(text[start : start + length], start, start + length)
        return
    words = [Piece(match[0], *match.span()) for match in _WORD.finditer(text)]
    for count in (1, 2, 3):
        for first in range(len(words) - count + 1):
            group = words[first : first + count]
            yield Piece(_WORDS + " ".join(word.name for word in group), group[0].start, group[-1].end)


def kind_piece(kind: TextKind) -> str:
    """The piece that stands for the speaker."""
    return f"\n{kind}"


@dataclass(frozen=True, slots=True)
class Likeness:
    """Learnt weights. Immutable, safe to share between threads."""

    families: tuple[str, ...]
    vocabulary: dict[str, int]
    """The place of each piece in `weights`."""
    weights: Weights
    """[pieces, families], each piece's times its rarity"""
    rarities: Weights
    """The weight of a piece by how rare it is among the examples."""
    offsets: Weights
    threshold: float
    digest: str
    """Names the examples on which it was trained."""
    rules: frozenset[str]
    """Ids of the rules on whose examples it was trained."""

    def scores(self, text: str, kind: TextKind) -> dict[str, float]:
        """For each family the probability that an undisguised text in lower case is one of its breaches."""
        places = self.places(text, kind)
        length = np.linalg.norm(self.rarities[places])
        sums = self.weights[places].sum(axis=0) / length + self.offsets
        return dict(zip(self.families, (1 / (1 + np.exp(-sums.astype(np.float64)))).round(3).tolist(), strict=True))

    def places(self, text: str, kind: TextKind) -> list[int]:
        """The places in `weights` of a text's known pieces, each once."""
        known = self.vocabulary
        return [known[kind_piece(kind)], *(known[name] for name in piece_names(text) & known.keys())]

    def span(self, text: str, family: str) -> tuple[int, int]:
        """The stretch that speaks most for a family: the largest sum of what each character adds, above the mean."""
        column = self.families.index(family)
        added = np.zeros(min(len(text), MAX_CHARS), dtype=np.float32)
        for piece in pieces(text):
            place = self.vocabulary.get(piece.name)
            if place is not None:
                added[piece.start : piece.end] += self.weights[place, column] / (piece.end - piece.start)
        added -= added.mean()
        best, span, total, start = 0.0, (0, len(added)), 0.0, 0
        for end, value in enumerate(added.tolist(), 1):
            total += value
            if total <= 0:
                total, start = 0.0, end
            elif total > best:
                best, span = total, (start, end)
        return span


class FastLikeness:
    """The scores of a few families for the texts of one kind that come by the thousand: the same, at a fraction of the
    time that arrays take for some dozen pieces. Immutable, safe to share between threads."""

    def __init__(self, likeness: Likeness, families: Sequence[str], kind: TextKind) -> None:
        """Families that were not learnt yet have no score."""
        families = [family for family in families if family in likeness.families]
        columns = [likeness.families.index(family) for family in families]
        squares = (likeness.rarities.astype(np.float64) ** 2).tolist()
        weights = likeness.weights[:, columns].astype(np.float64).tolist()
        self._families = tuple(families)
        self._offsets = likeness.offsets[columns].tolist()
        self._worth = {name: (squares[place], *weights[place]) for name, place in likeness.vocabulary.items()}
        self._of_kind = self._worth[kind_piece(kind)]

    def scores(self, text: str) -> dict[str, float]:
        """As `Likeness.scores`, of these families alone."""
        known = self._worth
        found = [known[name] for name in piece_names(text) if name in known]
        square, *sums = (sum(column) for column in zip(self._of_kind, *found, strict=True))
        length = sqrt(square)
        logits = (total / length + offset for total, offset in zip(sums, self._offsets, strict=True))
        return {family: round(1 / (1 + exp(-logit)), 3) for family, logit in zip(self._families, logits, strict=True)}


def load_likeness(folder: Path | None = None) -> Likeness | None:
    """The likeness that was trained for a folder of packs; None if there is none. Raises PackError."""
    path = (folder or PACKS_FOLDER) / LIKENESS_FILE
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            return _from_arrays(dict(stored))
    except (ValueError, KeyError, OSError) as error:
        raise PackError(f"{path}: not what `pulsewatch rules learn` writes: {error}") from None


def save_likeness(likeness: Likeness, folder: Path) -> None:
    """Writes the likeness beside the packs: weights in steps of 1/127 of the family's largest."""
    largest = np.maximum(np.abs(likeness.weights).max(axis=0), 1e-6)
    np.savez_compressed(
        folder / LIKENESS_FILE,
        families=np.array(likeness.families),
        vocabulary=np.frombuffer("\v".join(likeness.vocabulary).encode(), dtype=np.uint8),
        steps=np.round(likeness.weights / largest * 127).astype(np.int8),
        largest=largest.astype(np.float32),
        rarities=likeness.rarities.astype(np.float32),
        offsets=likeness.offsets.astype(np.float32),
        threshold=np.float32(likeness.threshold),
        digest=np.array(likeness.digest),
        rules=np.array(sorted(likeness.rules)),
    )


def _from_arrays(stored: dict[str, Any]) -> Likeness:
    vocabulary = stored["vocabulary"].tobytes().decode().split("\v")
    weights = stored["steps"].astype(np.float32) * (stored["largest"] / 127)
    if weights.shape != (len(vocabulary), len(stored["families"])):
        raise ValueError(f"weights of the shape {weights.shape} for {len(vocabulary)} pieces")
    return Likeness(
        families=tuple(str(family) for family in stored["families"]),
        vocabulary={piece: place for place, piece in enumerate(vocabulary)},
        weights=weights,
        rarities=stored["rarities"],
        offsets=stored["offsets"],
        threshold=float(stored["threshold"]),
        digest=str(stored["digest"]),
        rules=frozenset(str(rule) for rule in stored["rules"]),
    )
