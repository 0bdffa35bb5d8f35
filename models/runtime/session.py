"""One ONNX Runtime session on a fixed number of threads: a stage of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

PADDING = 0
TYPE_INPUT = "token_type_ids"
Array = npt.NDArray[np.generic]


class Session:
    """A loaded graph. ``run`` blocks; with one thread, all its work happens on the calling thread.

    ``inner`` names a value of the graph that is given out after its outputs.
    """

    def __init__(self, graph: Path, threads: int, inner: str | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = str(graph) if inner is None else graph.read_bytes() + _further_output(inner)
        self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self.outputs: list[str] = [output.name for output in self._session.get_outputs()]
        self._types = any(given.name == TYPE_INPUT for given in self._session.get_inputs())

    def run(self, inputs: Mapping[str, Array]) -> list[Any]:
        """The graph's outputs, in the order of ``outputs``.

        Raises:
            onnxruntime's own errors where the graph cannot run.
        """
        given = dict(inputs)
        if self._types:  # of other people's graphs: a single text is all of type 0
            given[TYPE_INPUT] = np.zeros_like(given["input_ids"])
        return list(self._session.run(self.outputs, given))


def _further_output(name: str) -> bytes:
    """What a serialised graph is followed by to have one output more: a protobuf message goes on where bytes follow it,
    its repeated fields get longer. ModelProto.graph is field 7, GraphProto.output 12, ValueInfoProto.name 1."""
    message = name.encode()
    for field in (1, 12, 7):
        message = bytes([field << 3 | 2, len(message)]) + message
    return message


def padded_ids(ids: Sequence[Sequence[int]], padding: int = PADDING) -> dict[str, Array]:
    """``input_ids`` and ``attention_mask`` (texts, tokens) of one micro-batch, padded to its longest text."""
    longest = max(map(len, ids))
    padded = np.full((len(ids), longest), padding, dtype=np.int64)
    mask = np.zeros((len(ids), longest), dtype=np.int64)
    for row, item in enumerate(ids):
        padded[row, : len(item)] = item
        mask[row, : len(item)] = 1
    return {"input_ids": padded, "attention_mask": mask}


def padded_states(states: Sequence[npt.NDArray[np.float32]]) -> dict[str, Array]:
    """``hidden`` (texts, tokens, width) and ``attention_mask`` of texts that go on, each (its tokens, width)."""
    longest = max(map(len, states))
    padded = np.zeros((len(states), longest, states[0].shape[1]), dtype=np.float32)
    mask = np.zeros((len(states), longest), dtype=np.int64)
    for row, item in enumerate(states):
        padded[row, : len(item)] = item
        mask[row, : len(item)] = 1
    return {"hidden": padded, "attention_mask": mask}
