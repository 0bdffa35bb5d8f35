"""`python -m tests.bench`: the figures of the docs, measured here and now, with peers beside us."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from deploy.cli.main import run
from streams.events.schema import TextKind


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


def _show(outcome: dict[str, Any], as_json: bool, unit: str = "events") -> None:
    if as_json:
        click.echo(json.dumps(outcome))
    else:
        click.echo(f"{'peer':20} {unit + '/s':>12} {'min':>12} {'max':>12}  correct")
        for row in outcome["results"]:
            figures = " ".join(f"{row[key]:12,.0f}" for key in (f"{unit}_per_second", "min", "max"))
            click.echo(f"{row['peer']:20} {figures}  {'yes' if row['correct'] else 'NO'}")
        for skipped in outcome.get("skipped", ()):
            click.echo(f"skipped: {skipped}")
    if not all(row["correct"] for row in outcome["results"]):
        raise SystemExit(1)


@click.group()
def bench() -> None:
    """Benchmarks, on servers of their own where they need any; peers come with the `bench` extra."""


@bench.command()
@_shared
def transport(events: int, repeats: int, peers: tuple[str, ...], as_json: bool) -> None:
    """Reading and decoding a topic: Pulsewatch, a bare aiokafka loop, a confluent-kafka loop, a stock Faust agent."""
    from tests.bench.transport import run_transport

    _show(run_transport(events=events, repeats=repeats, peers=peers or None, say=_say), as_json)


@bench.command()
@_shared
def engagement(events: int, repeats: int, peers: tuple[str, ...], as_json: bool) -> None:
    """Every engagement counter of a topic in Redis: the worker beside loops that keep the same counters."""
    from tests.bench.engagement import run_engagement

    _show(run_engagement(events=events, repeats=repeats, peers=peers or None, say=_say), as_json)


@bench.command()
@click.option("--events", type=click.IntRange(1000), default=340_000, show_default=True, help="Events a run.")
@click.option("--batch", type=click.IntRange(100), help="Events a batch; as many as a worker takes at once.")
@click.option("--repeats", type=click.IntRange(1, 50), default=1, show_default=True, help="Rounds.")
@click.option("--stage", "stages", multiple=True, help="Only this one, by its name in the table; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scale(events: int, batch: int | None, repeats: int, stages: tuple[str, ...], as_json: bool) -> None:
    """What a room and a brand cost: ten against ten thousand rooms and five thousand brands; exit code 1 where an event
    is more than 1.3 times as dear."""
    from tests.bench.scale import STAGES, run_scale, shown

    unknown = [stage for stage in stages if stage not in STAGES]
    if unknown:
        raise click.BadParameter(f"{unknown[0]}; there are {', '.join(STAGES)}", param_hint="--stage")
    outcome = run_scale(stages=stages or tuple(STAGES), events=events, batch_events=batch, repeats=repeats, say=_say)
    click.echo(json.dumps(outcome) if as_json else "\n".join(shown(outcome)))
    if outcome["ratio"] > outcome["goal"]:
        raise SystemExit(1)


@bench.command()
@click.option("--events", type=click.IntRange(1000), default=200_000, show_default=True, help="Events a round.")
@click.option("--repeats", type=click.IntRange(1, 50), default=3, show_default=True, help="Rounds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ingest(events: int, repeats: int, as_json: bool) -> None:
    """Events over HTTP in batches of 100, acknowledged by a broker: what a core takes a second."""
    from tests.bench.ingest import run_ingest

    _show(run_ingest(events=events, repeats=repeats, say=_say), as_json)


@bench.command()
@click.option("--messages", type=click.IntRange(100), default=20_000, show_default=True, help="Messages a round.")
@click.option("--repeats", type=click.IntRange(1, 50), default=5, show_default=True, help="Rounds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def mapping(messages: int, repeats: int, as_json: bool) -> None:
    """Messages of feeds as records for Kafka: events a second and core by a mapping, a preset, a platform's decoder."""
    from tests.bench.mapping import run_mapping

    _show(run_mapping(messages=messages, repeats=repeats, say=_say), as_json)


@bench.command()
@click.option("--brands", "count", type=click.IntRange(100), default=5_000, show_default=True, help="In the catalogue.")
@click.option("--repeats", type=click.IntRange(1, 50), default=5, show_default=True, help="Rounds.")
@click.option("--labelled", is_flag=True, help="Precision and recall on the labelled texts instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def brands(count: int, repeats: int, labelled: bool, as_json: bool) -> None:
    """Texts a second and core that are asked for their brands, half of them with a name in them."""
    from tests.bench.brands import labelled_quality, run_brands

    rows = labelled_quality() if labelled else [run_brands(brands=count, repeats=repeats)]
    if as_json:
        click.echo(json.dumps(rows))
    else:
        for row in rows:
            shown = ((name, f"{value:.3f}" if isinstance(value, float) else value) for name, value in row.items())
            click.echo("  ".join(f"{name} {value}" for name, value in shown))


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bursts(as_json: bool) -> None:
    """The burst detector on 540 simulated brands with known onsets: recall, delay and false alarms by threshold."""
    from tests.bench.bursts import run_bursts, shown

    rows = run_bursts(_say)
    click.echo(json.dumps(rows) if as_json else "\n".join(shown(rows)))


@bench.command()
@click.option("--pages", type=click.IntRange(2, 1000), default=60, show_default=True, help="Breaches to be told of.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same gaps.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def paging(pages: int, seed: int, as_json: bool) -> None:
    """From an event to the page, by the whole stack; exit code 1 where on-call waits over ten seconds (p95)."""
    from tests.bench.paging import run_paging, shown

    outcome = run_paging(pages, seed, _say)
    click.echo(json.dumps(outcome) if as_json else "\n".join(shown(outcome)))
    if outcome["event_to_on_call_seconds"]["p95"] > outcome["goal_p95_seconds"]:
        raise SystemExit(1)


@bench.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--texts",
    type=click.IntRange(0),
    default=8_192,
    show_default=True,
    help="Measure on stretches of so many texts in all, spread over the files; 0 takes every text.",
)
@click.option("--repeats", type=click.IntRange(1, 50), default=3, show_default=True, help="Rounds.")
@click.option("--peer", "peers", multiple=True, help="Only this peer; may be given again [all].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scoring(files: tuple[Path, ...], texts: int, repeats: int, peers: tuple[str, ...], as_json: bool) -> None:
    """The model on the texts of FILES (JSON lines with a `text`, plain or .gz), in their order, on one core.

    Peers: pulsewatch (no cache), pulsewatch+cache, session (its bare sessions on ready batches), minilm-l6-int8
    (untuned, batches of 32 as they come).
    """
    from models.evaluate import Unreadable, read_labelled
    from models.runtime import ModelRefused, load_classifier
    from streams.errors import UsageError
    from streams.settings import settings
    from tests.bench.scoring import PEERS, run_scoring

    if unknown := set(peers) - set(PEERS):
        raise UsageError(f"no peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    try:
        written = [labelled.text for path in files for labelled in read_labelled(path)]
        name = settings().model
        classifier = load_classifier(Path(name) if name else None, remembered_texts=0)
    except (Unreadable, ModelRefused) as error:
        raise UsageError(str(error)) from None
    if not written:
        raise UsageError("there is no text in the files")
    outcome = run_scoring(written, classifier, count=texts, rounds=repeats, peers=peers or PEERS, say=_say)
    _show(outcome, as_json, unit="texts")
    if not as_json:
        for name in ("times_minilm", "times_minilm_with_cache", "times_session"):
            if name in outcome:
                click.echo(f"{name.replace('_', ' ')}: {outcome[name]:.2f} (processor time)")


@bench.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(get_args(TextKind)), default="comment", show_default=True, help="Who speaks.")
@click.option("--repeats", type=click.IntRange(1, 50), default=3, show_default=True, help="Rounds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rules(files: tuple[Path, ...], kind: TextKind, repeats: int, as_json: bool) -> None:
    """Texts a second and core through all rule packs: of recorded streams, or of the packs' examples."""
    from tests.bench.rules import run_rules

    outcome = run_rules(files, kind, repeats)
    if as_json:
        click.echo(json.dumps(outcome))
    else:
        click.echo("  ".join(f"{name} {value}" for name, value in outcome.items()))


@bench.command()
@click.option("--point", default="sensitive", show_default=True, help="The operating point that the team serves.")
@click.option("--seeds", type=click.IntRange(1, 50), default=3, show_default=True, help="Ways to deal the mistakes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def learning(point: str, seeds: int, as_json: bool) -> None:
    """What marked texts teach a simulated team: mistakes on others like them, and everything else, before and after."""
    from tests.bench.learning import run_learning

    outcome = run_learning(point, seeds)
    if as_json:
        click.echo(json.dumps(outcome))
        return
    for kind, figures in outcome["by_kind"].items():
        click.echo(f"{kind:28} {figures['mistakes']:4} mistakes, {figures['left']['mean']:6} left")
    click.echo(f"{'all':28} {outcome['mistakes']:4} mistakes, {outcome['left']['mean']:6} left ({outcome['left']})")
    for name, value in outcome["others"].items():
        click.echo(f"{name:44} {value}")


if __name__ == "__main__":
    run(bench, "python -m tests.bench")
