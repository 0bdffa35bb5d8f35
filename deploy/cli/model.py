"""`pulsewatch score` and `pulsewatch model`: the model and the rules on texts at hand, with no server."""

import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

if TYPE_CHECKING:
    from streams.events.schema import TextKind

KINDS = ("comment", "review", "host_speech", "brand_post")
"""As streams.events.schema has them, which takes too long to import before `--help` answers."""


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--output", "-o", type=click.File("w", encoding="utf-8"), default="-", help="Where to write [stdout].")
@click.option(
    "--kind", type=click.Choice(KINDS), default="comment", show_default=True, help="What a line of plain text is.",
)  # fmt: skip
def score(file: IO[bytes], output: IO[str], kind: "TextKind") -> None:
    """Score texts, a line each, plain or as JSON; JSON lines out.

    The order stays. FILE is - (standard input) by default.

    In: a line of plain text, said to be a --kind; or {"text": "…", "kind": "host_speech" | "brand_post" | "comment" |
    "review", "lang": "zh"?}. Out: sentiment,
    sentiment_scores, risks by label, flagged labels, findings with family, rule, article, span, what matched (personal
    data masked), severity, said_by and score, and the verdict that rules, likeness and model come to together. A line
    that cannot be read is left out and told with its number; the exit code is then 2.
    """
    from streams.scoring.lines import score_lines
    from streams.scoring.model import require_classifier
    from streams.settings import settings

    if file is sys.stdin.buffer and sys.stdin.isatty():
        click.echo("Type a text a line, plain or as JSON; end with Ctrl-D.", err=True)

    def tell(left_out: str) -> None:
        click.echo(f"pulsewatch: {left_out}", err=True)

    for row in score_lines(file, classifier=require_classifier(settings()), plain_kind=kind, on_left_out=tell):
        output.write(json.dumps(row, ensure_ascii=False) + "\n")
        output.flush()


@click.group()
def model() -> None:
    """The sentiment and risk model."""


@model.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(files: tuple[Path, ...], as_json: bool) -> None:
    """Measure the model on labelled JSON lines (plain or .gz).

    Reports quality, calibration, false alarms and speed.
    """
    from models.evaluate import Unreadable
    from models.evaluate import evaluate as measure
    from streams.errors import UsageError
    from streams.scoring.model import require_classifier
    from streams.settings import settings

    try:
        rows = measure(files, require_classifier(settings(), remembered_texts=0), report=_show_progress)
    except Unreadable as error:
        raise UsageError(str(error)) from None
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        name = f"{row.get('source', '')} {row.get('label', '')}".strip()
        figures = {key: value for key, value in row.items() if key not in ("source", "label")}
        click.echo(
            f"{name:48} " + "  ".join(f"{key} {value:,.4g}" for key, value in figures.items() if value is not None)
        )


def _show_progress(done: int, texts: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,} of {texts:,} texts scored", err=True, nl=False)
