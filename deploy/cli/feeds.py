"""`pulsewatch feeds`: what is listened to, tried on a recording, run, and how it stands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

DEFAULT = Path("feeds.yaml")
file_option = click.option(
    "--file", "path", type=click.Path(path_type=Path), default=DEFAULT, show_default=True, help="The list of feeds.",
)  # fmt: skip
brands_option = click.option(
    "--brands", "brands_path", type=click.Path(path_type=Path),
    help="A brands.yaml, for feeds without a brand of their own [PULSEWATCH_BRANDS].",
)  # fmt: skip


def _list_and_catalogue(command: Callable[..., Any]) -> Callable[..., Any]:
    return file_option(brands_option(command))


@click.group()
def feeds() -> None:
    """Listen to feeds of others: sockets, streams, polls, files, topics. `feeds.yaml` lists them."""


@feeds.command()
@click.argument("path", metavar="[FILE]", type=click.Path(path_type=Path), default=DEFAULT)
@brands_option
def check(path: Path, brands_path: Path | None) -> None:
    """Read FILE (feeds.yaml) and say what each feed is; exit code 2 and one line for the first that cannot be.

    Looks whether the secrets that it names are there. Connects to nothing.
    """
    from streams.errors import UsageError
    from streams.events.pseudonyms import Pseudonyms
    from streams.ingest.feed_list import read_feeds
    from streams.ingest.feed_process import Feeds, brand_file, translator
    from streams.ingest.secret import Secrets

    listed = Feeds(read_feeds(path), Secrets(path.parent), live=brand_file(brands_path))
    for entry in listed.entries:
        try:
            translator(entry, listed, Pseudonyms(b"check"))
            entry.way_in(listed.secrets)
        except UsageError as error:
            raise UsageError(f"{path}: feed {entry.name}: {error}") from None
        about = entry.brand or f"the catalogue's {len(listed.catalogue.brands)} brands"
        place = f", room {entry.room}" if entry.room else ""
        click.echo(f"{entry.name}: {entry.kind} {entry.address} ({entry.platform}{place}; {about})")
    click.echo(f"{len(listed.entries)} feeds, nothing wrong")


@feeds.command()
@click.argument("names", nargs=-1, metavar="NAME…")
@_list_and_catalogue
def run(names: tuple[str, ...], path: Path, brands_path: Path | None) -> None:
    """Run the feeds NAME…, or all of the file, until Ctrl-C.

    Events are in Kafka before a feed's cursor is kept in Redis: killed at any moment, it goes on where it was, and
    nothing counts twice. A feed that fails does not stop the others; one that refuses is asked again in five minutes.
    PULSEWATCH_METRICS_PORT serves /metrics and /health. Exit code 2 where every feed refuses, 3 where other processes
    run them.
    """
    from streams.ingest.feed_list import chosen, read_feeds
    from streams.ingest.feed_process import Feeds, brand_file
    from streams.ingest.feed_process import run as run_feeds
    from streams.ingest.secret import Secrets
    from streams.settings import settings

    listed = chosen(read_feeds(path), names, path)
    raise SystemExit(
        run_feeds(settings(), Feeds(listed, Secrets(path.parent), live=brand_file(brands_path)), click.echo)
    )
