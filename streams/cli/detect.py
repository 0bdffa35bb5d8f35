"""`pulsewatch detect` and `pulsewatch backtest`: the worker's own detectors on recorded series and streams."""

import csv
import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from streams.errors import UsageError

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def detect() -> None:
    """The burst detector on series of counts, with the parameters that the worker runs with."""


@detect.command()
@click.argument("file", type=existing_file)
@click.option("--csv", "as_csv", is_flag=True, help="Print timestamp, value, anomaly_score and alarm of every row.")
@click.option("--json", "as_json", is_flag=True, help="Print the alarms as JSON.")
def series(file: Path, as_csv: bool, as_json: bool) -> None:
    """Judge a CSV file with the columns timestamp and value, each row by its past alone."""
    from streams.detection.series import read_series

    recorded = read_series(file)
    rows = list(zip(recorded.written, recorded.values, recorded.judged(), strict=True))
    if as_csv:
        table = csv.writer(sys.stdout)
        table.writerow(("timestamp", "value", "anomaly_score", "alarm"))
        table.writerows((at, f"{value:g}", f"{judged.score:.6f}", int(judged.alarm)) for at, value, judged in rows)
        return
    alarms = [(at, value, judged.score) for at, value, judged in rows if judged.alarm]
    if as_json:
        click.echo(json.dumps([{"timestamp": at, "value": value, "score": score} for at, value, score in alarms]))
        return
    for at, value, score in alarms:
        click.echo(f"{at}  {value:g}  score {score:.3f}")
    click.echo(f"{len(alarms)} alarms in {len(rows)} rows")


@detect.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def nab(folder: Path, as_json: bool) -> None:
    """Score the detector as the Numenta benchmark does: a folder of series with their windows.json."""
    from streams.detection.nab import nab_score

    outcome = nab_score(folder)
    if as_json:
        click.echo(json.dumps(asdict(outcome)))
        return
    for file in outcome.files:
        click.echo(f"{file.file:32} {file.met} of {file.windows} windows, {file.false_alarms} false alarms")
    click.echo(f"score {outcome.score:.1f} with {outcome.false_alarms} false alarms")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backtest(files: tuple[Path, ...], as_json: bool) -> None:
    """Run recorded streams through scoring and detection, as fast as the machine allows; each file is a brand."""
    from rich.console import Console
    from rich.progress import track

    from models.runtime.classifier import load_classifier
    from streams.compliance.rulebook import Rulebook
    from streams.detection.backtest import run

    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise UsageError(f"{missing[0]}: no such file")
    classifier, rulebook = load_classifier(), Rulebook.load()
    watched = track(files, "backtesting", console=Console(stderr=True), transient=True)
    rows = [run(file, classifier, rulebook).row() for file in watched]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['file']}: {row['comments']} comments, {len(row['alerts'])} alerts")
        for alert in row["alerts"]:
            until = alert["resolved_at"] or "still firing"
            click.echo(f"    {alert['at']}  {alert['severity']:8} {alert['kind']:14} until {until}")
