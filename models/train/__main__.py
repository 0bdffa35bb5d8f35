"""``python -m models.train``: from the public sets to the artifact that is shipped."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import click
import torch

from models.evaluate import Unreadable
from models.labels import LANGUAGES
from models.runtime.manifest import ModelRefused
from models.train.network.encoder import EncoderUnavailable
from models.train.release.package import NothingToPackage, Recipe, package
from models.train.stages import Effort, Run, prepare_language, train_language

STAGES = ("prepare", "train", "package")
EFFORT = Effort()


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The labelled sets.")
@click.option(
    "--streams",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Recorded comments, which teach without labels.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--language", type=click.Choice([*LANGUAGES, "both"]), default="both", show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option(
    "--adapt-epochs",
    type=float,
    default=EFFORT.adapt,
    show_default=True,
    help="Epochs over the texts without labels; 0 leaves this out.",
)
@click.option(
    "--teach-epochs",
    type=float,
    default=EFFORT.teach,
    show_default=True,
    help="Epochs of each teacher; 0 learns from labels alone.",
)
@click.option(
    "--learn-epochs",
    type=float,
    default=EFFORT.learn,
    show_default=True,
    help="Epochs of the network that is shipped.",
)
@click.option(
    "--labelled-only",
    is_flag=True,
    help="Leave out the texts without labels: on a processor the teachers' answers take their time.",
)
@click.option(
    "--public-texts",
    type=click.IntRange(min=1),
    help="The most texts of the public sets that a language learns from, evenly over them; all by default.",
)
@click.option(
    "--start-from",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Go on from this packaged model, such as models/bundled, in place of the published encoders; "
    "a language that is not trained is kept from it.",
)
@click.option(
    "--labels-like",
    "of_labels",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A packaged model of before --start-from, whose answers are learnt where a public text is labelled: "
    "it knew those sets better.",
)
@click.option(
    "--go-on-from",
    "earlier",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another run's folder: begin with what it trained, at a lower rate, with the answers of --start-from.",
)
@click.option(
    "--rehearse",
    "rehearsed",
    multiple=True,
    help="An author of the written corpus whom the model of --start-from learnt: read once an epoch, no more.",
)
@click.option(
    "--hide-words",
    "hidden_words",
    type=click.FloatRange(0, 0.5),
    default=EFFORT.hidden_words,
    show_default=True,
    help="The share of a text's words that are hidden each time that it is learnt.",
)
@click.option(
    "--marked",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Right answers of `pulsewatch decisions export`, which teach too.",
)
@click.option(
    "--templates",
    type=click.IntRange(min=0),
    help="The most texts from templates that a language learns from; all by default.",
)
@click.option("--minutes", default=math.inf, help="The most that any one training takes; no limit by default.")
@click.option("--threads", default=2, show_default=True)
@click.option("--licences", type=click.Choice(["permissive", "all"]), default="all", show_default=True)
@click.option(
    "--stage",
    "stages",
    type=click.Choice(STAGES),
    multiple=True,
    help="Only these stages; all by default. What a stage finds done is not done again.",
)
@click.option(
    "--keep",
    "kept",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Package the mean of what was trained and the model of --start-from, with this share of the latter.",
)
@click.option(
    "--mean-with",
    "beside",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="Another run's folder: package the mean of what was trained here and there.",
)
@click.option("--note", default="", help="What the model card should say of this training beside the recipe.")
@click.option("--revision", default="unreleased", show_default=True, help="Name of the packaged model.")
def main(
    data: Path | None,
    streams: Path | None,
    out: Path,
    language: str,
    seed: int,
    adapt_epochs: float,
    teach_epochs: float,
    learn_epochs: float,
    labelled_only: bool,
    public_texts: int | None,
    start_from: Path | None,
    of_labels: Path | None,
    earlier: Path | None,
    rehearsed: tuple[str, ...],
    hidden_words: float,
    marked: Path | None,
    templates: int | None,
    minutes: float,
    threads: int,
    licences: str,
    stages: tuple[str, ...],
    kept: float,
    beside: tuple[Path, ...],
    note: str,
    revision: str,
) -> None:
    """Train the encoders on the sets in DATA, and package both languages in OUT/bundle."""
    torch.set_num_threads(threads)
    stages = stages or STAGES
    if data is None and stages != ("train",):
        raise click.UsageError("--data is needed to prepare and to package")
    if start_from is not None and start_from.resolve() == (out / "bundle").resolve():
        raise click.UsageError(f"{start_from} is what this run replaces: copy it, and name the copy in --start-from")
    if start_from is None and (earlier is not None or of_labels is not None):
        raise click.UsageError("--go-on-from and --labels-like need --start-from, whose answers are learnt too")
    effort = Effort(
        adapt_epochs,
        teach_epochs,
        learn_epochs,
        minutes,
        not labelled_only,
        start_from,
        public_texts,
        earlier,
        rehearsed,
        hidden_words,
        marked,
        templates,
        of_labels,
    )
    try:
        for chosen in LANGUAGES if language == "both" else (language,):
            if "prepare" in stages and data and not (out / chosen / "encoder.pt").exists():
                prepare_language(chosen, data, streams, out, seed, licences, effort)
            if "train" in stages:
                train_language(Run(chosen, out / chosen, seed, effort, _saying(chosen)))
        if "package" in stages and data and (language == "both" or start_from):
            package(
                Recipe(data, out, seed, licences, revision, start_from, kept, note, beside), out / "bundle", click.echo
            )
    except (EncoderUnavailable, ModelRefused, NothingToPackage, Unreadable) as error:
        raise click.ClickException(str(error)) from error


def _saying(language: str) -> Callable[[str], None]:
    return lambda line: click.echo(f"{language}: {line}")


if __name__ == "__main__":
    main()
