"""Linear layers that compute as int8 will: training goes on in what is served, so that quantising costs little.

Weights per output channel, activations per tensor as they come, as `models.train.release.export` writes them; the
gradient passes the rounding as if it were not there (straight-through, Jacob et al. 2018).
"""

from __future__ import annotations

import torch
from torch import nn

from models.train.network.network import Network

MAX_WEIGHT = 64  # 255 * 64 twice is the most that the 16-bit sums of AVX2 hold
MAX_ACTIVATION = 255


class FakeQuantisedLinear(nn.Linear):  # type: ignore[misc]  # torch is absent where the types are checked
    """A linear layer whose forward pass rounds as the served one does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = (self.weight.detach().abs().amax(dim=1, keepdim=True) / MAX_WEIGHT).clamp(min=1e-9)
        weight = self.weight + ((self.weight / scale).round() * scale - self.weight).detach()
        low, high = x.detach().amin().clamp(max=0), x.detach().amax().clamp(min=0)
        step = ((high - low) / MAX_ACTIVATION).clamp(min=1e-9)
        rounded = x + ((x / step).round() * step - x).detach()
        return nn.functional.linear(rounded, weight, self.bias)


def enable_fake_quantisation(network: Network) -> None:
    """Makes every linear layer of the encoder round from now on; the heads stay in fp32 when served."""
    for module in network.encoder.modules():
        if type(module) is nn.Linear:
            module.__class__ = FakeQuantisedLinear
