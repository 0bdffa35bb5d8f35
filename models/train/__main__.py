"""``python -m models.train``: from the public sets to the artifact that is shipped."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click
import torch
from tokenizers import Tokenizer

from models.labels import LANGUAGES
from models.runtime.manifest import ModelRefused, read_manifest
from models.train.encoder import ENCODERS, EncoderUnavailable, add_signs, fetch, load_encoder, name_signs
from models.train.loop import Budget, train
from models.train.negatives import add_weak_negatives
from models.train.network import Network
from models.train.package import Recipe, package
from models.train.packaged import load_packaged
from models.train.sources import load_training
from models.train.synthetic import TRAINING_TEXTS, synthesise

SIGN_COUNT = {"zh": 20, "en": 5}


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--language", type=click.Choice([*LANGUAGES, "both"]), default="both", show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option("--minutes", default=math.inf, help="Processor minutes of one language's training; no limit by default.")
@click.option("--steps", default=1_500, show_default=True, help="Most steps of one language's training.")
@click.option("--threads", default=2, show_default=True)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the output folder.")
@click.option(
    "--start-from",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Begin with the weights and signs of this packaged model, whatever it was trained on.",
)
@click.option("--licences", type=click.Choice(["permissive", "all"]), default="all", show_default=True)
@click.option("--stage", type=click.Choice(["all", "train", "package"]), default="all", show_default=True)
@click.option("--revision", default="unreleased", show_default=True, help="Name of the packaged model.")
def main(
    data: Path,
    out: Path,
    language: str,
    seed: int,
    minutes: float,
    steps: int,
    threads: int,
    resume: bool,
    start_from: Path | None,
    licences: str,
    stage: str,
    revision: str,
) -> None:
    """Train the encoders on the sets in DATA, and package both languages in OUT/bundle."""
    torch.set_num_threads(threads)
    try:
        if stage in ("all", "train"):
            for chosen in LANGUAGES if language == "both" else (language,):
                _train_language(chosen, data, out, Budget(steps, minutes), seed, resume, start_from, licences)
        if stage == "package" or (stage == "all" and language == "both"):
            package(Recipe(data, out, seed, licences, revision), out / "bundle", click.echo)
    except (EncoderUnavailable, ModelRefused) as error:
        raise click.ClickException(str(error)) from error


def _train_language(
    language: str, data: Path, out: Path, budget: Budget, seed: int, resume: bool, start: Path | None, licences: str
) -> None:
    def say(line: str) -> None:
        click.echo(f"{language}: {line}")

    folder = out / language
    folder.mkdir(parents=True, exist_ok=True)
    packaged = read_manifest(start) if start else None
    graph, tokeniser_file = fetch(language, out)
    examples, _ = load_training(data, language, seed, licences)
    examples += synthesise(language, seed, TRAINING_TEXTS)
    add_weak_negatives(examples)
    say(f"{len(examples)} texts")
    original: dict[str, Any] = json.loads(tokeniser_file.read_text(encoding="utf-8"))
    tokeniser: dict[str, Any] = (
        json.loads((start / packaged.models[language].tokeniser / "tokenizer.json").read_bytes())
        if packaged and start
        else add_signs(original, (example.text for example in examples), SIGN_COUNT[language])
    )
    (folder / "tokenizer.json").write_text(json.dumps(tokeniser, ensure_ascii=False), encoding="utf-8")
    encoder = load_encoder(graph, ENCODERS[language])
    name_signs(encoder, original, tokeniser)
    torch.manual_seed(seed)
    network = Network(encoder, ENCODERS[language].exits)
    if packaged and start:
        missing = load_packaged(network, (start / stage.graph for stage in packaged.models[language].stages))
        say(f"starts from {packaged.revision}" + (f", but for {', '.join(missing)}" if missing else ""))
    progress = train(
        network,
        Tokenizer.from_str(json.dumps(tokeniser)),
        examples,
        budget=budget,
        seed=seed,
        checkpoint=folder / "checkpoint.pt",
        resume=resume,
        started_from=packaged.revision if packaged else "",
        report=say,
    )
    say(f"done after {progress.step} steps, {progress.seconds / 60:.1f} min, loss {progress.loss:.3f}")


if __name__ == "__main__":
    main()
