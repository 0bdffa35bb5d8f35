"""`pulsewatch replay`: a recorded stream's events for the topics."""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

import click

from deploy.cli.progress import progress
from streams.errors import UsageError

if TYPE_CHECKING:
    from streams.ingest.recorded import Recording

NAMED_LINES = 20
MAX_ID_CHARS = 128
"""As streams.events.schema has it, which takes too long to import before `--help` answers."""


def _brand(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not 1 <= len(value) <= MAX_ID_CHARS:
        raise click.BadParameter(f"a brand's id has 1 to {MAX_ID_CHARS} characters")
    return value


def _zone(_context: click.Context, _parameter: click.Parameter, value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise click.BadParameter(f"{value!r} is no time zone; one is Asia/Shanghai") from None


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--brand", required=True, callback=_brand, help="The brand that the comments are about.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="So many times as fast as it was [as fast as Kafka takes it].",
)
@click.option("--original-times", is_flag=True, help="Keep the times; by default the last comment is at now.")
@click.option("--zone", default="UTC", show_default=True, callback=_zone, help="The zone of times without an offset.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(file: Path, brand: str, speed: float | None, original_times: bool, zone: ZoneInfo, as_json: bool) -> None:
    """Play a recorded stream into social.interactions.

    FILE has gzipped JSON lines with time, platform and text. A line that is no comment, or whose time cannot be, is
    left out and told; the exit code is then 2.
    """
    from streams.clock import system_clock
    from streams.events.pseudonyms import Pseudonyms
    from streams.ingest.context import FeedContext
    from streams.ingest.player import ReplayProducer
    from streams.ingest.recorded import SOURCE, read
    from streams.ingest.recorded import replay as run
    from streams.kafka.connection import KafkaConnection
    from streams.settings import settings

    recording = read(file, zone=zone)
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
            "left_out": [{"line": line.number, "why": line.why} for line in recording.left_out],
            "without_offset": recording.without_offset,
        }
        click.echo(json.dumps(outcome, ensure_ascii=False))
        tell_left_out(recording)
        return
    platforms = ", ".join(f"{name} {count}" for name, count in replayed.platforms.items())
    click.echo(f"{file.name}: {replayed.comments} comments ({platforms}) in {replayed.played.wall_seconds:.1f} s")
    click.echo(
        f"See it: {settings().console_url.rstrip('/')}/brand/{quote(brand, safe='')}, `pulsewatch watch`.", err=True
    )
    if recording.without_offset:
        click.echo(f"{recording.without_offset} times had no offset and were taken as of {zone.key} (--zone)", err=True)
    tell_left_out(recording)


def tell_left_out(recording: "Recording") -> None:
    """Name the lines that were left out, the first of them, on stderr. Raises UsageError where there are any."""
    left_out = recording.left_out
    for line in left_out[:NAMED_LINES]:
        click.echo(f"{recording.path.name}, {line}", err=True)
    if left_out:
        raise UsageError(f"{recording.path.name}: {len(left_out)} of its lines left out")
