"""`pulsewatch bench`: the figures of the README, measured here and now, with peers beside us."""

import json
from collections.abc import Callable
from typing import Any

import click


def _say(line: str) -> None:
    click.echo(line, err=True)


def _shared(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("--peer", "peers", multiple=True, help="Only this peer; may be given again [all]."),
        click.option("--repeats", type=click.IntRange(1, 50), default=5, show_default=True, help="Rounds."),
        click.option(
            "--events", type=click.IntRange(1000), default=1_500_000, show_default=True, help="Events a round."
        ),
    ):
        function = option(function)
    return function


def _show(outcome: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(outcome))
    else:
        click.echo(f"{'peer':20} {'events/s':>12} {'min':>12} {'max':>12}  correct")
        for row in outcome["results"]:
            figures = " ".join(f"{row[key]:12,.0f}" for key in ("events_per_second", "min", "max"))
            click.echo(f"{row['peer']:20} {figures}  {'yes' if row['correct'] else 'NO'}")
        for skipped in outcome.get("skipped", ()):
            click.echo(f"skipped: {skipped}")
    if not all(row["correct"] for row in outcome["results"]):
        raise SystemExit(1)


@click.group()
def bench() -> None:
    """Benchmarks on a Kafka and Redis of their own; peers come with the `bench` extra."""


@bench.command()
@_shared
def transport(events: int, repeats: int, peers: tuple[str, ...], as_json: bool) -> None:
    """Reading and decoding a topic: Pulsewatch, a bare aiokafka loop, a confluent-kafka loop, a stock Faust agent."""
    from streams.bench.transport import run_transport

    _show(run_transport(events=events, repeats=repeats, peers=peers or None, say=_say), as_json)


@bench.command()
@_shared
def engagement(events: int, repeats: int, peers: tuple[str, ...], as_json: bool) -> None:
    """Every engagement counter of a topic in Redis: the worker beside loops that keep the same counters."""
    from streams.bench.engagement import run_engagement

    _show(run_engagement(events=events, repeats=repeats, peers=peers or None, say=_say), as_json)


@bench.command()
@click.option("--pages", type=click.IntRange(2, 1000), default=60, show_default=True, help="Breaches to be told of.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same gaps.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def paging(pages: int, seed: int, as_json: bool) -> None:
    """From an event to the page, by the whole stack; exit code 1 where one in twenty takes over ten seconds."""
    from streams.bench.paging import run_paging, shown

    outcome = run_paging(pages, seed, _say)
    click.echo(json.dumps(outcome) if as_json else "\n".join(shown(outcome)))
    if outcome["event_to_receiver_seconds"]["p95"] > outcome["goal_p95_seconds"]:
        raise SystemExit(1)
