"""A checkpoint's weights run by PyTorch, for those that come without an ONNX file. Needs the ``torch`` extra."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoModelForSequenceClassification


class TorchSession:
    """A sequence classifier of a local folder, from safetensors alone. ``run`` blocks."""

    def __init__(self, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        self._model = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        ).eval()

    def run(self, inputs: Mapping[str, npt.NDArray[np.generic]]) -> list[Any]:
        """The logits (texts, labels)."""
        with torch.inference_mode():
            return [self._model(**{name: torch.from_numpy(array) for name, array in inputs.items()}).logits.numpy()]
