"""A model folder is served only as its manifest describes it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from models.runtime.classifier import BUNDLED, load_classifier
from models.runtime.manifest import FILE_NAME, ModelRefused, read_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUNDLED, tmp_path / "model"))


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / FILE_NAME).read_bytes())
    change(manifest)
    (folder / FILE_NAME).write_text(json.dumps(manifest))


def test_the_bundled_folder_is_what_its_manifest_says_and_small_enough() -> None:
    manifest = read_manifest(BUNDLED)
    assert set(manifest.models) == {"zh", "en"}
    assert sum(entry.size_bytes for entry in manifest.files.values()) <= 60_000_000


def test_a_changed_file_is_refused(folder: Path) -> None:
    with (folder / "zh" / "stage1.onnx").open("ab") as graph:
        graph.write(b"\0")
    with pytest.raises(ModelRefused, match=r"zh/stage1\.onnx differs"):
        read_manifest(folder)


def test_a_file_that_is_not_named_is_refused(folder: Path) -> None:
    (folder / "en" / "weights.pkl").write_bytes(b"")
    with pytest.raises(ModelRefused, match=r"en/weights\.pkl is not named"):
        read_manifest(folder)


def test_a_link_that_is_not_named_is_refused(folder: Path) -> None:
    (folder / "elsewhere").symlink_to(folder / "en", target_is_directory=True)
    with pytest.raises(ModelRefused, match="elsewhere is not named"):
        read_manifest(folder)


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "en" / "tokenizer.json").unlink()
    with pytest.raises(ModelRefused, match=r"en/tokenizer\.json is missing"):
        read_manifest(folder)


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="no manifest"):
        load_classifier(tmp_path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update(risks=[]), "labels are not"),
        (lambda m: m.update(risks=m["risks"][::-1]), "labels are not"),
        (lambda m: m.update(risks=[*m["risks"], "sarcasm"]), "labels are not"),
        (lambda m: m.update(risks=m["risks"][:-1]), "a calibration and a threshold for each risk"),
        (lambda m: m["models"].pop("en"), "needs a model for each"),
        (lambda m: m["models"]["zh"]["stages"][0].update(graph="../model.onnx"), "zh graph or tokeniser is not among"),
        (lambda m: m["models"]["zh"].update(stages=[]), "every zh stage but the last needs an exit"),
        (lambda m: m["models"]["zh"]["stages"].append(m["models"]["zh"]["stages"][0]), "every zh stage but the last"),
        (lambda m: m["models"]["en"]["stages"][0].update(exit={"sentiment": 1, "risks": {}}), "each risk"),
        (lambda m: m["models"]["zh"]["thresholds"].pop("abuse"), "a threshold for each risk"),
        (lambda m: m.update(surprise=1), "surprise"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    rewrite(folder, change)
    with pytest.raises(ModelRefused, match=reason):
        read_manifest(folder)


def test_a_graph_that_cannot_be_loaded_is_refused(folder: Path) -> None:
    content = b"no graph"
    (folder / "zh" / "stage1.onnx").write_bytes(content)
    rewrite(folder, lambda m: m["files"]["zh/stage1.onnx"].update(sha256=sha256(content).hexdigest()))
    assert read_manifest(folder)
    with pytest.raises(ModelRefused, match="model"):
        load_classifier(folder)
