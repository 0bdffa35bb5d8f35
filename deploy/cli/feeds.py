"""`pulsewatch feeds`: what is listened to, tried on a recording, run, and how it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

if TYPE_CHECKING:  # commands import what they run when they run it
    from streams.ingest.feed_status import FeedStatus
    from streams.ingest.protocols.files import Files
    from streams.ingest.trial import Totals, Tried
    from streams.ingest.unread_messages import UnreadMessage

DEFAULT = Path("feeds.yaml")
AHEAD_MS = 1_000
"""Less is what clocks differ by."""
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
    from streams.ingest.protocols.files import Files
    from streams.ingest.secret import Secrets

    listed = Feeds(read_feeds(path), Secrets(path.parent), live=brand_file(brands_path))
    for entry in listed.entries:
        try:
            translator(entry, listed, Pseudonyms(b"check"))
            way_in = entry.way_in(listed.secrets)
        except UsageError as error:
            raise UsageError(f"{path}: feed {entry.name}: {error}") from None
        about = entry.brand or f"the catalogue's {_number_of(len(listed.catalogue.brands), 'brand')}"
        place = f", room {entry.room}" if entry.room else ""
        click.echo(f"{entry.name}: {entry.kind} {entry.address} ({entry.of_platform}{place}; {about})")
        if isinstance(way_in, Files) and (remark := _files_there(way_in)):
            click.echo(f"    {remark}")
    click.echo(f"{_number_of(len(listed.entries), 'feed')}, nothing wrong")


def _files_there(files: Files) -> str:
    """What a look at the disk finds that one would want to know: nothing to read, or files that are passed over."""
    from streams.untrusted import one_line

    if not files.folder.exists():
        return "there is no such file or folder yet"
    paths = sorted(path for path, _ in files.found())
    passed = [path for path in paths if not files.is_named(path)]
    if not paths:
        return "there is no file yet"
    if not passed:
        return ""
    read = _number_of(len(paths) - len(passed), "file")
    return f"{read} to read, {len(passed)} passed over by its `patterns`: {one_line(', '.join(passed[:3]), 200)}"


def _number_of(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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


@feeds.command(name="try")
@click.argument("name")
@click.argument("recording", metavar="FILE|-", type=click.File("rb"))
@_list_and_catalogue
@click.option("--show", type=click.IntRange(0), default=20, show_default=True, help="Messages to show; all count.")
@click.option("--json", "as_json", is_flag=True, help="Print the events alone, as JSON lines.")
def try_(name: str, recording: BinaryIO, path: Path, brands_path: Path | None, show: int, as_json: bool) -> None:
    """Read a recording of the feed NAME, and print what would come of each message: its events, or why none.

    A recording has a message a line, plain or .gz; of a poll it is an answer, of RSS a document, of files a file.
    Connects to nothing and writes nothing. Exit code 1 where not one event came of it.
    """
    from streams.events.pseudonyms import Pseudonyms
    from streams.ingest.feed_list import chosen, read_feeds
    from streams.ingest.feed_process import Feeds, brand_file, translator
    from streams.ingest.secret import Secrets
    from streams.ingest.trial import Totals, tried, unpacked
    from streams.settings import settings

    (entry,) = chosen(read_feeds(path), (name,), path)
    listed = Feeds([entry], Secrets(path.parent), live=brand_file(brands_path))
    made = translator(entry, listed, Pseudonyms(settings().pseudonym_key.get_secret_value().encode()))
    totals = Totals()
    for one in tried(entry, made, unpacked(recording.read())):
        totals.add(one)
        if as_json:
            for _, _, value in one.translation.records:
                click.echo(value)
        elif one.number <= show:
            _show(one)
    if not as_json:
        _show_totals(totals, show)
    raise SystemExit(0 if totals.kinds else 1)


def _show(one: Tried) -> None:
    from streams.untrusted import one_line

    for event in one.translation.events:
        at = f"{datetime.fromtimestamp(event.event_time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
        worth = f" {event.value}" if event.value != 1 else ""
        if event.amount:
            worth += f" for {event.amount:,} in minor units{' each' if event.kind == 'gift' else ''}"
        words = " ".join((event.text or "").split())
        text = f": {one_line(words, 100)}" if words else ""
        click.echo(f"{one.number:6} {event.kind}{worth} about {event.brand_id} at {at} UTC{text}")
    where = f"{one.place}: " if one.place else ""
    for why in one.why_nothing():
        click.echo(f"{one.number:6} – {one_line(where + why)}")


def _show_totals(totals: Totals, shown: int) -> None:
    from streams.untrusted import one_line

    if totals.messages > shown:
        click.echo(f"       … and {_number_of(totals.messages - shown, 'more message')}")
    click.echo(f"\n{_number_of(totals.messages, 'message')}, {_number_of(totals.kinds.total(), 'event')}")
    for title, counts in (("event", totals.kinds), ("about", totals.brands), ("left out:", totals.reasons)):
        for what, count in counts.most_common():
            place = totals.first_places.get(what) if counts is totals.reasons else None
            click.echo(f"{count:8} {title} {one_line(what + (f'; first at {place}' if place else ''))}")


@feeds.command()
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--raw", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE|-",
    help="Write the messages of one feed that could not be read, as they came, one a line.",
)  # fmt: skip
def status(names: tuple[str, ...], as_json: bool, raw: Path | None) -> None:
    """How the feeds NAME…, or all that ever ran, stand: since when, what came, what is missing, what could not be read.

    Of what could not be read at all, PULSEWATCH_UNREAD_BYTES are kept for a week, the newest of each type. --raw writes
    them to a new file that its owner alone can read: they may hold personal data. `feeds try` reads the file.
    """
    import msgspec

    from streams.clock import system_clock
    from streams.errors import UsageError
    from streams.ingest.feed_status import read_statuses
    from streams.ingest.unread_messages import read_unread
    from streams.ledger.connect import reader_client
    from streams.settings import settings

    if raw is not None and len(names) != 1:
        raise UsageError("--raw writes the messages of one feed: give its NAME")
    chosen_settings = settings()
    client = reader_client(chosen_settings)
    try:
        found = read_statuses(client, chosen_settings.namespace)
        known = [one.name for one in found]
        for name in names:
            if name not in known:
                raise UsageError(f"no feed called {name} has run; there are {', '.join(known) or 'none'}")
        found = [one for one in found if one.name in names or not names]
        kept = {one.name: read_unread(client, chosen_settings.namespace, one.name, system_clock()) for one in found}
    finally:
        client.close()
    if raw is not None:
        _write_raw(kept[names[0]], raw)
        return
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        for line in _status_lines(one, kept[one.name], system_clock()):
            click.echo(line)
    if not found:
        click.echo("No feed has run yet: `pulsewatch feeds run`.")


def _write_raw(kept: Sequence[UnreadMessage], path: Path) -> None:
    import os

    from streams.errors import UsageError
    from streams.ingest.unread_messages import written

    if str(path) == "-":
        for line in written(kept):
            click.echo(line, nl=False)
        return
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or 'cannot be written').lower()}") from None
    with os.fdopen(file, "wb") as opened:
        opened.writelines(written(kept))
    cut = sum(len(one.raw) < one.bytes for one in kept)
    click.echo(f"{len(kept)} messages in {path}{f', {cut} of them cut' if cut else ''}")


def _status_lines(one: FeedStatus, kept: Sequence[UnreadMessage], now_ms: int) -> Iterator[str]:
    from streams.untrusted import one_line

    gone = f", but its process wrote nothing for {_span(now_ms - one.written_ms)}" if one.is_gone(now_ms) else ""
    error = f": {one_line(one.error)}" if one.error else ""
    yield f"{one.name}: {one.state} for {_span(now_ms - one.state_since_ms)}{gone}{error}"
    yield f"    {one.kind} {one.address}"
    last = f", the last {_span(now_ms - one.last_message_ms)} ago" if one.last_message_ms else ""
    connects = _number_of(one.connects, "time")
    yield f"    {_number_of(one.messages, 'message')}{last}{_lag(one.lag_ms)}; connected {connects}"
    refused = "".join(f", {count} refused ({reason})" for reason, count in one.refused.items())
    yield f"    {_number_of(one.events, 'event')}, {one.unmatched} about no brand, {one.repeated} told before{refused}"
    if one.last_gap is not None:
        known = f", {_number_of(one.gap_messages, 'message')} known to be missing" if one.gap_messages else ""
        ago = _span(now_ms - one.last_gap.to_ms)
        gaps = f"{_number_of(one.gaps, 'gap')}, {_span(one.gap_ms)} in all{known}"
        yield f"    {gaps}; the last {ago} ago ({one.last_gap.reason})"
    yield f"    cursor {one_line(one.cursor, 100) if one.cursor else 'none'}"
    for unread in one.unread:
        yield f"    {unread.count} × {one_line(unread.type, 64) or 'no type'}: {unread.reason} ({unread.detail})"
        yield f"        {one_line(unread.shape)}"
    if kept:
        yield f"    {len(kept)} of these are kept: `pulsewatch feeds status {one.name} --raw FILE`"


def _lag(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    ahead = milliseconds <= -AHEAD_MS
    return f", its clock {_span(-milliseconds)} ahead" if ahead else f", {_span(max(0, milliseconds))} behind its time"


def _span(milliseconds: int) -> str:
    """How long, in its largest units."""
    seconds = max(0, milliseconds) // 1000
    for size, name, smaller, small in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            return f"{seconds // size} {name} {seconds % size // smaller} {small}"
    return f"{seconds} s" if seconds else f"{max(0, milliseconds)} ms"
