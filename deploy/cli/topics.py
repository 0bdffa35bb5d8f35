"""`pulsewatch topics`: make the topics that the workers read and write."""

import json

import click


@click.group()
def topics() -> None:
    """The Kafka topics."""


@topics.command()
@click.option("--partitions", type=click.IntRange(1, 1024), help="Partitions of each topic [PULSEWATCH_PARTITIONS, 4].")
@click.option(
    "--replication", type=click.IntRange(1, 9), default=1, show_default=True, help="Copies of each partition."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(partitions: int | None, replication: int, as_json: bool) -> None:
    """Create the topics that are missing.

    Those that exist stay as they are.
    """
    from streams.kafka.admin import create_topics
    from streams.kafka.connection import KafkaConnection
    from streams.settings import settings

    chosen = settings()
    outcome = create_topics(
        KafkaConnection.of(chosen),
        partitions or chosen.partitions,
        replication,
        chosen.retention_days,
        chosen.topic_time,
    )
    if as_json:
        click.echo(json.dumps(outcome))
        return
    for name, what in outcome.items():
        click.echo(f"{name:24} {what}")
