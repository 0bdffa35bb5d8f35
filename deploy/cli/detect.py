"""`pulsewatch detect` and `pulsewatch backtest`: the worker's own detectors on recorded series and streams."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.errors import UsageError

if TYPE_CHECKING:
    from streams.detection.backtest.backtest import DraftSummary, Summary

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def detect() -> None:
    """Run the burst detector on series of counts.

    With the worker's own parameters.
    """


@detect.command()
@click.argument("file", type=existing_file)
@click.option("--csv", "as_csv", is_flag=True, help="Print timestamp, anomaly_score and alarm of every row.")
@click.option("--json", "as_json", is_flag=True, help="Print the alarms as JSON.")
def series(file: Path, as_csv: bool, as_json: bool) -> None:
    """Run it on a CSV file with timestamp and value.

    Each row is judged by its past alone.
    """
    from streams.detection.backtest.series import read_series

    recorded = read_series(file)
    rows = list(zip(recorded.written, recorded.values, recorded.judged(), strict=True))
    if as_csv:
        table = csv.writer(sys.stdout)
        table.writerow(("timestamp", "anomaly_score", "alarm"))
        table.writerows((at, f"{judged.score:.6f}", int(judged.alarm)) for at, _, judged in rows)
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
    """Score it as the Numenta benchmark does.

    Takes a folder of series with their windows.json.
    """
    from streams.detection.backtest.nab import nab_score

    outcome = nab_score(folder)
    if as_json:
        click.echo(json.dumps(asdict(outcome)))
        return
    for file in outcome.files:
        click.echo(f"{file.file:32} {file.met} of {file.windows} windows, {file.false_alarms} false alarms")
    click.echo(f"score {outcome.score:.1f} with {outcome.false_alarms} false alarms")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rules", "draft", type=existing_file, help="A file of draft rules: what would they have done?")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backtest(files: tuple[Path, ...], draft: Path | None, as_json: bool) -> None:
    """Run recorded streams through scoring and detection.

    As fast as the machine allows; each file is a brand.
    """
    from rich.console import Console
    from rich.progress import track

    from streams.compliance.rulebook import Rulebook
    from streams.detection.backtest.backtest import DraftSummary, Summary, run
    from streams.detection.brand.custom_rules import read_alert_rules
    from streams.scoring.model import require_classifier
    from streams.settings import settings

    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise UsageError(f"{missing[0]}: no such file")
    drafts = None if draft is None else read_alert_rules(draft)
    classifier = require_classifier(settings())
    rulebook = Rulebook.load(jurisdiction=settings().jurisdiction)
    watched = track(files, "backtesting", console=Console(stderr=True), transient=True)
    runs = [run(file, classifier, rulebook, drafts) for file in watched]
    rows = [one.row() for one in runs]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        for line in _file_lines(row):
            click.echo(line)
    for line in _summary_lines(Summary.of(runs)):
        click.echo(line)
    for rule in drafts or ():
        click.echo(_draft_line(DraftSummary.of(rule.name, runs)))


def _file_lines(row: dict[str, Any]) -> Iterator[str]:
    met = sum(burst["met_by"] is not None for burst in row["bursts"])
    yield (
        f"{row['file']}: {row['comments']} comments, {met} of {len(row['bursts'])} bursts met,"
        f" {row['alerts_outside_bursts_per_day']:g} alerts a day outside, cyber-violence {row['cyber_violence']:.2f}"
    )
    for alert in [*row["alerts"], *row.get("draft_alerts", [])]:
        until = alert["resolved_at"] or "still firing"
        draft = f"  draft rule {alert['rule']}" if "rule" in alert else ""
        yield f"    {alert['at']}  {alert['severity']:8} {alert['kind']:14} until {until}{draft}"


def _summary_lines(total: Summary) -> Iterator[str]:
    yield f"{total.files} brands, {total.comments:,} comments: {total.alerts} alerts, {total.critical} critical"
    yield (
        f"bursts met {total.met} of {total.bursts}; delay from onset {_seconds(total.delay_seconds_median)}"
        f" (p90 {_seconds(total.delay_seconds_p90)}), lead over the peak {_seconds(total.lead_seconds_median)};"
        f" {total.false_alarms_per_brand_and_day:.2f} alerts a brand and day outside of bursts"
    )
    yield (
        f"as a crisis or violence {total.met_by_harm} of {total.bursts}; delay from onset"
        f" {_seconds(total.harm_delay_seconds_median)}, from the first comment"
        f" {_seconds(total.harm_after_begin_seconds_median)}"
    )


def _draft_line(draft: DraftSummary) -> str:
    return (
        f"draft rule {draft.rule}: would have fired {draft.fired} times on {draft.brands} brands, met"
        f" {draft.bursts_met} bursts, {draft.false_alarms_per_brand_and_day:.2f} alerts a brand and day outside"
    )


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.0f} s"
