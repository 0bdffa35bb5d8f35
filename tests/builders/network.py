"""A network small enough to train and export in a test. Needs torch, which only the train extra installs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from models.labels import RISKS
from models.train.data.corpus import Corpus

DEPTHS = (1, 2, 3)


def small_network(layers: int = DEPTHS[-1]) -> Any:
    """With a head after each of its layers."""
    import torch
    from transformers import BertConfig, BertModel

    from models.train.network.network import Network

    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=40, hidden_size=64, num_hidden_layers=layers, num_attention_heads=4, intermediate_size=128
    )
    network = Network(BertModel(config, add_pooling_layer=False), dict.fromkeys(range(1, layers), 0.5)).eval()  # type: ignore[no-untyped-call]  # transformers leaves it so
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return network


def word_tokeniser(*words: str) -> Tokenizer:
    """Of texts of these words, with the special tokens before them."""
    known = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *words)
    tokeniser = Tokenizer(WordLevel({word: row for row, word in enumerate(known)}, unk_token="[UNK]"))
    tokeniser.pre_tokenizer = Whitespace()
    return tokeniser


def corpus_of(ids: Sequence[Sequence[int]]) -> Corpus:
    """Token ids as a corpus without labels."""
    n = len(ids)
    return Corpus(
        tokens=np.concatenate([np.array(row, dtype=np.uint16) for row in ids]),
        starts=np.cumsum([0, *map(len, ids)], dtype=np.int64),
        sources=np.array(["x"]),
        source=np.zeros(n, dtype=np.int16),
        sentiment=np.full(n, -1, dtype=np.int8),
        sentiment_weight=np.zeros(n, dtype=np.float16),
        binary=np.zeros(n, dtype=bool),
        risks=np.zeros((n, len(RISKS)), dtype=np.float16),
        risk_weights=np.zeros((n, len(RISKS)), dtype=np.float16),
        passes=np.ones(n, dtype=np.int8),
    )
