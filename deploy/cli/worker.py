"""`pulsewatch worker`: run one stage until it is stopped."""

import click

from streams.topology import STAGES


@click.command()
@click.argument("stage", type=click.Choice(list(STAGES)))
def worker(stage: str) -> None:
    """Run one worker of a stage: engagement, scoring or detection.

    Scale a stage by running more of its workers: Kafka deals them the partitions. SIGTERM or Ctrl-C stops it cleanly;
    after any other end the next one goes on from the ledger's offsets. Settings come from PULSEWATCH_* variables.
    """
    from streams.settings import settings

    match stage:
        case "engagement":
            from streams.engagement.app import run
        case "scoring":
            from streams.scoring.app import run
        case _:
            from streams.detection.app import run
    raise SystemExit(run(settings()))
