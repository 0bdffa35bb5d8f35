"""The demo from start to end, as a person watches it.

1. Start the stack in a folder of its own.
2. Play forty minutes of a simulated evening in little more than one.
3. Show rooms, brands, alerts and lag while the workers catch up with it.
4. Compare every counter and every alert with the feed's own truth.
5. Stop everything. (With `forever`: only then go on, in real time until Ctrl-C.)
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from dashboards.readers import Readers
from dashboards.snapshot import Snapshot
from dashboards.terminal.screen import Screen
from deploy.demo.feed import ClosableSink, Feed
from deploy.demo.outcome import compared, show
from deploy.demo.ways_in import FeedsProcess, IngestServer, PolledTotals, WaysIn
from deploy.local.http import get_json
from deploy.local.process import LOOPBACK, signals_unwind
from deploy.local.stack import Stack
from streams.catalogue.facts import BrandFacts
from streams.errors import PulsewatchError, Unavailable
from streams.ingest.player import ReplayProducer
from streams.kafka.connection import KafkaConnection
from streams.settings import Settings

REFRESH_SECONDS = 1.0
SETTLED_SNAPSHOTS = 3
"""So many in a row without lag: what one stage writes is another's input."""
CATCH_UP_SECONDS = 600.0


@dataclass(frozen=True)
class Options:
    """What a person may choose."""

    seed: int = 7
    wall_seconds: float = 75.0
    forever: bool = False
    scenario: str = "demo"


@dataclass
class Milestones:
    """Seconds since the start."""

    started: float
    first_scored: float | None = None

    def since(self) -> float:
        return time.monotonic() - self.started


def run(settings: Settings, options: Options, console: Console) -> int:
    """Returns 0 where everything agrees with the truth, 1 where anything differs. Ctrl-C stops all processes."""
    settings = settings.model_copy(update={"topic_time": "feed"})  # the evening is played faster than it happened
    milestones = Milestones(time.monotonic())
    console.print("Starting the whole stack on this machine; Ctrl-C stops it.")
    with _folder(console) as folder:
        with signals_unwind(), Stack(folder, settings, on_progress=lambda line: console.print(f"  {line}")) as stack:
            console.print(f"The stack answers after {milestones.since():.0f} s. Pages: {stack.addresses.console}")
            with _ways_in(folder, stack, console) as open_sink:
                agrees = _watch(stack, open_sink, options, console, milestones)
        if agrees:
            shutil.rmtree(folder)
        else:
            console.print(f"Logs and data are in {folder}.")
    return 0 if agrees else 1


@contextmanager
def _folder(console: Console) -> Iterator[Path]:
    """A folder that is kept, and named, where something went wrong; Ctrl-C leaves nothing."""
    folder = Path(tempfile.mkdtemp(prefix="pulsewatch-demo-"))
    try:
        yield folder
    except PulsewatchError:
        console.print(f"Logs are in {folder}.")
        raise
    except (KeyboardInterrupt, SystemExit):
        shutil.rmtree(folder, ignore_errors=True)
        console.print("Stopped; nothing is left running.")
        raise


@contextmanager
def _ways_in(folder: Path, stack: Stack, console: Console) -> Iterator[Callable[[], ClosableSink]]:
    """What opens the feed's way to Kafka; two parts of it come by HTTP and by polls."""
    kafka, totals = KafkaConnection.of(stack.settings), PolledTotals()
    ingest = IngestServer(folder.absolute() / "ingest", stack.settings)
    feeds = FeedsProcess(folder.absolute() / "feeds", stack.settings, totals.url)
    try:
        ingest.start()
        feeds.start()
        console.print(f"Running totals come by HTTP ({LOOPBACK}:{ingest.port}) and are polled ({totals.url}).")
        yield lambda: WaysIn(ReplayProducer(kafka), f"http://{LOOPBACK}:{ingest.port}/v1/events", totals)
    finally:
        feeds.stop()
        ingest.stop()
        totals.close()


def _watch(
    stack: Stack, open_sink: Callable[[], ClosableSink], options: Options, console: Console, milestones: Milestones
) -> bool:
    feed = Feed(open_sink, options.seed, options.wall_seconds, options.scenario)
    readers, addresses = Readers(stack.settings), asdict(stack.addresses)
    facts = BrandFacts.where_usable(stack.settings)
    try:
        feed.start()
        with Screen(console, addresses, facts) as screen:
            _until_settled(stack, feed, readers, screen, milestones)
        agrees = _report(stack, feed, readers, console, milestones)
        if options.forever:
            console.print("Going on in real time until Ctrl-C.")
            feed.go_on()
            with Screen(console, addresses, facts) as screen:
                while True:
                    _refresh(stack, feed, readers, screen, milestones)
        return agrees
    finally:
        feed.stop()
        readers.close()


def _until_settled(stack: Stack, feed: Feed, readers: Readers, screen: Screen, milestones: Milestones) -> None:
    settled, finished_at = 0, None
    while settled < SETTLED_SNAPSHOTS:
        snapshot = _refresh(stack, feed, readers, screen, milestones)
        if feed.finished:
            finished_at = finished_at or time.monotonic()
            settled = settled + 1 if _caught_up(snapshot) else 0
            if time.monotonic() - finished_at > CATCH_UP_SECONDS:
                raise Unavailable(f"the workers did not catch up within {CATCH_UP_SECONDS:.0f} s")


def _refresh(stack: Stack, feed: Feed, readers: Readers, screen: Screen, milestones: Milestones) -> Snapshot:
    if feed.failure is not None:
        raise feed.failure
    stack.restart_dead()
    snapshot = readers.snapshots.read()
    if milestones.first_scored is None and any(count.texts for count in snapshot.texts):
        milestones.first_scored = milestones.since()
    screen.show(snapshot, _progress(feed, milestones))
    time.sleep(REFRESH_SECONDS)
    return snapshot


def _caught_up(snapshot: Snapshot) -> bool:
    return not snapshot.trouble and bool(snapshot.lags) and all(lag.records == 0 for lag in snapshot.lags)


def _progress(feed: Feed, milestones: Milestones) -> str:
    return f"{milestones.since():.0f} s · {feed.position}"


def _report(stack: Stack, feed: Feed, readers: Readers, console: Console, milestones: Milestones) -> bool:
    if feed.truth is None:
        return False
    console.print("Comparing with the feed's truth …")
    comparison = compared(feed.truth, readers.engagement, KafkaConnection.of(stack.settings))
    show(console, comparison)
    pages = get_json(stack.addresses.pages)
    console.print(f"Pages that on-call staff would have got: {len(pages)}.")
    if milestones.first_scored is not None:
        console.print(f"First scored text after {milestones.first_scored:.0f} s.")
    return comparison.agrees
