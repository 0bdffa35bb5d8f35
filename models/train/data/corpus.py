"""The texts of one language as arrays: what training reads again and again, prepared once and kept in a file.

Training needs nothing but this file and the encoder, so that it can run on a machine that has neither the public sets
nor the normaliser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from models.labels import RISKS, SENTIMENTS
from models.train.data.sources import Example

UNKNOWN = -1
MIN_PRIOR = 0.05


@dataclass(frozen=True, slots=True)
class Corpus:
    """n texts. ``tokens`` holds all token ids in a row, those of text i from ``starts[i]`` to ``starts[i + 1]``.

    ``sentiment`` (n,) is UNKNOWN where no label is given; ``binary`` (n,) marks sources without a neutral class;
    ``risks`` and ``risk_weights`` (n, RISKS) have weight 0 where a label is unknown; ``source`` (n,) indexes
    ``sources``; a text is drawn ``passes`` (n,) times an epoch.
    """

    tokens: npt.NDArray[np.uint16]
    starts: npt.NDArray[np.int64]
    sources: npt.NDArray[np.str_]
    source: npt.NDArray[np.int16]
    sentiment: npt.NDArray[np.int8]
    sentiment_weight: npt.NDArray[np.float16]
    binary: npt.NDArray[np.bool_]
    risks: npt.NDArray[np.float16]
    risk_weights: npt.NDArray[np.float16]
    passes: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        return np.diff(self.starts)

    def save(self, path: Path) -> None:
        np.savez_compressed(path, **{name: getattr(self, name) for name in self.__slots__})


def load(path: Path) -> Corpus:
    """A saved corpus."""
    with np.load(path) as arrays:
        return Corpus(**arrays)


def prepare(tokeniser: Tokenizer, examples: Sequence[Example]) -> Corpus:
    """Tokenises; each text is cut at its source's length, the closing [SEP] kept."""
    encoded = tokeniser.encode_batch([example.text for example in examples])
    ids = [cut(item.ids, example.max_tokens) for item, example in zip(encoded, examples, strict=True)]
    sources = sorted({example.source for example in examples})
    risks = np.array([[example.risks.get(label, (0.0, 0.0)) for label in RISKS] for example in examples])
    known = [example.sentiment is not None for example in examples]
    return Corpus(
        tokens=np.array([token for item in ids for token in item], dtype=np.uint16),
        starts=np.cumsum([0, *map(len, ids)], dtype=np.int64),
        sources=np.array(sources),
        source=np.array([sources.index(example.source) for example in examples], dtype=np.int16),
        sentiment=np.array([UNKNOWN if e.sentiment is None else e.sentiment for e in examples], dtype=np.int8),
        sentiment_weight=np.array([e.sentiment_weight for e in examples], dtype=np.float16) * known,
        binary=np.array([example.sentiment_binary for example in examples]),
        risks=risks[..., 0].astype(np.float16),
        risk_weights=risks[..., 1].astype(np.float16),
        passes=np.array([example.passes for example in examples], dtype=np.int8),
    )


def merged(first: Corpus, second: Corpus) -> Corpus:
    """The texts of both, those of ``first`` before."""
    sources = np.array(sorted({*first.sources, *second.sources}))
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in Corpus.__slots__
        if name not in ("starts", "sources", "source")
    }
    return Corpus(
        **joined,
        starts=np.concatenate([first.starts, second.starts[1:] + first.starts[-1]]),
        sources=sources,
        source=np.concatenate([np.searchsorted(sources, c.sources)[c.source] for c in (first, second)]),
    )


def cut(ids: list[int], max_tokens: int) -> list[int]:
    return ids if len(ids) <= max_tokens else [*ids[: max_tokens - 1], ids[-1]]


def log_priors(corpus: Corpus) -> npt.NDArray[np.float32]:
    """The logarithms of each source's shares of the sentiments (sources, sentiments), none below MIN_PRIOR.

    0 for a source without sentiments.
    """
    rows = np.zeros((len(corpus.sources), len(SENTIMENTS)), dtype=np.float32)
    for number in range(len(rows)):
        labels = corpus.sentiment[(corpus.source == number) & (corpus.sentiment != UNKNOWN)]
        if len(labels):
            shares = np.bincount(labels, minlength=len(SENTIMENTS)) / len(labels)
            rows[number] = np.log(np.maximum(shares, MIN_PRIOR))
    return rows
