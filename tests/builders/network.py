"""A network small enough to train and export in a test. Needs torch, which only the train extra installs."""

from __future__ import annotations

from typing import Any

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
