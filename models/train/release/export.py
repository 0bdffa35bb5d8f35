"""A checkpoint as the ONNX graphs that are served, one a stage: from one head of the network to the next.

The first stage takes token ids, a later one the hidden states that the stage before it ends with, so that texts which
are clear early need not go on. The graphs are written as ONNX Runtime runs them, with its own operators for attention,
normalisation and int8 products; nothing is left to a fusion that recognises patterns.

Dynamic int8: weights per output channel with 7 bits, since AVX2 without VNNI saturates its 16-bit sums otherwise;
activations are quantised as they come. Word embeddings are int8 with a scale a row. Initialisers are named as the
encoder's parameters, with ``_quantized``, ``_scale`` and ``_zero_point`` where they are int8; linear weights lie
transposed (in, out). The small heads stay in fp32, the table of n-grams in fp16. Each token's n-grams are looked up
once, in the first stage, and go on beside its hidden state.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.labels import OUTPUTS
from models.train.network.network import OFF, Network
from models.train.network.ngrams import FACTOR, LONGEST, MIXED, MODULUS, NGrams
from models.train.network.quantisation import MAX_WEIGHT

Array = npt.NDArray[np.float32]
MICROSOFT = "com.microsoft"
OPSET, IR_VERSION = 18, 9
MAX_EMBEDDING = 127
_ATTENTION = ("query", "key", "value")


def export(
    network: Network, folder: Path, depths: Sequence[int], int8: bool = True, ngrams: NGrams | None = None
) -> list[str]:
    """Writes a graph from each of these depths, which have heads, to the next; returns the files' names.

    In: ``input_ids`` and ``attention_mask`` (texts, tokens), int64; a later stage has ``hidden`` (texts, tokens, width)
    in place of the ids, with what n-grams add to each logit behind it. Out: ``logits`` (texts, OUTPUTS) and, but for
    the last stage, ``hidden_out``.
    """
    arrays = {name.removeprefix("encoder."): t.detach().cpu().numpy() for name, t in network.state_dict().items()}
    config = network.encoder.config
    names = []
    for number, (start, end) in enumerate(zip([0, *depths], depths, strict=False), 1):
        head = "head" if end == config.num_hidden_layers else f"exits.{end}"
        stage = _Stage(arrays, config.num_attention_heads, config.layer_norm_eps, int8, ngrams)
        model = stage.build(range(start, end), head, keeps_hidden=end != depths[-1])
        onnx.checker.check_model(model)
        names.append(f"stage{number}.onnx")
        onnx.save(model, str(folder / names[-1]))
    return names


def write_configuration(network: Network, tokeniser: Mapping[str, Any], folder: Path, layers: int) -> None:
    """The files that `transformers` needs to load the tokeniser from a folder, without a network."""
    (folder / "tokenizer.json").write_text(json.dumps(tokeniser, ensure_ascii=False), encoding="utf-8")
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": network.encoder.config.max_position_embeddings,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    config = copy.deepcopy(network.encoder.config)
    config.num_hidden_layers = layers
    config.to_json_file(folder / "config.json")


class _Stage:
    """One graph in the making. Methods add nodes and return the name of what they compute."""

    def __init__(
        self, arrays: Mapping[str, Array], heads: int, epsilon: float, int8: bool, ngrams: NGrams | None
    ) -> None:
        self._arrays = arrays
        self._heads = heads
        self._epsilon = epsilon
        self._int8 = int8
        self._ngrams = ngrams
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def build(self, layers: range, head: str, keeps_hidden: bool) -> onnx.ModelProto:
        width = self._arrays["embeddings.LayerNorm.weight"].shape[0]
        tokens: Sequence[str] = ("texts", "tokens")
        carried = width + (OUTPUTS if self._ngrams else 0)
        hidden_in = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, [*tokens, carried])
        inputs = [
            hidden_in if layers.start else helper.make_tensor_value_info("input_ids", TensorProto.INT64, tokens),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, tokens),
        ]
        outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", OUTPUTS])]
        hidden = "hidden" if layers.start else self._embeddings()
        added = ""
        if self._ngrams:
            hidden, added = self._parted(width) if layers.start else (hidden, self._added(self._ngrams))
        mask = self._add("Cast", ["attention_mask"], "/mask", to=TensorProto.INT32)
        for layer in layers:
            hidden = self._layer(hidden, mask, f"encoder.layer.{layer}")
        self._pool_and_judge(hidden, head, added)
        if keeps_hidden:
            self._add("Concat", [hidden, added] if added else [hidden], "hidden_out", axis=2)
            outputs.append(helper.make_tensor_value_info("hidden_out", TensorProto.FLOAT, [*tokens, carried]))
        graph = helper.make_graph(self._nodes, head, inputs, outputs, list(self._constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)

    def _embeddings(self) -> str:
        """Words, positions and the one token type that is used; normalised."""
        words = self._words("embeddings.word_embeddings.weight")
        types = self._constant("/types", self._arrays["embeddings.token_type_embeddings.weight"][0])
        places = self._add("Add", [self._parameter("embeddings.position_embeddings.weight"), types], "/places")
        zero = self._constant("/zero", np.array([0]))
        length = self._add("Shape", ["input_ids"], "/length", start=1, end=2)
        used = self._add("Slice", [places, zero, length, zero], "/used")
        total = self._add("Add", [words, used], "/embeddings")
        scale, bias = (self._parameter(f"embeddings.LayerNorm.{part}") for part in ("weight", "bias"))
        return self._add("LayerNormalization", [total, scale, bias], "/embeddings/norm", epsilon=self._epsilon)

    def _added(self, ngrams: NGrams) -> str:
        """What the n-grams that end with each token add: (texts, tokens, OUTPUTS). See `ngrams.slots`."""
        one, last = self._constant("/ngrams/one", np.array(1)), self._constant("/ngrams/last", np.array([-1]))
        factor, modulus, rows = (
            self._constant(f"/ngrams/{name}", np.array(number))
            for name, number in (("factor", FACTOR), ("modulus", MODULUS), ("rows", len(ngrams.table)))
        )
        first, column, place = (
            self._constant(f"/ngrams/{name}", np.array([number]))
            for name, number in (("first", 0), ("column", 1), ("place", 2))
        )
        token = self._add("Add", ["input_ids", one], "/ngrams/token")
        nothing = self._add(
            "Sub", [self._add("Slice", ["input_ids", first, column, column], "/ngrams/begin")] * 2, "/ngrams/nothing"
        )
        hashed, found = self._add("Mod", [token, modulus], "/ngrams/1"), []
        for length in range(1, LONGEST + 1):
            if length > 1:
                path = f"/ngrams/{length}"
                before = self._add(
                    "Concat",
                    [nothing, self._add("Slice", [hashed, first, last, column], f"{path}/earlier")],
                    f"{path}/before",
                    axis=1,
                )
                joined = self._add(
                    "Add", [self._add("Mul", [before, factor], f"{path}/raised"), token], f"{path}/joined"
                )
                hashed = self._add("Mod", [joined, modulus], path)
            row = self._add("Mod", [hashed, rows], f"/ngrams/row{length}")
            found.append(self._add("Unsqueeze", [row, place], f"/ngrams/rows{length}"))
        table = self._constant("ngrams.table", (MIXED * ngrams.table).astype(np.float16))
        weights = self._add("Gather", [table, self._add("Concat", found, "/ngrams/rows_of", axis=2)], "/ngrams/found")
        floats = self._add("Cast", [weights], "/ngrams/floats", to=TensorProto.FLOAT)
        return self._add("ReduceSum", [floats, place], "/ngrams/added", keepdims=0)

    def _parted(self, width: int) -> tuple[str, str]:
        """The hidden states of the stage before, and what n-grams add."""
        sizes = self._constant("/parts", np.array([width, OUTPUTS]))
        parts = ["/hidden", "/ngrams/added"]
        self._nodes.append(helper.make_node("Split", ["hidden", sizes], parts, "/split", axis=2))
        return parts[0], parts[1]

    def _words(self, name: str) -> str:
        if not self._int8:
            return self._add("Gather", [self._parameter(name), "input_ids"], "/words")
        scale = np.maximum(np.abs(self._arrays[name]).max(axis=1, keepdims=True) / MAX_EMBEDDING, 1e-9)
        table, scales = self._quantised(name, self._arrays[name], scale)
        numbers = self._add("Gather", [table, "input_ids"], "/words/numbers")
        floats = self._add("Cast", [numbers], "/words/floats", to=TensorProto.FLOAT)
        return self._add("Mul", [floats, self._add("Gather", [scales, "input_ids"], "/words/scales")], "/words")

    def _layer(self, hidden: str, mask: str, layer: str) -> str:
        query, key, value = (self._linear(hidden, f"{layer}.attention.self.{part}") for part in _ATTENTION)
        attention = self._add(
            "MultiHeadAttention", [query, key, value, "", mask], f"/{layer}/attention", MICROSOFT, num_heads=self._heads
        )
        mixed = self._linear(attention, f"{layer}.attention.output.dense")
        hidden = self._add_and_norm(mixed, hidden, f"{layer}.attention.output.LayerNorm")
        wide = self._add("Gelu", [self._linear(hidden, f"{layer}.intermediate.dense")], f"/{layer}/gelu", MICROSOFT)
        return self._add_and_norm(self._linear(wide, f"{layer}.output.dense"), hidden, f"{layer}.output.LayerNorm")

    def _linear(self, x: str, layer: str) -> str:
        name, bias = f"{layer}.weight", self._parameter(f"{layer}.bias")
        path = "/" + layer.replace(".", "/").replace("layer/", "layer.")
        weight = self._arrays[name].T
        if not self._int8:
            return self._add(
                "Add", [self._add("MatMul", [x, self._constant(name, weight)], f"{path}/MatMul"), bias], path
            )
        scale = np.maximum(np.abs(weight).max(axis=0) / MAX_WEIGHT, 1e-9)
        numbers, scales = self._quantised(name, weight, scale)
        zero = self._constant(f"{name}_zero_point", np.zeros(weight.shape[1], dtype=np.int8))
        return self._add("DynamicQuantizeMatMul", [x, numbers, scales, zero, bias], f"{path}/MatMul_quant", MICROSOFT)

    def _add_and_norm(self, x: str, hidden: str, norm: str) -> str:
        parameters = [self._parameter(f"{norm}.{part}") for part in ("weight", "bias")]
        path = f"/{norm.replace('.', '/')}"
        return self._add("SkipLayerNormalization", [x, hidden, *parameters], path, MICROSOFT, epsilon=self._epsilon)

    def _pool_and_judge(self, hidden: str, head: str, added: str) -> None:
        """Mean and maximum over the tokens that the mask keeps, then the linear layer; and what n-grams add."""
        one = self._constant("/one", np.array([1]))
        zero, far = (
            self._constant("/pool/zero", np.array(0, dtype=np.float32)),
            self._constant("/pool/far", np.array(OFF, dtype=np.float32)),
        )
        kept = self._add("Cast", ["attention_mask"], "/pool/kept_tokens", to=TensorProto.FLOAT)
        row = self._add("Unsqueeze", [kept, one], "/pool/row")
        total = self._add("Squeeze", [self._add("MatMul", [row, hidden], "/pool/rows"), one], "/pool/total")
        count = self._add("ReduceSum", [kept, one], "/pool/count", keepdims=1)
        mean = self._add("Div", [total, count], "/pool/mean")
        off = self._add("Where", [self._add("Cast", [row], "/pool/keeps", to=TensorProto.BOOL), zero, far], "/pool/off")
        shifted = self._add(
            "Add", [hidden, self._add("Transpose", [off], "/pool/column", perm=[0, 2, 1])], "/pool/shifted"
        )
        top = self._add("ReduceMax", [shifted, one], "/pool/top", keepdims=0)
        both = self._add("Concat", [mean, top], "/pool/both", axis=1)
        product = self._add(
            "MatMul", [both, self._constant(f"{head}.weight", self._arrays[f"{head}.weight"].T)], "/head"
        )
        if not self._ngrams:
            self._add("Add", [product, self._parameter(f"{head}.bias")], "logits")
            return
        judged = self._add("Add", [product, self._parameter(f"{head}.bias")], "/judged")
        by_ngrams = self._add("Squeeze", [self._add("MatMul", [row, added], "/ngrams/sum"), one], "/ngrams/total")
        share = self._add("Div", [by_ngrams, self._add("Sqrt", [count], "/ngrams/root")], "/ngrams/share")
        bias = self._constant("ngrams.bias", MIXED * self._ngrams.bias)
        self._add("Add", [judged, self._add("Add", [share, bias], "/ngrams/logits")], "logits")

    def _quantised(self, name: str, weight: Array, scale: Array) -> tuple[str, str]:
        numbers = self._constant(f"{name}_quantized", np.round(weight / scale).astype(np.int8))
        return numbers, self._constant(f"{name}_scale", scale.astype(np.float32))

    def _parameter(self, name: str) -> str:
        return self._constant(name, self._arrays[name])

    def _constant(self, name: str, array: npt.NDArray[Any]) -> str:
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def _add(self, operation: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operation, inputs, [output], output, domain=domain, **attributes))
        return output
