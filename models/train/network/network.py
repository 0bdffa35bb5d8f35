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
from models.train.network.masked_words import FIRST_WORD

NEUTRAL = SENTIMENTS.index("neutral")
HEAD_DROPOUT = 0.1
LEARNT_FROM_LAST = 0.5
"""Of an exit's loss: what the last head says, so that more texts may leave there with what it would have said."""
LEARNT_FROM_LABELS = 0.4  # of the loss where there are teachers; the rest is learnt from their answers
OFF = -1e4
SENTIMENT_AND_RISKS = slice(len(SENTIMENTS) - 1, None)
"""Of the outputs, one column for the three sentiments, which are known together, and one a risk."""


class Network(Trainable):
    """Logits (batch, OUTPUTS) of token ids (batch, tokens) at each depth; padding is masked out.

    ``exits`` are the depths, in layers, of the middle heads, each with its weight in the loss beside the last one's.
    While it learns, ``hidden_words`` of the words are the ``mask_token``, others each time: no text is learnt by heart.
    """

    def __init__(
        self, encoder: BertModel, exits: Mapping[int, float], hidden_words: float = 0.0, mask_token: int = 0
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.hidden_words = hidden_words
        self.mask_token = mask_token
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
        by_depth = {depth: logits.float() for depth, logits in self(self._with_gaps(batch.ids), batch.mask).items()}
        losses = {d: head_loss(logits, batch.targets) for d, logits in by_depth.items()}
        last = by_depth[max(by_depth)].detach()
        for d in losses.keys() - {max(by_depth)}:
            of_last = answer_costs(by_depth[d], last).sum() / len(last)
            losses[d] = (1 - LEARNT_FROM_LAST) * losses[d] + LEARNT_FROM_LAST * of_last
        return torch.stack([self.weights[d] * cost for d, cost in losses.items()]).sum()

    def _with_gaps(self, ids: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.hidden_words:
            return ids
        hidden = (torch.rand(ids.shape, device=ids.device) < self.hidden_words) & (ids >= FIRST_WORD)
        return torch.where(hidden, self.mask_token, ids)


def pooled(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean and the maximum over the tokens that the mask keeps: (batch, 2 * width)."""
    kept = mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * kept).sum(dim=1) / kept.sum(dim=1)
    return torch.cat([mean, (hidden + (1 - kept) * OFF).amax(dim=1)], dim=1)


def head_loss(logits: torch.Tensor, targets: Targets) -> torch.Tensor:
    """What the labels say, and where teachers answered, mostly what these say."""
    by_labels = label_costs(logits, targets)
    if targets.answers is None:
        return by_labels.sum() / len(logits)
    answered = ~targets.answers[:, SENTIMENT_AND_RISKS].isnan()
    shares = 1 - (1 - LEARNT_FROM_LABELS) * answered.float()
    by_answers = (1 - LEARNT_FROM_LABELS) * answer_costs(logits, targets.answers)
    return ((shares * by_labels).sum() + by_answers.sum()) / len(logits)


def label_costs(logits: torch.Tensor, targets: Targets) -> torch.Tensor:
    """What the known labels cost, (texts, 1 + risks), sentiment first, 0 where a label is unknown.

    A source without a neutral class does not judge neutral.
    """
    sentiment = logits[:, : len(SENTIMENTS)] + targets.log_priors
    off = torch.zeros_like(sentiment)
    off[:, NEUTRAL] = targets.binary * OFF
    by_sentiment = nn.functional.cross_entropy(sentiment + off, targets.sentiment, reduction="none")
    by_risk = nn.functional.binary_cross_entropy_with_logits(
        logits[:, len(SENTIMENTS) :], targets.risks, reduction="none"
    )
    return torch.cat([(by_sentiment * targets.sentiment_weight).unsqueeze(1), by_risk * targets.risk_weights], dim=1)


def answer_costs(logits: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """The cross-entropy against the teachers' probabilities (Hinton et al. 2015), (texts, 1 + risks), sentiment first.

    0 where there is no answer, which is NaN.
    """
    moods = answers[:, : len(SENTIMENTS)].nan_to_num().softmax(dim=1)
    by_sentiment = nn.functional.cross_entropy(logits[:, : len(SENTIMENTS)], moods, reduction="none")
    risks = answers[:, len(SENTIMENTS) :].nan_to_num().sigmoid()
    by_risk = nn.functional.binary_cross_entropy_with_logits(logits[:, len(SENTIMENTS) :], risks, reduction="none")
    costs = torch.cat([by_sentiment.unsqueeze(1), by_risk], dim=1)
    return costs * ~answers[:, SENTIMENT_AND_RISKS].isnan()
