"""What a model folder holds, and the refusal of every folder that holds anything else.

``manifest.json`` names each file of the folder with its SHA-256. A file that is missing, changed, or there without
being named, is a reason not to load: what runs is what was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from models.labels import LANGUAGES, RISKS, SENTIMENTS
from models.operating_points import CurvePoint

FILE_NAME = "manifest.json"
_BESIDE_THE_MODEL = {FILE_NAME, "MODEL_CARD.md", "figures.json"}


class ModelRefused(Exception):
    """The folder is not what its manifest says, or has no manifest that this version understands."""


class Platt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A calibrated logit is ``slope * logit + offset`` (Platt, 1999)."""

    slope: float
    offset: float


class Exit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which texts are clear after a stage: both must hold."""

    sentiment: float
    """The likeliest sentiment has at least this probability."""
    risks: dict[str, tuple[float, float]]
    """No risk's probability lies between these two, neither of them included."""


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One graph of a chain, how its logits become probabilities, and who leaves after it; the last stage keeps none."""

    graph: str
    sentiment_temperature: float
    calibration: dict[str, Platt]
    sentiment_bias: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Added to the sentiment logits before they are divided by the temperature."""
    exit: Exit | None = None


class LanguageModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language's stages, its tokeniser's folder, and when a risk is flagged."""

    tokeniser: str
    max_tokens: int
    encoder: str
    stages: tuple[Stage, ...]
    thresholds: dict[str, float]
    """The least calibrated probability at which a risk is flagged, unless an operating point is chosen."""
    operating_points: dict[str, dict[str, float]] = {}
    """Thresholds by the point's name; a model that was packaged before there were points has none."""
    curves: dict[str, tuple[CurvePoint, ...]] = {}
    """What each risk's thresholds give, on texts of people whom the model does not know."""


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the folder, by its path relative to the manifest."""

    sha256: str
    size_bytes: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of ``manifest.json``."""

    revision: str
    sentiments: tuple[str, ...]
    risks: tuple[str, ...]
    threshold_rule: str
    models: dict[str, LanguageModel]
    files: dict[str, FileEntry]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model folder, after every file was checked against it.

    Raises:
        ModelRefused: no readable manifest, labels or languages other than ours, or files that differ from it.
    """
    path = folder / FILE_NAME
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ModelRefused(f"{folder}: no manifest ({error.strerror})") from error
    except msgspec.MsgspecError as error:
        raise ModelRefused(f"{path}: {error}") from error
    if manifest.sentiments != SENTIMENTS or not manifest.risks or manifest.risks != in_order(manifest.risks):
        raise ModelRefused(f"{path}: its labels are not among {', '.join(SENTIMENTS + RISKS)}, in this order")
    if set(manifest.models) != set(LANGUAGES):
        raise ModelRefused(f"{path}: needs a model for each of {', '.join(LANGUAGES)}")
    _check_models(path, manifest)
    _check_files(folder, manifest.files)
    return manifest


def describe_files(folder: Path) -> dict[str, FileEntry]:
    """The entries of every file in a folder that is about to get a manifest."""
    return {
        name: FileEntry(sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
        for name, path in sorted(_files_of(folder).items())
    }


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Those of our risks that are among the labels, in the order of a model's outputs."""
    known = set(labels)
    return tuple(label for label in RISKS if label in known)


def _check_models(path: Path, manifest: Manifest) -> None:
    for language, model in manifest.models.items():
        needed = {f"{model.tokeniser}/tokenizer.json", *(stage.graph for stage in model.stages)}
        if not needed <= manifest.files.keys():
            raise ModelRefused(f"{path}: a {language} graph or tokeniser is not among its files")
        if any(set(labels) != set(manifest.risks) for labels in _labels_of(model)):
            raise ModelRefused(f"{path}: the {language} model needs a calibration and a threshold for each risk")
        exits = [stage.exit is not None for stage in model.stages]
        if exits != [True] * (len(exits) - 1) + [False]:
            raise ModelRefused(f"{path}: every {language} stage but the last needs an exit")


def _labels_of(model: LanguageModel) -> Iterator[Iterable[str]]:
    yield model.thresholds
    yield from model.operating_points.values()
    for stage in model.stages:
        yield stage.calibration
        if stage.exit is not None:
            yield stage.exit.risks


def _check_files(folder: Path, named: Mapping[str, FileEntry]) -> None:
    present = _files_of(folder)
    for name in sorted(present.keys() - named.keys()):
        raise ModelRefused(f"{folder}: {name} is not named by the manifest")
    for name, entry in named.items():
        if name not in present:
            raise ModelRefused(f"{folder}: {name} is missing")
        if sha256(present[name].read_bytes()).hexdigest() != entry.sha256:
            raise ModelRefused(f"{folder}: {name} differs from the manifest (SHA-256)")


def _files_of(folder: Path) -> dict[str, Path]:
    """Every file below a folder by relative path, without the manifest and what was measured."""
    paths = (path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path for name, path in named.items() if name not in _BESIDE_THE_MODEL}
