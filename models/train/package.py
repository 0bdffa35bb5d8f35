"""Checkpoints to the folder that is shipped: graphs, tokenisers, calibration, manifest and model card.

1. export each language's checkpoint to an int8 graph
2. run the texts that no training saw through it, as it will be served
3. calibrate and choose thresholds on one half of them
4. write the manifest, load the folder as a service would, and measure the other half for the card
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models.evaluate import LabelledText, evaluate_texts
from models.labels import LANGUAGES, RISKS, SENTIMENTS
from models.runtime.classifier import load_classifier, micro_batches
from models.runtime.manifest import FILE_NAME, LanguageModel, Manifest, describe_files
from models.runtime.session import Session
from models.runtime.tokeniser import load_tokeniser
from models.train.calibrate import (
    THRESHOLD_RULE,
    choose_thresholds,
    fit_risks,
    fit_temperature,
    for_calibration,
    probabilities,
)
from models.train.card import write_card
from models.train.encoder import ENCODERS, fetch, load_encoder
from models.train.export import export, write_configuration
from models.train.loop import Progress, load_weights
from models.train.negatives import add_weak_negatives
from models.train.network import Network
from models.train.sources import Example, load_training, load_validation
from models.train.synthetic import TRAINING_TEXTS, synthesise

SERVED_TOKENS = 256
SYNTHETIC_UNSEEN = 40
MOST_OF_A_SOURCE = 1_500


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a packaged model was made from."""

    data: Path
    out: Path
    seed: int
    licences: str
    revision: str


def package(recipe: Recipe, folder: Path, report: Callable[[str], None]) -> None:
    """Fills ``folder`` from the checkpoints in ``recipe.out``; files of an earlier package there are replaced."""
    models: dict[str, LanguageModel] = {}
    progress: dict[str, Progress] = {}
    for_figures: list[LabelledText] = []
    for language in LANGUAGES:
        unseen = _unseen_examples(language, recipe)
        for_figures += [_labelled(example) for example in unseen if not for_calibration(example.text)]
        progress[language] = _export_language(language, recipe, folder)
        report(f"{language}: exported")
        models[language] = _calibrated(language, [e for e in unseen if for_calibration(e.text)], folder)
        report(f"{language}: calibrated, thresholds {models[language].thresholds}")
    manifest = Manifest(recipe.revision, SENTIMENTS, RISKS, THRESHOLD_RULE, models, describe_files(folder))
    pretty = json.dumps(msgspec.to_builtins(manifest), indent=2, ensure_ascii=False)
    (folder / FILE_NAME).write_text(pretty + "\n", encoding="utf-8")
    rows = evaluate_texts(for_figures, load_classifier(folder, remembered_texts=0))
    (recipe.out / "figures.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    write_card(folder / "MODEL_CARD.md", manifest, rows, progress, recipe.licences)
    report(f"{len(rows)} rows of figures, model card written")


def _export_language(language: str, recipe: Recipe, folder: Path) -> Progress:
    encoder = ENCODERS[language]
    original, _ = fetch(language, recipe.out)
    network = Network(load_encoder(original, encoder), encoder.exits).eval()
    progress = load_weights(network, recipe.out / language / "checkpoint.pt")
    scratch, target = recipe.out / language, folder / language
    target.mkdir(parents=True, exist_ok=True)
    export(network, original, encoder, scratch / "model.onnx")
    (target / "model.onnx").write_bytes((scratch / "model.onnx").read_bytes())
    tokeniser: dict[str, Any] = json.loads((scratch / "tokenizer.json").read_text(encoding="utf-8"))
    write_configuration(network, tokeniser, target)
    return progress


def _calibrated(language: str, examples: Sequence[Example], folder: Path) -> LanguageModel:
    add_weak_negatives(examples)
    logits = _logits(folder / language, [example.text for example in examples])
    calibration = fit_risks(logits, examples)
    return LanguageModel(
        graph=f"{language}/model.onnx",
        tokeniser=language,
        max_tokens=SERVED_TOKENS,
        encoder=ENCODERS[language].name,
        sentiment_temperature=fit_temperature(logits, examples),
        calibration=calibration,
        thresholds=choose_thresholds(probabilities(logits, calibration), examples),
    )


def _unseen_examples(language: str, recipe: Recipe) -> list[Example]:
    """Validation texts, the held-out part of the training sets, and templates filled otherwise than in training."""
    _, held_out = load_training(recipe.data, language, recipe.seed, recipe.licences)
    trained = {example.text for example in synthesise(language, recipe.seed, TRAINING_TEXTS)}
    fresh = [e for e in synthesise(language, recipe.seed + 1, SYNTHETIC_UNSEEN) if e.text not in trained]
    examples: list[Example] = []
    counts: dict[str, int] = {}
    for example in [*load_validation(recipe.data, language), *held_out, *fresh]:
        counts[example.source] = counts.get(example.source, 0) + 1
        if counts[example.source] <= MOST_OF_A_SOURCE:
            examples.append(example)
    return examples


def _labelled(example: Example) -> LabelledText:
    """The labels that the source gives, with the text as it was written."""
    return LabelledText(
        example.written or example.text,
        example.source,
        None if example.sentiment is None else SENTIMENTS[example.sentiment],
        example.sentiment_binary,
        {label: int(target) for label, (target, _) in example.risks.items()},
    )


def _logits(folder: Path, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Logits (texts, OUTPUTS) of texts in model form, through the files that are served."""
    session = Session(folder / "model.onnx", threads=1)
    encoded = [ids or [] for ids in load_tokeniser(folder, SERVED_TOKENS).encode(texts)]
    rows: dict[int, npt.NDArray[np.float32]] = {}
    for indices in micro_batches({index: len(ids) for index, ids in enumerate(encoded)}):
        rows |= zip(indices, session.run([encoded[index] for index in indices]), strict=True)
    return np.array([rows[index] for index in range(len(texts))], dtype=np.float64)
