"""Any other sequence classifier of the `transformers` library, served in place of the bundled model.

A folder, or a hub id, with ``config.json``, a tokeniser and weights. Where it holds an ONNX file this runs through ONNX
Runtime, the quantised one first; else its safetensors run through PyTorch, which the ``torch`` extra installs. Pickles
and code of the checkpoint's own are never loaded. A label map says what its labels are in our terms:

    {"LABEL_0": "negative", "LABEL_2": "positive", "toxic": "abuse", "other": ""}

Several labels may mean the same; one that maps to "" is left out; one that is not in the map means what it is called.
Its probabilities are served as they are: nobody calibrated them for us, and a risk is flagged from 0.5 on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
from huggingface_hub import snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError
from transformers import AutoConfig

from models.labels import RISKS, SENTIMENTS
from models.normalise import normalise
from models.runtime.cascade import Runs, micro_batches
from models.runtime.classifier import REMEMBERED_TEXTS, Classifier
from models.runtime.manifest import ModelRefused
from models.runtime.scorer import Scores
from models.runtime.session import Session, padded_ids
from models.runtime.tokeniser import Tokeniser, load_tokeniser

MAX_TOKENS = 256
FLAGGED_FROM = 0.5
GRAPHS = (
    "onnx/model_quantized.onnx", "model_quantized.onnx", "onnx/model_int8.onnx", "onnx/model.onnx", "model.onnx",
)  # fmt: skip
FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "*.onnx", "*.onnx_data"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Loaded. ``meanings[i]`` is what the i-th output means in our terms, "" where it is left out."""

    tokeniser: Tokeniser
    graph: Runs
    meanings: tuple[str, ...]
    padding: int
    multi_label: bool

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        """The scores of texts in normal form, in order; None where the tokeniser fails."""
        encoded = self.tokeniser.encode(texts)
        results: list[Scores | None] = [None] * len(texts)
        lengths = {index: len(ids) for index, ids in enumerate(encoded) if ids is not None}
        for indices in micro_batches(lengths):
            (logits, *_) = self.graph.run(padded_ids([encoded[i] or [] for i in indices], self.padding))
            for index, row in zip(indices, self._probabilities(np.asarray(logits, dtype=np.float64)), strict=True):
                results[index] = self._scores(row)
        return results

    def _probabilities(self, logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if self.multi_label:
            return np.asarray(1 / (1 + np.exp(-logits)))
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def _scores(self, row: npt.NDArray[np.float64]) -> Scores:
        sums: dict[str, float] = {}
        for meaning, probability in zip(self.meanings, row.tolist(), strict=True):
            sums[meaning] = sums.get(meaning, 0.0) + probability
        total = sum(sums.get(label, 0.0) for label in SENTIMENTS)
        sentiments = {label: round(sums.get(label, 0.0) / total, 4) for label in SENTIMENTS}
        risks = {label: round(min(sums[label], 1.0), 4) for label in RISKS if label in sums}
        return Scores(
            sentiment=max(sentiments, key=sentiments.__getitem__),
            sentiment_scores=sentiments,
            risks=risks,
            flagged=[label for label, probability in risks.items() if probability >= FLAGGED_FROM],
        )


def load_checkpoint(
    name: str, labels: Mapping[str, str], threads: int = 1, remembered_texts: int = REMEMBERED_TEXTS
) -> Classifier[Checkpoint]:
    """The classifier of a folder or hub id; ``labels`` maps the checkpoint's labels to ours.

    Raises:
        ModelRefused: it is not there, its labels are not ours, or it cannot be run with what is installed.
    """
    folder = _find(name)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        tokeniser = load_tokeniser(folder, min(MAX_TOKENS, getattr(config, "max_position_embeddings", MAX_TOKENS) - 2))
    except Exception as error:  # whatever transformers raises for files that it cannot read
        raise ModelRefused(f"{name}: {_one_line(error)}") from error
    meanings = _meanings(name, [config.id2label[index] for index in range(config.num_labels)], labels)
    checkpoint = Checkpoint(
        tokeniser,
        _load_graph(name, folder, threads),
        meanings,
        config.pad_token_id or 0,
        config.problem_type == "multi_label_classification",
    )
    revision = f"{Path(name).name}@{_revision(folder)}"
    return Classifier(revision, {"any": checkpoint}, remembered_texts, form=normalise, language_of=lambda _: "any")


def _find(name: str) -> Path:
    """The folder of a checkpoint: itself, the hub's local cache, or the hub."""
    if Path(name).is_dir():
        return Path(name)
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelRefused(f"{name}: no such folder")
    try:
        return Path(snapshot_download(name, allow_patterns=FILES, local_files_only=True))
    except LocalEntryNotFoundError:
        pass
    try:
        return Path(snapshot_download(name, allow_patterns=FILES))
    except Exception as error:  # no network, no such id, no permission: each has a type of its own
        raise ModelRefused(
            f"{name}: neither a folder nor in the local Hugging Face cache, and the hub does not give it "
            f"({_one_line(error)})"
        ) from error


def _meanings(name: str, given: Sequence[str], labels: Mapping[str, str]) -> tuple[str, ...]:
    ours = {*SENTIMENTS, *RISKS}
    if unknown := sorted(set(labels) - set(given)):
        raise ModelRefused(f"{name} has no label {', '.join(unknown)}; it has {', '.join(given)}")
    meanings = tuple(labels.get(label, label.lower()) for label in given)
    if strange := [label for label, meaning in zip(given, meanings, strict=True) if meaning not in {"", *ours}]:
        raise ModelRefused(
            f"{name}: what its label {strange[0]} means is not known; map {', '.join(given)} to "
            f'{", ".join(SENTIMENTS + RISKS)} or "" in PULSEWATCH_MODEL_LABELS'
        )
    if not {"negative", "positive"} <= set(meanings):
        raise ModelRefused(f"{name}: at least one of its labels must mean negative, and one positive")
    return meanings


def _load_graph(name: str, folder: Path, threads: int) -> Runs:
    for graph in GRAPHS:
        if (folder / graph).exists():
            try:
                return Session(folder / graph, threads)
            except Exception as error:  # onnxruntime's own errors
                raise ModelRefused(f"{name}: {graph}: {_one_line(error)}") from error
    try:
        from models.runtime.torch_session import TorchSession
    except ImportError:
        raise ModelRefused(
            f"{name} has no ONNX file, and PyTorch is not installed: pip install 'pulsewatch[torch]'"
        ) from None
    try:
        return TorchSession(folder, threads)
    except Exception as error:  # whatever transformers raises for weights that do not fit
        raise ModelRefused(f"{name}: {_one_line(error)}") from error


def _revision(folder: Path) -> str:
    """Short and the same for the same files: what scored texts name."""
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)} {path.stat().st_size} ".encode())
            if path.suffix == ".json":
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
