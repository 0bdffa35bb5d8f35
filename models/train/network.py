"""The trained network: encoder, mean over the tokens, one linear layer for all labels; and its masked loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from transformers import BertModel

from models.labels import OUTPUTS, RISKS, SENTIMENTS
from models.train.sources import Example

NEUTRAL = SENTIMENTS.index("neutral")
HEAD_DROPOUT = 0.1


@dataclass(frozen=True, slots=True)
class Targets:
    """What is known of n texts: ``sentiment`` (n,), ``risks`` (n, risks), each with its weights, 0 where unknown."""

    sentiment: torch.Tensor
    sentiment_weight: torch.Tensor
    binary: torch.Tensor
    risks: torch.Tensor
    risk_weights: torch.Tensor


class Network(nn.Module):  # type: ignore[misc]  # torch is absent where the types are checked
    """Logits (batch, OUTPUTS) of token ids (batch, tokens); padding is masked out of the mean."""

    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(HEAD_DROPOUT)
        self.head = nn.Linear(encoder.config.hidden_size, OUTPUTS)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * weights).sum(dim=1) / weights.sum(dim=1)
        logits: torch.Tensor = self.head(self.dropout(pooled))
        return logits


def to_targets(examples: Sequence[Example]) -> Targets:
    """The targets of a batch."""
    known = [[example.risks.get(label, (0.0, 0.0)) for label in RISKS] for example in examples]
    pairs = torch.tensor(known)
    return Targets(
        sentiment=torch.tensor([example.sentiment or 0 for example in examples]),
        sentiment_weight=torch.tensor([0.0 if e.sentiment is None else e.sentiment_weight for e in examples]),
        binary=torch.tensor([example.sentiment_binary for example in examples]),
        risks=pairs[..., 0],
        risk_weights=pairs[..., 1],
    )


def masked_loss(logits: torch.Tensor, targets: Targets) -> torch.Tensor:
    """The mean over texts of what their known labels cost; a source without a neutral class does not judge neutral."""
    sentiment = logits[:, : len(SENTIMENTS)].clone()
    sentiment[:, NEUTRAL] = sentiment[:, NEUTRAL].masked_fill(targets.binary, -1e4)
    by_sentiment = nn.functional.cross_entropy(sentiment, targets.sentiment, reduction="none")
    by_risk = nn.functional.binary_cross_entropy_with_logits(
        logits[:, len(SENTIMENTS) :], targets.risks, reduction="none"
    )
    total = (by_sentiment * targets.sentiment_weight).sum() + (by_risk * targets.risk_weights).sum()
    return total / len(targets.sentiment)
