"""The trained network: encoder, mean and maximum over the tokens, one linear layer for all labels; and its losses.

Heads on middle layers too (deep supervision): a text that is clear after two layers need not go through the others,
and one run gives the figures of every depth. Sentiment is learnt with its source's class frequencies as priors (logit
adjustment, Menon et al. 2021), so that the logits themselves are those of even classes: the figures that count are
macro-averaged, and sources differ in what they collected. The maximum is for long host speech, where one sentence in
ten breaks the law.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from transformers import BertModel

from models.labels import OUTPUTS, SENTIMENTS
from models.train.data.batches import Batch, Targets
from models.train.loop import Trainable

NEUTRAL = SENTIMENTS.index("neutral")
HEAD_DROPOUT = 0.1
LEARNT_FROM_LABELS = 0.4  # of the loss where there are teachers; the rest is learnt from their answers
OFF = -1e4


class Network(Trainable):
    """Logits (batch, OUTPUTS) of token ids (batch, tokens) at each depth; padding is masked out.

    ``exits`` are the depths, in layers, of the middle heads, each with its weight in the loss beside the last one's.
    """

    def __init__(self, encoder: BertModel, exits: Mapping[int, float]) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(HEAD_DROPOUT)
        width, depth = 2 * encoder.config.hidden_size, encoder.config.num_hidden_layers
        self.head = nn.Linear(width, OUTPUTS)
        self.exits = nn.ModuleDict({str(exit_depth): nn.Linear(width, OUTPUTS) for exit_depth in exits})
        self.weights = {**exits, depth: 1.0}

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> dict[int, torch.Tensor]:
        hidden = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        heads = {int(depth): head for depth, head in self.exits.items()} | {len(hidden) - 1: self.head}
        return {depth: head(self.dropout(pooled(hidden[depth], mask))) for depth, head in heads.items()}

    def loss(self, batch: Batch) -> torch.Tensor:
        """The losses of all heads, weighted by depth."""
        by_depth = self(batch.ids, batch.mask)
        losses = {d: head_loss(logits.float(), batch.targets) for d, logits in by_depth.items()}
        return torch.stack([self.weights[d] * cost for d, cost in losses.items()]).sum()


def pooled(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean and the maximum over the tokens that the mask keeps: (batch, 2 * width)."""
    kept = mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * kept).sum(dim=1) / kept.sum(dim=1)
    return torch.cat([mean, (hidden + (1 - kept) * OFF).amax(dim=1)], dim=1)


def head_loss(logits: torch.Tensor, targets: Targets) -> torch.Tensor:
    """What the labels say, and where there are teachers, mostly what these say."""
    by_labels = masked_loss(logits, targets)
    if targets.answers is None:
        return by_labels
    return LEARNT_FROM_LABELS * by_labels + (1 - LEARNT_FROM_LABELS) * distance(logits, targets.answers)


def masked_loss(logits: torch.Tensor, targets: Targets) -> torch.Tensor:
    """The mean over texts of what their known labels cost; a source without a neutral class does not judge neutral."""
    sentiment = logits[:, : len(SENTIMENTS)] + targets.log_priors
    off = torch.zeros_like(sentiment)
    off[:, NEUTRAL] = targets.binary * OFF
    by_sentiment = nn.functional.cross_entropy(sentiment + off, targets.sentiment, reduction="none")
    by_risk = nn.functional.binary_cross_entropy_with_logits(
        logits[:, len(SENTIMENTS) :], targets.risks, reduction="none"
    )
    total = (by_sentiment * targets.sentiment_weight).sum() + (by_risk * targets.risk_weights).sum()
    return total / len(targets.sentiment)


def distance(logits: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """The mean over texts of the cross-entropy against the teachers' probabilities (Hinton et al. 2015)."""
    moods = answers[:, : len(SENTIMENTS)].softmax(dim=1)
    by_sentiment = nn.functional.cross_entropy(logits[:, : len(SENTIMENTS)], moods)
    risks = answers[:, len(SENTIMENTS) :].sigmoid()
    by_risk = nn.functional.binary_cross_entropy_with_logits(logits[:, len(SENTIMENTS) :], risks, reduction="none")
    return by_sentiment + by_risk.sum(dim=1).mean()
