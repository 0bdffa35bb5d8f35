"""The model that the configuration names: the bundled one, a folder in its form, or a checkpoint of `transformers`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.runtime.classifier import REMEMBERED_TEXTS, Classifier, load_classifier
from models.runtime.correction import CorrectionRefused
from models.runtime.flagging import AS_SHIPPED, Flagging, FlaggingRefused
from models.runtime.manifest import FILE_NAME, ModelRefused


def load_model(
    name: str | None,
    labels: Mapping[str, str] | None = None,
    remembered_texts: int = REMEMBERED_TEXTS,
    flagging: Flagging = AS_SHIPPED,
    correction: Path | None = None,
) -> Classifier[Any]:
    """``name`` is a folder or a hub id, None the bundled model; ``labels`` is for a checkpoint only.

    Raises:
        ModelRefused: in one line, what is wrong and what to do.
        FlaggingRefused: likewise, where the choice of thresholds is wrong and not the model.
        CorrectionRefused: likewise, where the correction is not of this model.
    """
    if name is None or (Path(name) / FILE_NAME).exists():
        if labels:
            raise ModelRefused("PULSEWATCH_MODEL_LABELS is for checkpoints with labels of their own; leave it out")
        folder = Path(name) if name else None
        return load_classifier(folder, remembered_texts=remembered_texts, flagging=flagging, correction=correction)
    if flagging != AS_SHIPPED:
        raise FlaggingRefused(f"{name} has no operating points: they belong to models of python -m models.train")
    if correction is not None:
        raise CorrectionRefused(f"{name} takes no correction: only models of python -m models.train learn from marks")
    from models.runtime.checkpoint import load_checkpoint  # brings what only a checkpoint needs

    return load_checkpoint(name, labels or {}, remembered_texts=remembered_texts)
