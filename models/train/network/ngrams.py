"""Weights of word sequences, added to the network's logits: what a small encoder is too shallow to learn by heart.

A text's n-grams are the runs of one to LONGEST of its tokens. Each has a row of weights, one an output, found by
hashing (Weinberger et al. 2009; as fastText does), and a text's logits are their sum over the square root of its
length. The weights have the least penalised costs of the labels, the same ones that the network learns.

    tokens             t0     t1        t2
    of 1 token         t0     t1        t2
    of 2               t0     t0 t1     t1 t2       where fewer stand before, of those
    of 3               t0     t0 t1     t0 t1 t2
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from models.labels import OUTPUTS
from models.train.data.batches import Texts
from models.train.data.corpus import Corpus
from models.train.network.network import label_costs

LONGEST = 3
SLOTS = 262_139
"""Rows of the table, a prime; n-grams that share a row share its weights."""
FACTOR, MODULUS = 1_000_003, 2**31 - 1
"""Of the hash, whose products stay within 64 bits."""
PENALTY = 0.03
"""Of half the squared weights, beside the sum of the texts' costs."""
MIXED = 0.5
"""What the n-grams' logits count beside the network's."""
ITERATIONS = 250

Array = npt.NDArray[np.float32]
Slots = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NGrams:
    """``table`` (rows, OUTPUTS): what an n-gram adds to each logit; ``bias`` (OUTPUTS,): what every text gets."""

    table: Array
    bias: Array

    def logits(self, corpus: Corpus) -> Array:
        """What n texts get from their n-grams: (n, OUTPUTS)."""
        total = np.add.reduceat(self.table[slots(corpus, len(self.table))].sum(axis=0), corpus.starts[:-1])
        return np.asarray(total / np.sqrt(corpus.lengths)[:, np.newaxis] + self.bias, dtype=np.float32)

    def save(self, path: Path) -> None:
        np.savez(path, table=self.table.astype(np.float16), bias=self.bias)


def load_ngrams(path: Path) -> NGrams:
    """Saved weights."""
    with np.load(path) as arrays:
        return NGrams(arrays["table"].astype(np.float32), arrays["bias"])


def slots(corpus: Corpus, rows: int) -> Slots:
    """(LONGEST, tokens): by length less one, the row, of so many, of the n-gram that ends with each token."""
    tokens = corpus.tokens.astype(np.int64)
    hashes = np.zeros_like(tokens)
    found = np.empty((LONGEST, len(tokens)), dtype=np.int64)
    for number in range(LONGEST):
        before = np.roll(hashes, 1) if number else hashes
        before[corpus.starts[:-1]] = 0
        hashes = (before * FACTOR + tokens + 1) % MODULUS
        found[number] = hashes % rows
    return found


def fit_ngrams(texts: Texts, report: Callable[[str], None]) -> NGrams:
    """The weights that the texts' labels ask for, by L-BFGS over all texts."""
    corpus = texts.corpus
    rows = np.tile(np.repeat(np.arange(len(corpus)), corpus.lengths), LONGEST)
    places = torch.from_numpy(np.stack([rows, slots(corpus, SLOTS).reshape(-1)]))
    values = torch.from_numpy((1 / np.sqrt(corpus.lengths)).astype(np.float32))[places[0]]
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # that compressed rows are new in PyTorch
        by_text = torch.sparse_coo_tensor(places, values, (len(corpus), SLOTS), check_invariants=True).coalesce()
        by_slot = by_text.t().coalesce().to_sparse_csr()
        by_text = by_text.to_sparse_csr()
    targets = texts.targets(np.arange(len(corpus)))
    table, bias = torch.zeros(SLOTS, OUTPUTS, requires_grad=True), torch.zeros(OUTPUTS, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [table, bias],
        max_iter=ITERATIONS,
        max_eval=2 * ITERATIONS,
        tolerance_grad=0,
        tolerance_change=0,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def costs() -> float:
        optimiser.zero_grad()
        logits = (by_text @ table.detach()).requires_grad_()
        cost = label_costs(logits + bias, targets).sum()
        cost.backward()
        with torch.no_grad():
            table.grad = by_slot @ logits.grad + PENALTY * table
            return float(cost + PENALTY / 2 * (table**2).sum())

    optimiser.step(costs)
    report(f"n-grams: cost {costs() / len(corpus):.3f} a text after {ITERATIONS} iterations")
    return NGrams(table.detach().numpy(), bias.detach().numpy())
