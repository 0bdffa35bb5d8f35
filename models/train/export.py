"""A checkpoint as the ONNX graph that is served: the encoder's own graph with new weights, pooling and head behind it.

Taking the published graph spares an exporter. Token types, always 0 here, become a constant. Dynamic int8: weights per
channel with 7 bits (``reduce_range``), since AVX2 without VNNI saturates its 16-bit sums otherwise; activations are
quantised as they come. The word embeddings are int8 too; the small head stays in fp32.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.utils import Extractor
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from models.labels import OUTPUTS
from models.train.encoder import Encoder, layer_weights
from models.train.network import Network

HEAD_NODE = "/head/MatMul"
TYPE_EMBEDDINGS = "embeddings.token_type_embeddings.weight"
Array = npt.NDArray[np.float32]


def export(network: Network, original: Path, encoder: Encoder, graph: Path) -> None:
    """Writes the int8 graph of a trained network: (input_ids, attention_mask) → logits (texts, OUTPUTS)."""
    fp32 = graph.with_name("model.fp32.onnx")
    prepared = graph.with_name("model.prepared.onnx")
    onnx.save(fp32_graph(network, original, encoder), str(fp32))
    quant_pre_process(str(fp32), str(prepared), skip_symbolic_shape=True)
    quantize_dynamic(
        str(prepared),
        str(graph),
        op_types_to_quantize=["MatMul", "Gather"],
        nodes_to_exclude=[HEAD_NODE],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )
    prepared.unlink()


def fp32_graph(network: Network, original: Path, encoder: Encoder) -> onnx.ModelProto:
    """The graph of a trained network before quantisation."""
    model = onnx.load(str(original))
    arrays = _arrays(network)
    _replace_weights(model, arrays, encoder)
    _fix_token_types(model)
    _append_head(model, arrays, f"/encoder/layer.{encoder.kept - 1}/output/LayerNorm/Add_1_output_0")
    model = Extractor(model).extract_model(["input_ids", "attention_mask"], ["logits"])  # without the layers above
    onnx.checker.check_model(model)
    return model


def write_configuration(network: Network, tokeniser: Mapping[str, Any], folder: Path) -> None:
    """The files that `transformers` needs to load the tokeniser from a folder, without a network."""
    (folder / "tokenizer.json").write_text(json.dumps(tokeniser, ensure_ascii=False), encoding="utf-8")
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": network.encoder.config.max_position_embeddings,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    network.encoder.config.to_json_file(folder / "config.json")


def _arrays(network: Network) -> dict[str, Array]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}


def _replace_weights(model: onnx.ModelProto, arrays: Mapping[str, Array], encoder: Encoder) -> None:
    stored_as = layer_weights(model, encoder.layers)
    linear = {stored: arrays[f"encoder.{name}"].T for name, stored in stored_as.items() if f"encoder.{name}" in arrays}
    for tensor in model.graph.initializer:
        array = linear.get(tensor.name, arrays.get(f"encoder.{tensor.name}"))
        if array is not None:
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))


def _fix_token_types(model: onnx.ModelProto) -> None:
    (lookup,) = [node for node in model.graph.node if TYPE_EMBEDDINGS in node.input]
    (table,) = [tensor for tensor in model.graph.initializer if tensor.name == TYPE_EMBEDDINGS]
    row = numpy_helper.to_array(table)[0].reshape(1, 1, -1)
    model.graph.node.remove(lookup)
    model.graph.initializer.remove(table)
    model.graph.initializer.append(numpy_helper.from_array(row, lookup.output[0]))
    (unused,) = [value for value in model.graph.input if value.name == "token_type_ids"]
    model.graph.input.remove(unused)


def _append_head(model: onnx.ModelProto, arrays: Mapping[str, Array], hidden: str) -> None:
    """Mean of ``hidden`` over the tokens that the mask keeps, then the linear layer."""
    model.graph.initializer.extend(
        (
            numpy_helper.from_array(np.ascontiguousarray(arrays["head.weight"].T), "head.weight"),
            numpy_helper.from_array(arrays["head.bias"], "head.bias"),
        )
    )
    model.graph.node.extend(
        (
            helper.make_node("Cast", ["attention_mask"], ["/pool/mask"], "/pool/Cast", to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["/pool/mask"], ["/pool/column"], "/pool/Unsqueeze", axes=[2]),
            helper.make_node("Mul", [hidden, "/pool/column"], ["/pool/kept"], "/pool/Mul"),
            helper.make_node("ReduceSum", ["/pool/kept"], ["/pool/sum"], "/pool/Sum", axes=[1], keepdims=0),
            helper.make_node("ReduceSum", ["/pool/column"], ["/pool/count"], "/pool/Count", axes=[1], keepdims=0),
            helper.make_node("Div", ["/pool/sum", "/pool/count"], ["/pool/mean"], "/pool/Div"),
            helper.make_node("MatMul", ["/pool/mean", "head.weight"], ["/head/product"], HEAD_NODE),
            helper.make_node("Add", ["/head/product", "head.bias"], ["logits"], "/head/Add"),
        )
    )
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", OUTPUTS]))
