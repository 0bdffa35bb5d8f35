"""`pulsewatch replay`: a recorded stream's events for the topics."""

import json
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import click

from deploy.cli.progress import progress

MAX_ID_CHARS = 128
"""As streams.events.schema has it, which takes too long to import before `--help` answers."""


def _brand(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not 1 <= len(value) <= MAX_ID_CHARS:
        raise click.BadParameter(f"a brand's id has 1 to {MAX_ID_CHARS} characters")
    return value


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--brand", required=True, callback=_brand, help="The brand that the comments are about.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="So many times as fast as it was [as fast as Kafka takes it].",
)
@click.option("--original-times", is_flag=True, help="Keep the times; by default the last comment is at now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(file: Path, brand: str, speed: float | None, original_times: bool, as_json: bool) -> None:
    """Play a recorded stream into social.interactions.

    FILE has gzipped JSON lines with time, platform and text.
    """
    from streams.clock import system_clock
    from streams.events.pseudonyms import Pseudonyms
    from streams.ingest.context import FeedContext
    from streams.ingest.player import ReplayProducer
    from streams.ingest.recorded import SOURCE, read
    from streams.ingest.recorded import replay as run
    from streams.kafka.connection import KafkaConnection
    from streams.settings import settings

    recording = read(file)
    key = settings().pseudonym_key.get_secret_value().encode()
    context = FeedContext(SOURCE, "other", brand, Pseudonyms(key))
    with (
        closing(ReplayProducer(KafkaConnection.of(settings()))) as sink,
        progress(f"replaying {file.name}") as on_progress,
    ):
        replayed = run(
            recording,
            sink,
            context=context,
            speed=speed,
            original_times=original_times,
            on_progress=on_progress,
            clock=system_clock,
            sleep=time.sleep,
        )
    if as_json:
        outcome = {
            "file": str(file),
            "brand": brand,
            "comments": replayed.comments,
            "platforms": replayed.platforms,
            "first_event_ms": replayed.first_event_ms,
            "last_event_ms": replayed.last_event_ms,
            "wall_seconds": round(replayed.played.wall_seconds, 1),
        }
        click.echo(json.dumps(outcome, ensure_ascii=False))
        return
    platforms = ", ".join(f"{name} {count}" for name, count in replayed.platforms.items())
    click.echo(f"{file.name}: {replayed.comments} comments ({platforms}) in {replayed.played.wall_seconds:.1f} s")
    click.echo(
        f"See it: {settings().console_url.rstrip('/')}/brand/{quote(brand, safe='')}, `pulsewatch watch`.", err=True
    )
