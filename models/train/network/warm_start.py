"""Training that goes on from a packaged model, where no checkpoint is at hand: on another machine, a season later.

The package holds each weight as an 8-bit number, that is, as an interval. The start takes the published encoder's
weight where it lies in that interval and the nearest end where it does not, so that a weight that training never moved
is exact. A head has a row for each label: those of labels that the package does not know yet stay as they begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper

from models.labels import RISKS, SENTIMENTS
from models.train.network.network import Network

_EMBEDDINGS = "embeddings."
_HEADS = ("head.", "exits.")
_TYPES = "encoder.embeddings.token_type_embeddings.weight"
Array = npt.NDArray[np.generic]
Floats = npt.NDArray[np.floating[Any]]


def load_from_package(network: Network, graphs: Iterable[Path], risks: Sequence[str] = RISKS) -> list[str]:
    """Loads the weights of a packaged model's graphs in place; returns the names of those that they lack.

    ``risks`` are those that the package knows, in the order of its outputs. The head at the network's own depth is its
    last one, whatever it was in the package.
    """
    state = network.state_dict()
    missing = set(state)
    rows = _rows(risks)
    last = f"exits.{network.encoder.config.num_hidden_layers}."
    for path in graphs:
        for stored, low, high in _intervals(onnx.load(str(path)).graph):
            name = stored.replace(last, "head.")
            if name.startswith(_HEADS) and name in state and len(low) == len(rows):
                state[name][rows] = low
                missing.discard(name)
                continue
            if name == "encoder./types":  # the graph has the one type that is used
                state[_TYPES][0] = low
                missing.discard(_TYPES)
            elif name in state and state[name].shape == low.shape:
                state[name] = torch.minimum(torch.maximum(state[name], low), high)
                missing.discard(name)
    network.load_state_dict(state)
    return sorted(missing)


def keep_part_of(network: Network, before: Network, missing: Sequence[str], risks: Sequence[str], kept: float) -> None:
    """Moves the weights back by ``kept`` of the way to those ``before`` the training, in place.

    Between both lie networks that know what is new and forget less of what was known (Wortsman et al. 2022). What was
    not there before, the ``missing`` weights and rows of heads for other than these ``risks``, stays as it was learnt.
    """
    state, start = network.state_dict(), before.state_dict()
    rows = _rows(risks)
    for name in state.keys() - set(missing):
        if name.startswith(_HEADS):
            state[name][rows] = torch.lerp(state[name][rows], start[name][rows], kept)
        else:
            state[name] = torch.lerp(state[name], start[name], kept)
    network.load_state_dict(state)


def take_mean(network: Network, others: Sequence[Network]) -> None:
    """Moves the weights to the mean of these and those of the ``others``, networks of the same shape, in place."""
    states = [network.state_dict(), *(other.state_dict() for other in others)]
    network.load_state_dict(
        {
            name: torch.stack([state[name] for state in states]).mean(dim=0) if tensor.is_floating_point() else tensor
            for name, tensor in states[0].items()
        }
    )


def _rows(risks: Sequence[str]) -> list[int]:
    """The outputs of the sentiments and of these risks."""
    return [*range(len(SENTIMENTS)), *(len(SENTIMENTS) + RISKS.index(label) for label in risks)]


def _intervals(graph: onnx.GraphProto) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    """Each weight by its name in the network, with the least and the greatest value that it may stand for.

    Linear weights and those of heads lie transposed, as `models.train.release.export` writes them.
    """
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for stored, array in arrays.items():
        name = stored.removesuffix("_quantized")
        if name != stored:
            low, high = _dequantised(arrays, name)
        elif array.dtype == np.float32 and not name.endswith("_scale"):
            low = high = np.asarray(array, dtype=np.float32)
        else:
            continue
        of_head = name.startswith(_HEADS)
        if low.ndim == 2 and not name.startswith(_EMBEDDINGS):
            low, high = low.T, high.T
        yield name if of_head else f"encoder.{name}", *(torch.tensor(side, dtype=torch.float32) for side in (low, high))


def _dequantised(arrays: Mapping[str, Array], name: str) -> tuple[Floats, Floats]:
    """The ends of the intervals; a scale for each column of a linear weight, for each row of the embeddings."""
    numbers, scale = (arrays[f"{name}_{part}"].astype(np.float32) for part in ("quantized", "scale"))
    return (numbers - 0.5) * scale, (numbers + 0.5) * scale
