"""All stages of training, on an encoder small enough for a test. Needs torch, which only the train extra installs."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from models.labels import LANGUAGES, RISKS, SENTIMENTS
from models.runtime.manifest import FILE_NAME, Exit, LanguageModel, Manifest, Platt, Stage, describe_files
from models.train.data.corpus import load, prepare
from models.train.data.sources import UNLABELLED, Example
from tests.builders.network import word_tokeniser

pytest.importorskip("torch", reason="torch comes with the train extra only")
pytestmark = pytest.mark.torch

WEIBO = "smp2020_usual_zh"
WORDS = ("good", "bad", "so", "very")
SETS = (("labelled", WEIBO, 64), ("unlabelled", UNLABELLED, 32), ("validation", WEIBO, 32))


def tiny_run(folder: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], teach: float) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    from models.train import stages
    from models.train.data.batches import BatchSize
    from models.train.loop import Machine
    from models.train.network import masked_words as adapt
    from models.train.network import ngrams
    from models.train.network.encoder import ENCODERS, Teacher

    monkeypatch.setattr(adapt, "FIRST_WORD", 4)
    monkeypatch.setattr(ngrams, "SLOTS", 101)
    monkeypatch.setattr(ngrams, "ITERATIONS", 5)
    encoder = replace(
        ENCODERS["zh"],
        mask_token=1,
        kept=2,
        exits={1: 0.5},
        served=(1, 2),
        rate=1e-2,
        teachers=(Teacher((0, 1, 1, 2), True, 1e-2), Teacher((0, 1, 2), False, 1e-2)),
    )
    monkeypatch.setattr(stages, "ENCODERS", {"zh": encoder})
    tokeniser = word_tokeniser(*WORDS)
    draw = random.Random(1)
    for name, source, count in SETS:
        texts = [(f"{draw.choice(['so', 'very'])} {word}", mood) for word, mood in [("good", 2), ("bad", 0)] * count]
        labelled = [Example(t, source, sentiment=m if source == WEIBO else None) for t, m in texts]
        prepare(tokeniser, labelled).save(folder / f"{name}.npz")
    torch.manual_seed(2)
    config = BertConfig(
        vocab_size=4 + len(WORDS),
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
    )
    whole = BertModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]  # transformers leaves it so
    torch.save({"config": config.to_dict(), "weights": whole.state_dict()}, folder / "encoder.pt")
    machine = Machine(torch.device("cpu"), torch.float32, BatchSize(32, 1_000))
    return stages.Run("zh", folder, 3, stages.Effort(1, teach, 6), lines.append, machine)


def test_a_small_network_learns_from_its_teachers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.train.stages import train_language

    lines: list[str] = []
    train_language(tiny_run(tmp_path, monkeypatch, lines, teach=6))
    made = {path.name for path in tmp_path.iterdir()}
    assert {"adapted4.pt", "teacher1.pt", "teacher2.pt", "answers.npy", "checkpoint.pt", "ngrams.npz"} <= made
    judged = [line for line in lines if "layers: " in line]
    assert judged[-1] == "the small network, 2 layers: Weibo (SMP 2020 usual) 100.0"


def test_a_teachers_heads_are_the_same_where_the_reading_was_done_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from models.train.stages import train_language

    run = tiny_run(tmp_path, monkeypatch, [], teach=1)
    train_language(run)
    first = torch_load(tmp_path / "teacher1.pt")["network"]["head.weight"]
    for made in ("teacher1.pt", "teacher2.pt", "answers.npy", "checkpoint.pt"):
        (tmp_path / made).unlink()
    train_language(run)
    assert torch.equal(torch_load(tmp_path / "teacher1.pt")["network"]["head.weight"], first)


def test_it_goes_on_from_a_packaged_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was packaged is where the network begins, and who teaches it."""
    from models.train.loop import load_weights
    from models.train.release.export import export
    from models.train.stages import Effort, small_network, train_language

    lines: list[str] = []
    run = tiny_run(tmp_path, monkeypatch, lines, teach=0)
    train_language(run)
    package, again = tmp_path / "package", tmp_path / "again"
    network = small_network(run.encoder, torch_load(tmp_path / "encoder.pt"), run.encoder.kept).eval()
    load_weights(network, tmp_path / "checkpoint.pt")
    write_package(package, lambda folder: export(network, folder, (1, 2)))
    shutil.copytree(tmp_path, again, ignore=shutil.ignore_patterns("checkpoint.pt", "package", "again"))
    lines.clear()
    train_language(replace(run, folder=again, effort=Effort(teach=6, learn=0.1, start=package)))
    assert not list(again.glob("teacher*"))
    assert "read before" in lines
    assert "revision before, 2 layers: Weibo (SMP 2020 usual) 100.0" in lines
    assert lines[-1] == "the small network after revision before, 2 layers: Weibo (SMP 2020 usual) 100.0"


def test_a_packaged_model_teaches_at_the_depth_that_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was cut after its first layer says what its head there says; the others never saw a label."""
    import torch

    from models.train import stages
    from models.train.data.batches import Texts
    from models.train.loop import load_weights
    from models.train.release.export import export

    run = tiny_run(tmp_path, monkeypatch, [], teach=0)
    stages.train_language(run)
    monkeypatch.setattr(stages, "ENCODERS", {"zh": replace(run.encoder, served=(1,))})
    network = stages.small_network(run.encoder, torch_load(tmp_path / "encoder.pt"), run.encoder.kept).eval()
    load_weights(network, tmp_path / "checkpoint.pt")
    write_package(tmp_path / "package", lambda folder: export(network, folder, (1,)))
    (tmp_path / "checkpoint.pt").unlink()
    stages.train_language(replace(run, effort=stages.Effort(learn=0.1, start=tmp_path / "package")))
    texts = Texts(load(tmp_path / "labelled.npz"), torch.device("cpu"))
    with torch.no_grad():
        batch = texts.batch(np.arange(8))
        said = network(batch.ids, batch.mask)[1].numpy()
    assert np.abs(np.load(tmp_path / "answers.npy")[:8] - said).max() < 0.2 * np.abs(said).max()


def test_an_older_model_answers_where_texts_are_labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the texts' labels say nothing about is answered by the model that training goes on from."""
    import torch

    from models.train import stages
    from models.train.loop import load_weights
    from models.train.release.export import export

    run = tiny_run(tmp_path, monkeypatch, [], teach=0)
    stages.train_language(run)
    older, newer = tmp_path / "older", tmp_path / "newer"
    network = stages.small_network(run.encoder, torch_load(tmp_path / "encoder.pt"), run.encoder.kept).eval()
    load_weights(network, tmp_path / "checkpoint.pt")
    write_package(older, lambda folder: export(network, folder, (1, 2)))
    with torch.no_grad():
        network.head.bias += 3
    write_package(newer, lambda folder: export(network, folder, (1, 2)))
    (tmp_path / "checkpoint.pt").unlink()
    stages.train_language(replace(run, effort=stages.Effort(learn=0.1, unlabelled=False, start=newer)))
    alone = np.load(tmp_path / "answers.npy").astype(np.float32)
    (tmp_path / "checkpoint.pt").unlink()
    (tmp_path / "answers.npy").unlink()
    effort = stages.Effort(learn=0.1, unlabelled=False, start=newer, of_labels=older)
    stages.train_language(replace(run, effort=effort))
    corpus = load(tmp_path / "labelled.npz")
    labelled = np.hstack([np.repeat(corpus.sentiment_weight[:, None] > 0, 3, axis=1), corpus.risk_weights > 0])
    assert labelled.any()
    assert not labelled.all()
    taken_back = alone - np.load(tmp_path / "answers.npy")
    assert taken_back == pytest.approx(np.where(labelled, 3, 0), abs=0.05)


def test_the_card_tells_of_the_model_that_training_went_on_from(tmp_path: Path) -> None:
    from models.train.loop import Progress
    from models.train.release.card import Record
    from models.train.release.package import FIGURES, continued

    def write_graphs(folder: Path) -> list[str]:
        names = ["0.onnx", "1.onnx"]
        for name in names:
            (folder / name).touch()
        return names

    write_package(tmp_path, write_graphs)
    before = Record(
        Progress(7, machine="a GPU", teachers="12 layers", note="It was cold."), [], {"teacher 1": {"x": 0.5}}
    )
    (tmp_path / FIGURES).write_bytes(msgspec.json.encode({"languages": {"zh": before}}))
    told = continued(
        Record(Progress(3, teachers="revision before"), [], {"the small network": {"x": 0.6}}), tmp_path, "zh"
    )
    assert told.progress.step == 3
    assert told.progress.note == (
        "- went on from revision `before`, which was taught by 12 layers in 7 steps on a GPU. It was cold."
    )
    assert told.judged == {"teacher 1": {"x": 0.5}, "the small network": {"x": 0.6}}


def torch_load(path: Path) -> Any:
    import torch

    return torch.load(path, weights_only=True)


def write_package(folder: Path, write_graphs: Callable[[Path], list[str]]) -> None:
    """A packaged model with the same graphs for both languages."""
    (folder / "zh").mkdir(parents=True)
    graphs = [f"zh/{name}" for name in write_graphs(folder / "zh")]
    (folder / "zh" / "tokenizer.json").write_text("{}")
    calibration = {label: Platt(1.0, 0.0) for label in RISKS}
    exits = [Exit(0.5, dict.fromkeys(RISKS, (0.0, 0.5))), None][-len(graphs) :]
    stages = tuple(Stage(graph, 1.0, calibration, exit=rule) for graph, rule in zip(graphs, exits, strict=True))
    model = LanguageModel("zh", 64, "tiny", stages, dict.fromkeys(RISKS, 0.5))
    manifest = Manifest("before", SENTIMENTS, RISKS, "", dict.fromkeys(LANGUAGES, model), describe_files(folder))
    (folder / FILE_NAME).write_bytes(msgspec.json.encode(manifest))


def test_without_teachers_it_learns_from_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.train.stages import train_language

    lines: list[str] = []
    train_language(tiny_run(tmp_path, monkeypatch, lines, teach=0))
    assert not list(tmp_path.glob("teacher*")) + list(tmp_path.glob("adapted*"))
    assert lines[-1] == "the small network, 2 layers: Weibo (SMP 2020 usual) 100.0"
