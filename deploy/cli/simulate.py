"""`pulsewatch simulate`: a scenario's events for the topics."""

import json
from contextlib import closing
from pathlib import Path

import click

from deploy.cli.progress import progress

TRUTH = Path("truth.json")


@click.command()
@click.argument("scenario_name", metavar="[SCENARIO]", default="demo")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same traffic.")
@click.option("--seconds", type=click.FloatRange(min=1), help="Play it in so many seconds [as fast as Kafka takes it].")
@click.option(
    "--truth",
    "truth_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=TRUTH,
    show_default=True,
    help="Where to write what a right reader makes of it.",
)
@click.option("--list", "listed", is_flag=True, help="List the scenarios and exit.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def simulate(
    scenario_name: str, seed: int, seconds: float | None, truth_path: Path, listed: bool, as_json: bool
) -> None:
    """Write a scenario's simulated events to Kafka.

    Its truth, the right counts and alerts, goes into a file beside it.
    """
    from streams.ingest.player import ReplayProducer
    from streams.kafka.connection import KafkaConnection
    from streams.settings import settings
    from streams.simulate.play import simulate as run
    from streams.simulate.scenarios import names, scenario

    if listed:
        click.echo(json.dumps(names()) if as_json else "\n".join(f"{n:20} {what}" for n, what in names().items()))
        return
    chosen = scenario(scenario_name, seed)
    with (
        closing(ReplayProducer(KafkaConnection.of(settings()))) as sink,
        progress(f"simulating {chosen.name}") as on_progress,
    ):
        traffic, played = run(chosen, sink, wall_seconds=seconds, truth_path=truth_path, on_progress=on_progress)
    outcome = {
        "scenario": chosen.name,
        "seed": seed,
        "records": played.records,
        "texts": traffic.truth.texts,
        "wall_seconds": round(played.wall_seconds, 1),
        "truth": str(truth_path),
    }
    if as_json:
        click.echo(json.dumps(outcome))
        return
    click.echo(_sentence(outcome))
    click.echo(f"See it: {settings().console_url}, `pulsewatch watch`, `pulsewatch alerts`.", err=True)


def _sentence(outcome: dict[str, object]) -> str:
    return "{scenario}: {records} records, {texts} of them texts, in {wall_seconds} s; truth in {truth}".format(
        **outcome
    )
