"""The trained network: encoder, mean over the tokens, one linear layer for all labels; and its masked loss.

Heads on middle layers too (deep supervision): a text that is clear after two layers need not go through the others,
and one run gives the figures of every depth. Sentiment is learnt with its source's class frequencies as priors (logit
adjustment, Menon et al. 2021), so that the logits themselves are those of even classes: the figures that count are
macro-averaged, and sources differ in what they collected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from transformers import BertModel

from models.labels import OUTPUTS, RISKS, SENTIMENTS
from models.train.sources import Example

NEUTRAL = SENTIMENTS.index("neutral")
HEAD_DROPOUT = 0.1
EXIT_WEIGHT = 0.3  # of a middle head's loss beside the last one's
LEAST_PRIOR = 0.05


@dataclass(frozen=True, slots=True)
class Targets:
    """What is known of n texts: ``sentiment`` (n,), ``risks`` (n, risks), each with its weights, 0 where unknown.

    ``log_priors`` (n, sentiments) are those of each text's source.
    """

    sentiment: torch.Tensor
    sentiment_weight: torch.Tensor
    log_priors: torch.Tensor
    binary: torch.Tensor
    risks: torch.Tensor
    risk_weights: torch.Tensor


class Network(nn.Module):  # type: ignore[misc]  # torch is absent where the types are checked
    """Logits (batch, OUTPUTS) of token ids (batch, tokens) at each depth; padding is masked out of the mean.

    ``exits`` are the depths, in layers, of the middle heads.
    """

    def __init__(self, encoder: BertModel, exits: Sequence[int] = ()) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(HEAD_DROPOUT)
        self.head = nn.Linear(encoder.config.hidden_size, OUTPUTS)
        self.exits = nn.ModuleDict({str(depth): nn.Linear(encoder.config.hidden_size, OUTPUTS) for depth in exits})

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> dict[int, torch.Tensor]:
        hidden = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        heads = {int(depth): head for depth, head in self.exits.items()} | {len(hidden) - 1: self.head}
        weights = mask.unsqueeze(-1).to(hidden[0].dtype)
        weights = weights / weights.sum(dim=1, keepdim=True)
        return {depth: head(self.dropout((hidden[depth] * weights).sum(dim=1))) for depth, head in heads.items()}


def log_priors(examples: Iterable[Example]) -> dict[str, list[float]]:
    """The logarithms of each source's shares of the sentiments, none below LEAST_PRIOR."""
    counts: dict[str, list[int]] = {}
    for example in examples:
        if example.sentiment is not None:
            counts.setdefault(example.source, [0] * len(SENTIMENTS))[example.sentiment] += 1
    return {
        source: [math.log(max(count / sum(of_source), LEAST_PRIOR)) for count in of_source]
        for source, of_source in counts.items()
    }


def to_targets(examples: Sequence[Example], priors: Mapping[str, list[float]]) -> Targets:
    """The targets of a batch; ``priors`` as of `log_priors`."""
    known = [[example.risks.get(label, (0.0, 0.0)) for label in RISKS] for example in examples]
    pairs = torch.tensor(known)
    return Targets(
        sentiment=torch.tensor([example.sentiment or 0 for example in examples]),
        sentiment_weight=torch.tensor([0.0 if e.sentiment is None else e.sentiment_weight for e in examples]),
        log_priors=torch.tensor([priors.get(example.source, [0.0] * len(SENTIMENTS)) for example in examples]),
        binary=torch.tensor([example.sentiment_binary for example in examples]),
        risks=pairs[..., 0],
        risk_weights=pairs[..., 1],
    )


def deep_loss(by_depth: Mapping[int, torch.Tensor], targets: Targets) -> torch.Tensor:
    """The last head's loss, and the middle heads' as EXIT_WEIGHT says."""
    last = max(by_depth)
    losses = [masked_loss(logits, targets) * (1.0 if d == last else EXIT_WEIGHT) for d, logits in by_depth.items()]
    return torch.stack(losses).sum()


def masked_loss(logits: torch.Tensor, targets: Targets) -> torch.Tensor:
    """The mean over texts of what their known labels cost; a source without a neutral class does not judge neutral."""
    sentiment = logits[:, : len(SENTIMENTS)] + targets.log_priors
    sentiment[:, NEUTRAL] = sentiment[:, NEUTRAL].masked_fill(targets.binary, -1e4)
    by_sentiment = nn.functional.cross_entropy(sentiment, targets.sentiment, reduction="none")
    by_risk = nn.functional.binary_cross_entropy_with_logits(
        logits[:, len(SENTIMENTS) :], targets.risks, reduction="none"
    )
    total = (by_sentiment * targets.sentiment_weight).sum() + (by_risk * targets.risk_weights).sum()
    return total / len(targets.sentiment)
