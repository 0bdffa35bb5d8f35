"""The graphs that are served compute what the network computes. Needs torch, which only the train extra installs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.labels import OUTPUTS
from tests.builders.network import DEPTHS, corpus_of, small_network

pytest.importorskip("torch", reason="torch comes with the train extra only")
pytestmark = pytest.mark.torch

IDS = [[5, 9, 3, 7, 2], [8, 4, 6], [1]]


def expected(network: Any) -> dict[int, Any]:
    import torch

    from models.runtime.session import padded_ids

    inputs = {name: torch.tensor(array) for name, array in padded_ids(IDS).items()}
    with torch.no_grad():
        return {
            depth: logits.numpy() for depth, logits in network(inputs["input_ids"], inputs["attention_mask"]).items()
        }


def served(folder: Path, names: list[str]) -> dict[int, Any]:
    from models.runtime.session import Session, padded_ids

    inputs = padded_ids(IDS)
    found = {}
    for depth, name in zip(DEPTHS, names, strict=True):
        logits, *hidden = Session(folder / name, threads=1).run(inputs)
        found[depth] = logits
        inputs = {"hidden": hidden[0], "attention_mask": inputs["attention_mask"]} if hidden else {}
    return found


@pytest.mark.parametrize(("int8", "tolerance"), [(False, 1e-4), (True, 0.15)])
def test_the_stages_in_a_row_compute_what_the_network_does(tmp_path: Path, int8: bool, tolerance: float) -> None:
    from models.train.release.export import export

    network = small_network()
    found, wanted = served(tmp_path, export(network, tmp_path, DEPTHS, int8=int8)), expected(network)
    for depth in DEPTHS:
        assert np.abs(found[depth] - wanted[depth]).max() < tolerance * np.abs(wanted[depth]).max()


def test_ngrams_are_added_at_every_stage(tmp_path: Path) -> None:
    """Those of a text, whatever stands beside it in the batch."""
    from models.train.network.ngrams import MIXED, NGrams
    from models.train.release.export import export

    draw = np.random.default_rng(1)
    ngrams = NGrams(draw.normal(size=(97, OUTPUTS)).astype(np.float32), draw.normal(size=OUTPUTS).astype(np.float32))
    network = small_network()
    found = served(tmp_path, export(network, tmp_path, DEPTHS, int8=False, ngrams=ngrams))
    added = MIXED * ngrams.logits(corpus_of(IDS))
    for depth, logits in expected(network).items():
        assert np.abs(found[depth] - logits - added).max() < 5e-3


def test_weights_are_int8_and_named_as_the_networks_parameters(tmp_path: Path) -> None:
    import onnx

    from models.train.release.export import export

    names = export(small_network(), tmp_path, DEPTHS)
    assert names == ["stage1.onnx", "stage2.onnx", "stage3.onnx"]
    for number, name in enumerate(names):
        stored = {tensor.name: tensor for tensor in onnx.load(str(tmp_path / name)).graph.initializer}
        query = stored[f"encoder.layer.{number}.attention.self.query.weight_quantized"]
        assert (query.data_type, list(query.dims)) == (onnx.TensorProto.INT8, [64, 64])
        assert ("head.weight" if number == 2 else f"exits.{number + 1}.weight") in stored
    assert "embeddings.word_embeddings.weight_quantized" in {
        tensor.name for tensor in onnx.load(str(tmp_path / names[0])).graph.initializer
    }
