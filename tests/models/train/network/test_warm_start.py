"""Training that goes on from a packaged model. Needs torch, which only the train extra installs."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.builders.network import DEPTHS, small_network

pytest.importorskip("torch", reason="torch comes with the train extra only")
pytestmark = pytest.mark.torch


def test_weights_come_back_within_their_rounding(tmp_path: Path) -> None:
    import torch

    from models.train.network.warm_start import load_from_package
    from models.train.release.export import export

    trained = small_network()
    graphs = [tmp_path / name for name in export(trained, tmp_path, DEPTHS)]
    published = small_network()
    with torch.no_grad():
        for parameter in published.parameters():
            parameter.zero_()
    assert load_from_package(published, graphs) == []
    for name, weight in trained.state_dict().items():
        used = slice(0, 1) if "token_type" in name else slice(None)
        assert (published.state_dict()[name] - weight)[used].abs().max() <= weight.abs().max() / 64, name


def test_a_weight_that_training_did_not_move_is_exact(tmp_path: Path) -> None:
    import torch

    from models.train.network.warm_start import load_from_package
    from models.train.release.export import export

    trained, published = small_network(), small_network()
    load_from_package(published, [tmp_path / name for name in export(trained, tmp_path, DEPTHS)])
    for name, weight in trained.state_dict().items():
        assert torch.allclose(published.state_dict()[name], weight, atol=1e-7), name


def test_what_the_package_lacks_stays_and_is_named(tmp_path: Path) -> None:
    from models.train.network.warm_start import load_from_package
    from models.train.release.export import export

    served = export(small_network(), tmp_path, (1, 3))
    assert load_from_package(small_network(), [tmp_path / name for name in served]) == [
        "exits.2.bias",
        "exits.2.weight",
    ]


def test_heads_grow_by_the_labels_that_the_package_does_not_know(tmp_path: Path) -> None:
    import torch

    from models.labels import RISKS, SENTIMENTS
    from models.train.network.warm_start import load_from_package
    from models.train.release.export import export

    known = RISKS[1:]
    rows = [*range(len(SENTIMENTS)), *(len(SENTIMENTS) + RISKS.index(label) for label in known)]
    trained, grown = small_network(), small_network()
    with torch.no_grad():
        for head in (trained.head, *trained.exits.values()):
            head.weight, head.bias = torch.nn.Parameter(head.weight[rows] + 1), torch.nn.Parameter(head.bias[rows] + 1)
    before = grown.head.weight[len(SENTIMENTS)].clone()
    graphs = [tmp_path / name for name in export(trained, tmp_path, DEPTHS)]
    assert load_from_package(grown, graphs, known) == []
    assert torch.allclose(grown.head.weight[rows], trained.head.weight)
    assert torch.allclose(grown.exits[str(DEPTHS[0])].bias[rows], trained.exits[str(DEPTHS[0])].bias)
    assert torch.equal(grown.head.weight[len(SENTIMENTS)], before)


def test_the_head_at_the_networks_depth_is_its_last(tmp_path: Path) -> None:
    """A package that was cut after its second layer goes on as a network of two."""
    import torch

    from models.train.network.warm_start import load_from_package
    from models.train.release.export import export

    trained, cut = small_network(), small_network(layers=2)
    graphs = [tmp_path / name for name in export(trained, tmp_path, DEPTHS[:2])]
    assert load_from_package(cut, graphs) == []
    assert torch.allclose(cut.head.weight, trained.exits["2"].weight)


def test_what_was_trained_goes_part_of_the_way_back() -> None:
    import torch

    from models.labels import RISKS, SENTIMENTS
    from models.train.network.warm_start import keep_part_of

    before, trained = small_network(), small_network()
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter += 1
    keep_part_of(trained, before, ["exits.2.bias"], RISKS[1:], 0.25)
    inner = "encoder.encoder.layer.0.output.dense.weight"
    assert torch.allclose(trained.state_dict()[inner], before.state_dict()[inner] + 0.75)
    assert torch.allclose(trained.head.bias[: len(SENTIMENTS)], before.head.bias[: len(SENTIMENTS)] + 0.75)
    new = len(SENTIMENTS)  # the row of the risk that was not known before
    assert torch.allclose(trained.head.bias[new], before.head.bias[new] + 1)
    assert torch.allclose(trained.exits["2"].bias, before.exits["2"].bias + 1)


def test_a_package_that_would_be_replaced_is_no_start(tmp_path: Path) -> None:
    from models.train.__main__ import main

    (tmp_path / "bundle").mkdir()
    result = CliRunner().invoke(
        main, ["--data", str(tmp_path), "--out", str(tmp_path), "--start-from", str(tmp_path / "bundle")]
    )
    assert result.exit_code == 2
    assert "copy it" in result.output


def test_a_mean_lies_between_networks() -> None:
    import torch

    from models.train.network.warm_start import take_mean

    first, second, third = small_network(), small_network(), small_network()
    with torch.no_grad():
        for network, value in ((first, 0.0), (second, 1.0), (third, 5.0)):
            for parameter in network.parameters():
                parameter.fill_(value)
    take_mean(first, [second, third])
    assert all(bool((parameter == 2.0).all()) for parameter in first.parameters())
