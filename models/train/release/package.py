"""Checkpoints to the folder that is shipped: graphs, tokenisers, calibration, manifest and model card.

1. export each language's checkpoint to int8 graphs, one a stage
2. run the texts that no training saw through all of them, as they will be served
3. calibrate, choose exits and thresholds on one half of them
4. write the manifest, load the folder as a service would, and measure the other half for the card
5. measure what the other depths and fp32 would give on the goals' texts
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import torch

from models.evaluate import LabelledText, evaluate_texts
from models.labels import LANGUAGES, OUTPUTS, RISKS, SENTIMENTS
from models.normalise import model_text
from models.operating_points import BALANCED
from models.runtime.cascade import Calibration, ExitRule, micro_batches
from models.runtime.classifier import load_classifier
from models.runtime.flagging import widened
from models.runtime.manifest import FILE_NAME, LanguageModel, Manifest, Stage, describe_files, read_manifest
from models.runtime.session import Session, padded_ids
from models.runtime.tokeniser import load_tokeniser
from models.train.data.sources import WRITTEN, Example, load_training, load_validation
from models.train.data.synthetic import TRAINING_TEXTS, synthesise
from models.train.data.weak_negatives import add_weak_negatives
from models.train.data.written import load_written
from models.train.loop import Progress, load_weights
from models.train.network.encoder import ENCODERS, Encoder, Saved
from models.train.network.network import Network
from models.train.network.ngrams import NGrams, load_ngrams
from models.train.network.warm_start import keep_part_of, load_from_package, take_mean
from models.train.release.calibrate import (
    THRESHOLD_RULE,
    choose_points,
    choose_thresholds,
    curves_of,
    fit_risks,
    fit_sentiment,
    for_calibration,
)
from models.train.release.card import Record, write_card
from models.train.release.depth_curve import Point, goal_texts, measure_points
from models.train.release.exits import choose_exit
from models.train.release.export import export, write_configuration
from models.train.release.goals import GOALS
from models.train.release.judges import judge
from models.train.stages import COMMENTS, NGRAMS, judged_in, small_network, trained_depth

SERVED_TOKENS = 512
FIGURES = "figures.json"
Logits = npt.NDArray[np.float64]

SYNTHETIC_UNSEEN = 40
MAX_TEXTS_OF_A_SOURCE = 800
MAX_TEXTS_OF_A_GOAL = 6_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a packaged model was made from. A language that was not trained in ``out`` is kept from ``start``."""

    data: Path
    out: Path
    seed: int
    licences: str
    revision: str
    start: Path | None = None
    kept: float = 0.0
    """The share of the packaged model's weights in the mean of them and what was trained."""
    note: str = ""
    """What the card should say of this training beside the recipe."""
    beside: tuple[Path, ...] = ()
    """Other runs' folders: what is packaged is the mean of what was trained in each."""


class NothingToPackage(RuntimeError):
    """A language was neither trained nor packaged before."""


def package(recipe: Recipe, folder: Path, report: Callable[[str], None]) -> None:
    """Fills ``folder`` from the checkpoints in ``recipe.out``; files of an earlier package there are replaced.

    Raises:
        NothingToPackage: the message names the language and the folders.
    """
    models: dict[str, LanguageModel] = {}
    records: dict[str, Record] = {}
    for_figures: list[LabelledText] = []
    for language in LANGUAGES:
        unseen = _unseen_examples(language, recipe)
        of_language = [_labelled(example) for example in unseen if not for_calibration(example)]
        for_figures += of_language
        if (recipe.out / language / "checkpoint.pt").exists():
            calibration = [example for example in unseen if for_calibration(example)]
            models[language], records[language] = _made(recipe, language, folder, calibration, of_language)
        else:
            models[language], records[language] = _kept(recipe, language, folder)
        report(f"{language}: thresholds {models[language].thresholds}, {len(records[language].points)} points")
    manifest = Manifest(recipe.revision, SENTIMENTS, RISKS, THRESHOLD_RULE, models, describe_files(folder))
    _write_json(folder / FILE_NAME, msgspec.to_builtins(manifest))
    classifier = load_classifier(folder, remembered_texts=0)
    rows = evaluate_texts(for_figures, classifier)
    judged = {language: judge(classifier, language) for language in LANGUAGES}
    report(f"{len(rows)} rows of figures")
    _write_json(folder / FIGURES, {"rows": rows[:-1], "languages": msgspec.to_builtins(records), "judges": judged})
    write_card(folder / "MODEL_CARD.md", manifest, rows, records, judged, recipe.licences)
    report("model card written")


def _made(
    recipe: Recipe, language: str, folder: Path, calibration: list[Example], for_figures: Sequence[LabelledText]
) -> tuple[LanguageModel, Record]:
    """A language from its checkpoint."""
    trained = _trained(language, recipe)
    chain = _Chain(trained, recipe.out / language / "int8", int8=True)
    stages = _calibrated_stages(chain, calibration)
    model = _served(trained, stages, folder)
    plain = _Chain(trained, recipe.out / language / "fp32", int8=False)
    points = _points(model, stages, chain, plain, for_figures)
    progress = replace(trained.progress, note=f"{trained.progress.note} {recipe.note}".strip())
    record = Record(progress, points, judged_in(recipe.out / language))
    return model, record if recipe.start is None else continued(record, recipe.start, language)


def continued(record: Record, start: Path, language: str) -> Record:
    """With what is known of the packaged model that the training went on from."""
    before, revision = _recorded(start, language), read_manifest(start).revision
    of_start = before.progress
    lineage = (
        f"- went on from revision `{revision}`, which was taught by {of_start.teachers} in {of_start.step:,} steps on "
        f"{of_start.machine}. {of_start.note}"
    )
    progress = replace(record.progress, note=f"{record.progress.note}\n{lineage}".strip())
    return Record(progress, record.points, before.judged | record.judged)


def _kept(recipe: Recipe, language: str, folder: Path) -> tuple[LanguageModel, Record]:
    """A language as it was packaged before."""
    if recipe.start is None:
        raise NothingToPackage(f"{language}: no checkpoint in {recipe.out / language}, and no packaged model to keep")
    kept = read_manifest(recipe.start)
    if new := [label for label in RISKS if label not in kept.risks]:
        raise NothingToPackage(f"{language}: {recipe.start} does not know {', '.join(new)}: train this language too")
    model = kept.models[language]
    shutil.rmtree(folder / model.tokeniser, ignore_errors=True)
    shutil.copytree(recipe.start / model.tokeniser, folder / model.tokeniser)
    return model, _recorded(recipe.start, language)


def _recorded(package: Path, language: str) -> Record:
    languages = json.loads((package / FIGURES).read_text(encoding="utf-8"))["languages"]
    return msgspec.convert(languages[language], Record)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Trained:
    language: str
    network: Network
    ngrams: NGrams
    tokeniser: dict[str, Any]
    progress: Progress

    @property
    def encoder(self) -> Encoder:
        return ENCODERS[self.language]

    @property
    def depths(self) -> list[int]:
        """Where the network has heads."""
        return sorted(self.network.weights)

    def write(self, folder: Path, depths: Sequence[int], int8: bool = True) -> list[str]:
        """Fills a new folder with graphs, tokeniser and configuration; returns the graphs' names."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        names = export(self.network, folder, depths, int8, self.ngrams)
        write_configuration(self.network, self.tokeniser, folder, depths[-1])
        return names


class _Chain:
    """A network's graphs from each head to the next, in one number format."""

    def __init__(self, trained: _Trained, folder: Path, int8: bool) -> None:
        self.depths = trained.depths
        names = trained.write(folder, self.depths, int8)
        self._sessions = [Session(folder / name, threads=1) for name in names]
        self._tokeniser = load_tokeniser(folder, SERVED_TOKENS)

    def logits(self, texts: Sequence[str]) -> dict[int, Logits]:
        """By depth, the logits (texts, OUTPUTS) of texts in model form."""
        encoded = [ids or [] for ids in self._tokeniser.encode(texts)]
        found = {depth: np.empty((len(texts), OUTPUTS)) for depth in self.depths}
        for indices in micro_batches({index: len(ids) for index, ids in enumerate(encoded)}):
            inputs = padded_ids([encoded[index] for index in indices])
            for session, rows in zip(self._sessions, found.values(), strict=True):
                rows[indices], *hidden = session.run(inputs)
                inputs = {"hidden": hidden[0] if hidden else rows, "attention_mask": inputs["attention_mask"]}
        return found


@dataclass(frozen=True, slots=True)
class _CalibratedStages:
    """Every depth's stage, with the calibrated probabilities of the examples that it was calibrated on."""

    by_depth: dict[int, Stage]
    probabilities: dict[int, Logits]
    examples: list[Example]


def _trained(language: str, recipe: Recipe) -> _Trained:
    folder, encoder = recipe.out / language, ENCODERS[language]
    saved = torch.load(folder / "encoder.pt", map_location="cpu", weights_only=True)
    network = small_network(encoder, saved, trained_depth(encoder, recipe.start is not None)).eval()
    progress = load_weights(network, folder / "checkpoint.pt")
    others = [copy.deepcopy(network) for _ in recipe.beside]
    for other, beside in zip(others, recipe.beside, strict=True):
        load_weights(other, beside / language / "checkpoint.pt")
    take_mean(network, others)
    if recipe.start is not None and recipe.kept:
        _keep_part(network, language, recipe, recipe.start, saved)
    tokeniser: dict[str, Any] = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    if not (folder / NGRAMS).exists():
        raise NothingToPackage(f"{language}: no {NGRAMS} in {folder}: its training is not done")
    return _Trained(language, network, load_ngrams(folder / NGRAMS), tokeniser, progress)


def _keep_part(network: Network, language: str, recipe: Recipe, start: Path, saved: Saved) -> None:
    encoder, manifest = ENCODERS[language], read_manifest(start)
    before = small_network(encoder, saved, trained_depth(encoder, goes_on=True)).eval()
    graphs = [start / stage.graph for stage in manifest.models[language].stages]
    missing = load_from_package(before, graphs, manifest.risks)
    keep_part_of(network, before, missing, manifest.risks, recipe.kept)


def _calibrated_stages(chain: _Chain, examples: list[Example]) -> _CalibratedStages:
    add_weak_negatives(examples)
    logits = chain.logits([example.text for example in examples])
    stages = {depth: _calibrated_stage("", rows, examples) for depth, rows in logits.items()}
    probabilities = {depth: Calibration(stage).probabilities(logits[depth]) for depth, stage in stages.items()}
    return _CalibratedStages(stages, probabilities, examples)


def _served(trained: _Trained, calibrated: _CalibratedStages, folder: Path) -> LanguageModel:
    """Writes a language's folder; chooses exits by the last stage's flags, and thresholds for what is then served."""
    *early, last = trained.encoder.served
    names = trained.write(folder / trained.language, trained.encoder.served)
    stages = [
        msgspec.structs.replace(calibrated.by_depth[depth], graph=f"{trained.language}/{name}")
        for depth, name in zip(trained.encoder.served, names, strict=True)
    ]
    final = served = calibrated.probabilities[last]
    thresholds = choose_thresholds(final[:, len(SENTIMENTS) :], calibrated.examples)
    for number, depth in reversed(list(enumerate(early))):
        probabilities = calibrated.probabilities[depth]
        rule = choose_exit(probabilities, final, thresholds, trained.encoder.changed_sentiments)
        stages[number] = msgspec.structs.replace(stages[number], exit=rule)
        served = np.where(ExitRule(rule).leaving(probabilities)[:, None], probabilities, served)
    risks = served[:, len(SENTIMENTS) :]
    points = choose_points(risks, calibrated.examples, trained.language)
    stages = [
        stage if stage.exit is None else msgspec.structs.replace(stage, exit=widened(stage.exit, points[BALANCED]))
        for stage in stages
    ]
    return LanguageModel(
        tokeniser=trained.language,
        max_tokens=SERVED_TOKENS,
        encoder=trained.encoder.name,
        stages=tuple(stages),
        thresholds=points[BALANCED],
        operating_points=points,
        curves=curves_of(risks, calibrated.examples),
    )


def _points(
    model: LanguageModel,
    calibrated: _CalibratedStages,
    int8: _Chain,
    fp32: _Chain,
    texts: Sequence[LabelledText],
) -> list[Point]:
    """The curve of a language on its goals' texts."""
    chosen = goal_texts(texts)
    forms = [model_text(text.text) for text in chosen]
    formats = {"int8": int8.logits(forms), "fp32": fp32.logits(forms)}
    return measure_points(chosen, model, calibrated.by_depth, ENCODERS[model.tokeniser].served, formats)


def _calibrated_stage(graph: str, logits: Logits, examples: Sequence[Example]) -> Stage:
    bias, temperature = fit_sentiment(logits, examples)
    return Stage(graph, temperature, fit_risks(logits, examples), bias)


def _unseen_examples(language: str, recipe: Recipe) -> list[Example]:
    """Validation texts, the held-out part of the training sets, and templates filled otherwise than in training."""
    _, held_out = load_training(recipe.data, language, recipe.seed, recipe.licences)
    trained = {example.text for example in synthesise(language, recipe.seed, TRAINING_TEXTS)}
    fresh = [e for e in synthesise(language, recipe.seed + 1, SYNTHETIC_UNSEEN) if e.text not in trained]
    examples: list[Example] = []
    counts: dict[str, int] = {}
    whole = {*(goal.source for goal in GOALS), *COMMENTS, f"{WRITTEN}_{language}"}
    _, written = load_written(language)
    for example in [*load_validation(recipe.data, language, recipe.licences), *held_out, *fresh, *written]:
        counts[example.source] = counts.get(example.source, 0) + 1
        if counts[example.source] <= (MAX_TEXTS_OF_A_GOAL if example.source in whole else MAX_TEXTS_OF_A_SOURCE):
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
