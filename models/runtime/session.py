"""One ONNX Runtime session on a fixed number of threads: padded token ids in, logits out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from models.labels import OUTPUTS

PADDING = 0


class Session:
    """A loaded graph. ``run`` blocks; with one thread, all its work happens on the calling thread."""

    def __init__(self, graph: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

    def run(self, ids: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        """Logits (texts, OUTPUTS) of one micro-batch of token ids, padded here to the longest.

        Raises:
            onnxruntime's own errors where the graph cannot run.
        """
        longest = max(map(len, ids))
        padded = np.full((len(ids), longest), PADDING, dtype=np.int64)
        mask = np.zeros((len(ids), longest), dtype=np.int64)
        for row, item in enumerate(ids):
            padded[row, : len(item)] = item
            mask[row, : len(item)] = 1
        logits = self._session.run(["logits"], {"input_ids": padded, "attention_mask": mask})[0]
        return np.asarray(logits, dtype=np.float32).reshape(len(ids), OUTPUTS)
