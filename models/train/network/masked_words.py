"""Masked language modelling on the texts at hand, before any label: the encoder learns how people write here.

Gururangan et al. 2020, "Don't Stop Pretraining". The output layer is tied to the word embeddings and thrown away after.
"""

from __future__ import annotations

import torch
from torch import nn
from transformers import BertModel

from models.train.data.batches import Batch
from models.train.loop import Trainable

MASKED = 0.15
OF_MASKED_HIDDEN, OF_MASKED_KEPT = 0.8, 0.1  # the others become a random word (Devlin et al. 2019)
FIRST_WORD = 104  # ids before are [PAD], [unused…], [UNK], [CLS], [SEP], [MASK] in both vocabularies


class MaskedLanguageModel(Trainable):
    """An encoder with an output layer that guesses hidden words."""

    def __init__(self, encoder: BertModel, mask_token: int) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.mask_token = mask_token
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(encoder.config.vocab_size))

    def loss(self, batch: Batch) -> torch.Tensor:
        """The mean cross-entropy over the words that were chosen in this draw."""
        words = self.encoder.embeddings.word_embeddings.weight
        chosen = (torch.rand(batch.ids.shape, device=batch.ids.device) < MASKED) & (batch.ids >= FIRST_WORD)
        fate = torch.rand(batch.ids.shape, device=batch.ids.device)
        random = torch.randint_like(batch.ids, FIRST_WORD, len(words))
        hidden_word = torch.where(fate < OF_MASKED_HIDDEN, self.mask_token, random)
        kept = ~chosen | (fate > 1 - OF_MASKED_KEPT)
        ids = torch.where(kept, batch.ids, hidden_word)
        states = self.encoder(input_ids=ids, attention_mask=batch.mask).last_hidden_state[chosen]
        guesses = nn.functional.linear(self.transform(states), words, self.bias)
        # A batch of very short texts may have no chosen word: then it teaches nothing.
        return nn.functional.cross_entropy(guesses.float(), batch.ids[chosen], reduction="sum") / max(1, len(states))
