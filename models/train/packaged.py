"""Training that goes on from a packaged model, where no checkpoint is at hand: on another machine, a season later.

The package holds each weight as an 8-bit number, that is, as an interval. The start takes the published encoder's
weight where it lies in that interval and the nearest end where it does not, so that a weight that training never moved
is exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper

from models.train.network import Network

_LINEAR = re.compile(r"/(encoder/layer\.\d+/[\w./]+)/MatMul_quant")
_INT8_OPERATIONS = {"MatMulInteger", "DynamicQuantizeMatMul"}
Array = npt.NDArray[np.generic]
Floats = npt.NDArray[np.floating[Any]]


def load_packaged(network: Network, graphs: Iterable[Path]) -> list[str]:
    """Loads the weights of a packaged model's graphs in place; returns the names of those that they lack."""
    state = network.state_dict()
    missing = set(state)
    for path in graphs:
        for name, low, high in _intervals(onnx.load(str(path)).graph):
            if name in state and state[name].shape == low.shape:
                state[name] = torch.minimum(torch.maximum(state[name], low), high)
                missing.discard(name)
    network.load_state_dict(state)
    return sorted(missing)


def _intervals(graph: onnx.GraphProto) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    """Each weight by its name in the network, with the least and the greatest value that it may stand for."""
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    linears = {
        node.input[1].removesuffix("_quantized"): f"{match[1].replace('/', '.')}.weight"
        for node in graph.node
        if node.op_type in _INT8_OPERATIONS and (match := _LINEAR.match(node.name))
    }
    for stored, array in arrays.items():
        plain = stored.removesuffix("_quantized")
        if plain != stored:
            low, high = _dequantised(arrays, plain)
        elif array.dtype == np.float32:
            low = high = np.asarray(array, dtype=np.float32)
        else:
            continue
        transposed = plain in linears or (plain.startswith(("head", "exits")) and plain.endswith("weight"))
        name = linears.get(plain, plain)
        name = name if name.startswith(("head", "exits")) else f"encoder.{name}"
        yield (name, *(torch.tensor(side.T if transposed else side, dtype=torch.float32) for side in (low, high)))


def _dequantised(arrays: Mapping[str, Array], name: str) -> tuple[Floats, Floats]:
    """The ends of the intervals; a scale for each column, or one for all."""
    numbers, scale = (arrays[f"{name}_{part}"].astype(np.float32) for part in ("quantized", "scale"))
    middle = (numbers - arrays.get(f"{name}_zero_point", np.float32(0)).astype(np.float32)) * scale
    return middle - scale / 2, middle + scale / 2
