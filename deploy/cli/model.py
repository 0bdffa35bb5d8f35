"""`pulsewatch score` and `pulsewatch model`: the model and the rules on texts at hand, with no server."""

import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from models.own_texts import RiskTexts
    from models.runtime.classifier import Classifier, Served
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


@model.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def curve(files: tuple[Path, ...], as_json: bool) -> None:
    """Draw precision and recall along the thresholds.

    FILES are labelled JSON lines (plain or .gz), as for evaluate. An arrow marks the threshold that is served.
    """
    classifier = _calibrated_classifier()
    rows: list[dict[str, Any]] = []
    for one in _own_texts(files, classifier):
        points = one.curve()
        served = classifier.served[one.language].thresholds[one.risk]
        rows.append(
            {
                "language": one.language,
                "risk": one.risk,
                "texts": len(one.truth),
                "with_risk": int(one.truth.sum()),
                "served": {"threshold": served, **one.at(served)},
                "curve": [
                    {"threshold": point.threshold, "precision": point.precision, "recall": point.recall}
                    for point in points
                ],
            }
        )
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['language']} {row['risk']}: {row['with_risk']:,} of {row['texts']:,} texts carry it")
        if not row["curve"]:
            click.echo("  no curve: it needs texts with the risk, and texts without it")
        for point in sorted([*row["curve"], {**row["served"], "is_served": True}], key=_threshold):
            click.echo(_curve_line(point))


@model.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--precision", default=0.85, show_default=True, type=click.FloatRange(0.5, 0.99), help="Of the flags.")
@click.option("--output", "-o", type=click.File("w", encoding="utf-8"), default="-", help="Where to write [stdout].")
def calibrate(files: tuple[Path, ...], precision: float, output: IO[str]) -> None:
    """Write thresholds of your own, for PULSEWATCH_THRESHOLDS.

    FILES are labelled JSON lines (plain or .gz), as for evaluate. Each risk of a language gets the least threshold at
    which its flags are as precise as you ask. A risk with too few texts keeps the threshold that it has, and is named.
    """
    classifier = _calibrated_classifier()
    thresholds: dict[str, dict[str, float]] = {}
    for one in _own_texts(files, classifier):
        found = one.threshold_for(precision)
        name = f"{one.language} {one.risk}"
        if found is None:
            why = "too few texts" if one.too_few else f"no threshold has a precision of {precision}"
            click.echo(f"{name}: stays as it is, {why} ({int(one.truth.sum())} of {len(one.truth)} carry it)", err=True)
        else:
            thresholds.setdefault(one.language, {})[one.risk] = found
            figures = one.at(found)
            click.echo(
                f"{name}: from {found} on, precision {figures['precision']}, recall {figures['recall']}", err=True
            )
    output.write(json.dumps({"revision": classifier.revision, "thresholds": thresholds}, indent=2) + "\n")


@model.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write.",
)  # fmt: skip
def learn(files: tuple[Path, ...], output: Path) -> None:
    """Learn from marked texts, for PULSEWATCH_CORRECTION.

    FILES are JSON lines of `pulsewatch decisions export`, or labelled as for evaluate. The model stays as it is; what
    was learnt moves the risks of texts that are like the marked ones. Takes some seconds, and no PyTorch. Risks are
    learnt for the thresholds that are configured now.
    """
    from models.evaluate import Unreadable, read_labelled
    from models.learning import MIN_MARKS
    from models.learning import learn as learn_from
    from models.runtime.classifier import BUNDLED
    from models.runtime.correction import save_corrections
    from models.runtime.flagging import FlaggingRefused, read_flagging
    from models.runtime.manifest import ModelRefused, read_manifest
    from streams.errors import UsageError
    from streams.settings import settings

    chosen = settings()
    folder = Path(chosen.model) if chosen.model else BUNDLED
    try:
        revision = read_manifest(folder).revision
        texts = [text for path in files for text in read_labelled(path)]
        found = list(learn_from(texts, folder, read_flagging(chosen.operating_point, chosen.thresholds)))
    except (Unreadable, ModelRefused, FlaggingRefused) as error:
        raise UsageError(str(error)) from None
    for one in [one for _, _, taught in found for one in taught]:
        elsewhere = (
            f"nothing is learnt from fewer than {MIN_MARKS} that are wrong in the same direction"
            if one.rehearsed is None
            else f"of texts kept apart, {one.rehearsed.to_right} more are right and {one.rehearsed.to_wrong} wrong"
        )
        click.echo(
            f"{one.language} {one.risk}: {one.marks} marked, wrong on {one.wrong_before}, "
            f"now on {one.wrong_after}; {elsewhere}",
            err=True,
        )
    corrections = {language: correction for language, correction, _ in found if correction is not None}
    if not corrections:
        raise UsageError(
            f"nothing to learn: no risk of a language has {MIN_MARKS} marked texts that are wrong in the same direction"
        )
    save_corrections(output, revision, corrections)


def _threshold(point: dict[str, Any]) -> float:
    return float(point["threshold"])


def _curve_line(point: dict[str, Any]) -> str:
    precision = "–" if point["precision"] is None else f"{point['precision']:.2f}"
    bar = "█" * round(40 * (point["recall"] or 0))
    arrow = "  ← served" if point.get("is_served") else ""
    return f"  from {point['threshold']:.2f}  precision {precision:>4}  recall {point['recall'] or 0:.2f} {bar}{arrow}"


def _calibrated_classifier() -> "Classifier[Served]":
    """The configured model, which must be one whose probabilities are calibrated."""
    from models.runtime.classifier import Served
    from streams.errors import UsageError
    from streams.scoring.model import require_classifier
    from streams.settings import settings

    classifier = require_classifier(settings(), remembered_texts=0)
    if not all(isinstance(served, Served) for served in classifier.served.values()):
        raise UsageError(f"{classifier.revision} has no calibrated probabilities: it is flagged from 0.5 on")
    return classifier


def _own_texts(files: tuple[Path, ...], classifier: "Classifier[Served]") -> "list[RiskTexts]":
    from models.evaluate import Unreadable, read_labelled
    from models.own_texts import by_language_and_risk
    from streams.errors import UsageError

    try:
        texts = [text for path in files for text in read_labelled(path)]
    except Unreadable as error:
        raise UsageError(str(error)) from None
    found = list(by_language_and_risk(texts, classifier))
    if not found:
        raise UsageError('no text has a label for a risk; a line is {"text": "…", "abuse": 1, …}')
    return found


def _show_progress(done: int, texts: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,} of {texts:,} texts scored", err=True, nl=False)
