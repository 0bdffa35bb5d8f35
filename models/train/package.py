"""Checkpoints to the folder that is shipped: graphs, tokenisers, calibration, manifest and model card.

1. export each language's checkpoint to int8 graphs, one a stage
2. run the texts that no training saw through all of them, as they will be served
3. calibrate, choose exits and thresholds on one half of them
4. write the manifest, load the folder as a service would, and measure the other half for the card
5. measure what the other depths and fp32 would give on the goals' texts
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models.evaluate import LabelledText, evaluate_texts
from models.labels import LANGUAGES, OUTPUTS, RISKS, SENTIMENTS
from models.runtime.cascade import Calibration, ExitRule, micro_batches
from models.runtime.classifier import load_classifier
from models.runtime.manifest import FILE_NAME, LanguageModel, Manifest, Stage, describe_files
from models.runtime.session import Session, padded_ids
from models.runtime.tokeniser import load_tokeniser
from models.train.calibrate import (
    THRESHOLD_RULE,
    choose_thresholds,
    fit_risks,
    fit_sentiment,
    for_calibration,
)
from models.train.card import write_card
from models.train.encoder import ENCODERS, fetch, load_encoder
from models.train.exits import choose_exit
from models.train.export import export, write_configuration
from models.train.goals import GOALS
from models.train.loop import Progress, load_weights
from models.train.negatives import add_weak_negatives
from models.train.network import Network
from models.train.pareto import Point, goal_texts, measure_points
from models.train.sources import Example, load_training, load_validation
from models.train.synthetic import TRAINING_TEXTS, synthesise
from streams.text.normalise import model_text

SERVED_TOKENS = 256
SYNTHETIC_UNSEEN = 40
MOST_OF_A_SOURCE = 600
MOST_OF_A_GOAL = 2_000


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
    for_figures: dict[str, list[LabelledText]] = {}
    for language in LANGUAGES:
        unseen = _unseen_examples(language, recipe)
        for_figures[language] = [_labelled(example) for example in unseen if not for_calibration(example.text)]
        graphs, progress[language] = _export_language(language, recipe, folder)
        report(f"{language}: exported")
        models[language] = _calibrated(language, graphs, [e for e in unseen if for_calibration(e.text)], folder)
        report(f"{language}: calibrated, thresholds {models[language].thresholds}")
    manifest = Manifest(recipe.revision, SENTIMENTS, RISKS, THRESHOLD_RULE, models, describe_files(folder))
    pretty = json.dumps(msgspec.to_builtins(manifest), indent=2, ensure_ascii=False)
    (folder / FILE_NAME).write_text(pretty + "\n", encoding="utf-8")
    rows = evaluate_texts([t for ts in for_figures.values() for t in ts], load_classifier(folder, remembered_texts=0))
    report(f"{len(rows)} rows of figures")
    points = {
        language: _points(language, recipe, folder, models[language], for_figures[language]) for language in models
    }
    figures = {"rows": rows, "points": {language: [asdict(p) for p in found] for language, found in points.items()}}
    (recipe.out / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    write_card(folder / "MODEL_CARD.md", manifest, rows, points, progress, recipe.licences)
    report("model card written")


def _points(
    language: str, recipe: Recipe, folder: Path, model: LanguageModel, texts: Sequence[LabelledText]
) -> list[Point]:
    """The curve of a language on its goals' texts; fp32 from graphs that are not shipped."""
    network, _ = _trained(language, recipe)
    scratch = recipe.out / language / "fp32"
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / language).mkdir(parents=True)
    full = [f"{language}/{name}" for name in export(network, scratch / language, int8=False)]
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(folder / language / name, scratch / language)
    chosen = goal_texts(texts)
    forms = [model_text(text.text) for text in chosen]
    int8 = _logits(folder, [stage.graph for stage in model.stages], language, forms)
    depths = [*ENCODERS[language].exits, ENCODERS[language].kept]
    return measure_points(chosen, model, depths, int8, _logits(scratch, full, language, forms))


def _trained(language: str, recipe: Recipe) -> tuple[Network, Progress]:
    encoder = ENCODERS[language]
    network = Network(load_encoder(fetch(language, recipe.out)[0], encoder), encoder.exits).eval()
    return network, load_weights(network, recipe.out / language / "checkpoint.pt")


def _export_language(language: str, recipe: Recipe, folder: Path) -> tuple[list[str], Progress]:
    """Fills a language's folder; the graphs' paths below ``folder``, first stage first."""
    network, progress = _trained(language, recipe)
    scratch, target = recipe.out / language, folder / language
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    names = export(network, target)
    tokeniser: dict[str, Any] = json.loads((scratch / "tokenizer.json").read_text(encoding="utf-8"))
    write_configuration(network, tokeniser, target)
    return [f"{language}/{name}" for name in names], progress


def _calibrated(language: str, graphs: Sequence[str], examples: Sequence[Example], folder: Path) -> LanguageModel:
    """Calibrates each stage, chooses the exits by the last one's flags, and the thresholds for what is then served."""
    add_weak_negatives(examples)
    by_stage = _logits(folder, graphs, language, [example.text for example in examples])
    stages = [_calibrated_stage(graph, logits, examples) for graph, logits in zip(graphs, by_stage, strict=True)]
    *early, served = (Calibration(s).probabilities(logits) for s, logits in zip(stages, by_stage, strict=True))
    last = served
    thresholds = choose_thresholds(last[:, len(SENTIMENTS) :], examples)
    for number in reversed(range(len(early))):
        rule = choose_exit(early[number], last, thresholds)
        stages[number] = msgspec.structs.replace(stages[number], exit=rule)
        served = np.where(ExitRule(rule).leaving(early[number])[:, None], early[number], served)
    return LanguageModel(
        tokeniser=language,
        max_tokens=SERVED_TOKENS,
        encoder=ENCODERS[language].name,
        stages=tuple(stages),
        thresholds=choose_thresholds(served[:, len(SENTIMENTS) :], examples),
    )


def _calibrated_stage(graph: str, logits: npt.NDArray[np.float64], examples: Sequence[Example]) -> Stage:
    bias, temperature = fit_sentiment(logits, examples)
    return Stage(graph, temperature, fit_risks(logits, examples), bias)


def _unseen_examples(language: str, recipe: Recipe) -> list[Example]:
    """Validation texts, the held-out part of the training sets, and templates filled otherwise than in training."""
    _, held_out = load_training(recipe.data, language, recipe.seed, recipe.licences)
    trained = {example.text for example in synthesise(language, recipe.seed, TRAINING_TEXTS)}
    fresh = [e for e in synthesise(language, recipe.seed + 1, SYNTHETIC_UNSEEN) if e.text not in trained]
    examples: list[Example] = []
    counts: dict[str, int] = {}
    goals = {goal.source for goal in GOALS}
    for example in [*load_validation(recipe.data, language, recipe.licences), *held_out, *fresh]:
        counts[example.source] = counts.get(example.source, 0) + 1
        if counts[example.source] <= (MOST_OF_A_GOAL if example.source in goals else MOST_OF_A_SOURCE):
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


def _logits(folder: Path, graphs: Sequence[str], language: str, texts: Sequence[str]) -> list[npt.NDArray[np.float64]]:
    """By stage, the logits (texts, OUTPUTS) of texts in model form, through the files that are served."""
    sessions = [Session(folder / graph, threads=1) for graph in graphs]
    encoded = [ids or [] for ids in load_tokeniser(folder / language, SERVED_TOKENS).encode(texts)]
    by_stage = [np.empty((len(texts), OUTPUTS)) for _ in sessions]
    for indices in micro_batches({index: len(ids) for index, ids in enumerate(encoded)}):
        inputs = padded_ids([encoded[index] for index in indices])
        for session, logits in zip(sessions, by_stage, strict=True):
            logits[indices], *hidden = session.run(inputs)
            inputs = {"hidden": hidden[0] if hidden else logits, "attention_mask": inputs["attention_mask"]}
    return by_stage
