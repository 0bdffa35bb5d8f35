"""`pulsewatch bench`: the figures of the README, measured here and now, with peers beside us."""

import json
from typing import Any

import click


def _show(outcome: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(outcome))
    else:
        click.echo(f"{'peer':20} {'events/s':>12} {'min':>12} {'max':>12}  correct")
        for row in outcome["results"]:
            figures = " ".join(f"{row[key]:12,.0f}" for key in ("events_per_second", "min", "max"))
            click.echo(f"{row['peer']:20} {figures}  {'yes' if row['correct'] else 'NO'}")
    if not all(row["correct"] for row in outcome["results"]):
        raise SystemExit(1)


@click.group()
def bench() -> None:
    """Benchmarks on a Kafka and Redis of their own; peers come with the `bench` extra."""
