"""Batches of about equal cost: texts of about equal length, as many as a budget of tokens allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.train.data.corpus import Corpus, log_priors

_POOL_BATCHES = 64  # texts of so many batches are sorted together: few enough that an epoch's order stays random

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BatchSize:
    """The most texts and padded tokens of a batch."""

    texts: int
    tokens: int


ON_CPU = BatchSize(32, 1_536)
ON_GPU = BatchSize(512, 16_384)


@dataclass(frozen=True, slots=True)
class Targets:
    """What is known of n texts: ``sentiment`` (n,), ``risks`` (n, risks), each with its weights, 0 where unknown.

    ``log_priors`` (n, sentiments) are those of each text's source; ``answers`` (n, OUTPUTS) are the teachers' logits,
    None without teachers, NaN where they have no say.
    """

    sentiment: torch.Tensor
    sentiment_weight: torch.Tensor
    log_priors: torch.Tensor
    binary: torch.Tensor
    risks: torch.Tensor
    risk_weights: torch.Tensor
    answers: torch.Tensor | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded token ids and mask (n, tokens), with the targets."""

    ids: torch.Tensor
    mask: torch.Tensor
    targets: Targets


class Texts:
    """A corpus on a device, from which batches are gathered."""

    def __init__(self, corpus: Corpus, device: torch.device, answers: npt.NDArray[np.float16] | None = None) -> None:
        self.corpus = corpus
        self.device = device
        self._tokens = self._put(corpus.tokens.astype(np.int32))
        self._starts = self._put(corpus.starts)
        self._sentiment = self._put(np.maximum(corpus.sentiment, 0).astype(np.int64))
        self._sentiment_weight = self._put(corpus.sentiment_weight.astype(np.float32))
        self._priors = self._put(log_priors(corpus)[corpus.source])
        self._binary = self._put(corpus.binary)
        self._risks = self._put(corpus.risks.astype(np.float32))
        self._risk_weights = self._put(corpus.risk_weights.astype(np.float32))
        self._answers = None if answers is None else self._put(answers.astype(np.float32))

    def batch(self, indices: Indices) -> Batch:
        """The texts of these indices; the padding token is 0 in both vocabularies."""
        rows = self._put(indices)
        begin, end = self._starts[rows], self._starts[rows + 1]
        longest = int(self.corpus.lengths[indices].max())
        places = begin[:, None] + torch.arange(longest, device=self.device)
        mask = places < end[:, None]
        ids = self._tokens[places.clamp(max=len(self._tokens) - 1)].long() * mask
        return Batch(ids, mask.long(), self.targets(indices))

    def targets(self, indices: Indices) -> Targets:
        """What is known of the texts of these indices."""
        rows = self._put(indices)
        return Targets(
            self._sentiment[rows],
            self._sentiment_weight[rows],
            self._priors[rows],
            self._binary[rows],
            self._risks[rows],
            self._risk_weights[rows],
            None if self._answers is None else self._answers[rows],
        )

    def _put(self, array: npt.NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device, non_blocking=True)


def plan_epoch(corpus: Corpus, size: BatchSize, draw: np.random.Generator) -> list[Indices]:
    """Batches of indices in random order; every text as often as its passes say."""
    order = draw.permutation(np.repeat(np.arange(len(corpus)), corpus.passes))
    batches: list[Indices] = []
    pool = _POOL_BATCHES * size.texts
    for start in range(0, len(order), pool):
        batches += _of_equal_length(order[start : start + pool], corpus.lengths, size)
    return [batches[i] for i in draw.permutation(len(batches))]


def in_order(corpus: Corpus, size: BatchSize) -> list[Indices]:
    """Every text once, shortest first."""
    return list(_of_equal_length(np.arange(len(corpus)), corpus.lengths, size))


def _of_equal_length(indices: Indices, lengths: npt.NDArray[np.int64], size: BatchSize) -> Iterator[Indices]:
    by_length = indices[np.argsort(lengths[indices], kind="stable")]
    start = 0
    for end in range(1, len(by_length) + 1):
        texts = end - start
        if end == len(by_length) or texts == size.texts or (texts + 1) * lengths[by_length[end]] > size.tokens:
            yield by_length[start:end]
            start = end
