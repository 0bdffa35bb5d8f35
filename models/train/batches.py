"""Batches of about equal cost: texts of about equal length, as many as a budget of tokens allows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from models.train.network import Targets, to_targets
from models.train.sources import Example

BATCH_TEXTS = 32
BATCH_TOKENS = 1_536
_POOL = 80 * BATCH_TEXTS  # texts sorted together: short enough that an epoch's order stays random


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded token ids and mask (n, tokens), with the targets."""

    ids: torch.Tensor
    mask: torch.Tensor
    targets: Targets


def encode(tokeniser: Tokenizer, examples: Sequence[Example]) -> list[list[int]]:
    """Each example's token ids, cut at its source's length, the closing [SEP] kept."""
    encoded = tokeniser.encode_batch([example.text for example in examples])
    return [cut(item.ids, example.max_tokens) for item, example in zip(encoded, examples, strict=True)]


def cut(ids: list[int], max_tokens: int) -> list[int]:
    return ids if len(ids) <= max_tokens else [*ids[: max_tokens - 1], ids[-1]]


def plan_epoch(lengths: Sequence[int], draw: random.Random) -> list[list[int]]:
    """Batches as lists of example indices, in random order."""
    order = list(range(len(lengths)))
    draw.shuffle(order)
    batches: list[list[int]] = []
    for start in range(0, len(order), _POOL):
        pool = sorted(order[start : start + _POOL], key=lengths.__getitem__)
        current: list[int] = []
        for index in pool:
            if current and (len(current) == BATCH_TEXTS or (len(current) + 1) * lengths[index] > BATCH_TOKENS):
                batches.append(current)
                current = []
            current.append(index)
        batches.append(current)
    draw.shuffle(batches)
    return batches


def collate(ids: Sequence[list[int]], examples: Sequence[Example], priors: Mapping[str, list[float]]) -> Batch:
    """One padded batch; the padding token is 0 in both vocabularies."""
    longest = max(map(len, ids))
    padded = torch.tensor([item + [0] * (longest - len(item)) for item in ids])
    mask = torch.tensor([[1] * len(item) + [0] * (longest - len(item)) for item in ids])
    return Batch(padded, mask, to_targets(examples, priors))
