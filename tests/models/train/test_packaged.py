"""A packaged model's 8-bit weights as the start of a training run. Needs torch, which only the train extra installs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.models.train.test_network import WORDS, tiny_network

pytest.importorskip("torch", reason="torch comes with the train extra only")
onnx = pytest.importorskip("onnx", reason="onnx comes with the train extra only")
pytestmark = pytest.mark.torch

STEP = 0.01
QUERY = "encoder.encoder.layer.0.attention.self.query.weight"


def write_graph(path: Path, query: npt.NDArray[np.int8]) -> None:
    """A graph with one linear weight in 8 bits, a word table and a bias, named as in the packages."""
    from onnx import TensorProto, helper, numpy_helper

    arrays: dict[str, npt.NDArray[np.generic]] = {
        "w_quantized": np.ascontiguousarray(query.T),
        "w_scale": np.full(len(query), STEP, dtype=np.float32),
        "w_zero_point": np.zeros(len(query), dtype=np.int8),
        "head.bias": np.arange(11, dtype=np.float32),
        "embeddings.word_embeddings.weight": np.full((len(WORDS), 16), 0.5, dtype=np.float32),
    }
    name = "/encoder/layer.0/attention/self/query/MatMul_quant"
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w_quantized", "", "w_zero_point"], ["y"], name)],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.INT8, [None, 16])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [None, 16])],
        [numpy_helper.from_array(array, stored) for stored, array in arrays.items()],
    )
    onnx.save(helper.make_model(graph), str(path))


def test_a_weight_is_taken_from_its_8_bit_interval_and_kept_where_it_lies_within(tmp_path: Path) -> None:
    import torch

    from models.train.packaged import load_packaged

    network = tiny_network(seed=3)
    before = network.state_dict()[QUERY].clone()
    near = torch.round(before / STEP)
    moved = near.clone()
    moved[0] += 5
    write_graph(tmp_path / "model.onnx", moved.numpy().astype(np.int8))
    missing = load_packaged(network, [tmp_path / "model.onnx"])
    after = network.state_dict()[QUERY]
    assert torch.equal(after[1:], before[1:])
    assert (after[0] - moved[0] * STEP).abs().max() <= STEP / 2 + 1e-6
    assert network.head.bias.tolist() == list(range(11))
    assert bool((network.encoder.embeddings.word_embeddings.weight == 0.5).all())
    assert QUERY not in missing
    assert "exits.1.weight" in missing
