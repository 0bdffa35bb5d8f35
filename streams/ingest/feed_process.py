"""`feeds run` as a process: several feeds side by side, each by itself, over shared producers and one ledger.

A feed that fails does not stop the others. SIGTERM and Ctrl-C end all of them with their cursors kept.
Exit codes: 0 all are at their end, or were told to stop · 2 all that are left are refused · 3 other processes run them.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from streams.cancellation import end
from streams.catalogue.brand import Brand
from streams.catalogue.live import Catalogue, LiveCatalogue
from streams.errors import Fenced, PulsewatchError, UsageError
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.feed import Feed
from streams.ingest.feed_brands import CatalogueBrands, OwnAccounts
from streams.ingest.feed_list import AnyFeed
from streams.ingest.feed_memory import FeedMemory
from streams.ingest.feed_status import INGEST, FeedStatus
from streams.ingest.runner import FeedRunner
from streams.ingest.said_places import SaidPlaces
from streams.ingest.secret import Secrets
from streams.ingest.translator import BrandsOf, Translator
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher, TopicPublisher
from streams.ledger.connect import worker_client
from streams.ledger.protocol import Ledger
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import RetryingLedger
from streams.loopback import is_loopback, is_own_name
from streams.settings import Settings, settings
from streams.topology import LIVE, SOCIAL
from streams.web_server import served

LINGER_MS: Final = 5
STOP_SECONDS: Final = 15.0
"""How long what has come may take to be stored at the end; then it comes again after the next start."""
LOOK_SECONDS: Final = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Feeds:
    """What is to run."""

    entries: Sequence[AnyFeed]
    secrets: Secrets = field(default_factory=Secrets)
    brands: Sequence[Brand] = ()
    """The catalogue, for feeds without a brand of their own."""
    live: LiveCatalogue | None = None
    """The same, followed while its file changes."""

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue that is in force."""
        return self._still if self.live is None else self.live.current

    @cached_property
    def _still(self) -> Catalogue:
        return Catalogue(self.brands)

    def __post_init__(self) -> None:
        for entry in self.entries:
            if entry.brand is None and not self.catalogue.brands and not entry.says_brands:
                raise UsageError(f"feed {entry.name}: give it a `brand`, or the catalogue by --brands FILE")


def translator(entry: AnyFeed, feeds: Feeds, pseudonyms: Pseudonyms) -> Translator:
    """What makes records of a feed's messages. Raises UsageError."""
    memory = FeedMemory()

    def catalogue() -> Catalogue:
        return feeds.catalogue

    own: Container[str] = ()
    brands_of: BrandsOf = _of_the_feeds_brand
    if entry.brand is None:
        own = accounts = OwnAccounts(catalogue, entry.of_platform, pseudonyms)
        brands_of = CatalogueBrands(catalogue, accounts, memory).events
    feed = Feed(entry.decoder(), entry.context(pseudonyms, own), memory)
    if entry.says_places:
        placed = SaidPlaces(memory).placed
        return Translator(feed, lambda event: brands_of(placed(event)), memory, retells=entry.retells)
    return Translator(feed, brands_of, memory, retells=entry.retells)


def _of_the_feeds_brand(event: Event) -> list[Event]:
    """The context has put the feed's brand into it."""
    return [event]


def run(settings: Settings, feeds: Feeds, on_progress: Callable[[str], None]) -> int:
    """Run until all end or somebody says stop; returns the exit code. Raises UsageError for what cannot be run."""
    pseudonyms = Pseudonyms(settings.pseudonym_key.get_secret_value().encode())
    made = [(entry, translator(entry, feeds, pseudonyms)) for entry in feeds.entries]
    for entry in feeds.entries:
        entry.way_in(feeds.secrets)
    return asyncio.run(_run(settings, feeds, made, on_progress))


async def _run(
    settings: Settings,
    feeds: Feeds,
    made: Sequence[tuple[AnyFeed, Translator]],
    on_progress: Callable[[str], None],
) -> int:
    kafka = KafkaConnection.of(settings)
    publishers = {topic: TopicPublisher(kafka, topic, linger_ms=LINGER_MS) for topic in (SOCIAL, LIVE)}
    client = worker_client(settings)
    ledger = RetryingLedger(RedisLedger(client, INGEST, settings.namespace), INGEST)
    runners = [
        runner(entry, one, feeds.secrets, publishers, ledger, unread_bytes=settings.unread_bytes) for entry, one in made
    ]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, partial(_stop, runners))
    on_progress(f"{len(runners)} feed{'s' * (len(runners) != 1)}: {', '.join(entry.name for entry, _ in made)}")
    watching = None if feeds.live is None else loop.create_task(feeds.live.watch())
    try:
        async with _metrics_page(settings, runners):
            return await unless_refused(kafka.refusal(), supervise(runners))
    finally:
        if watching is not None:
            await end(watching)
        for publisher in publishers.values():
            await publisher.close()
        await client.aclose()


async def unless_refused(refusal: Awaitable[PulsewatchError | None], work: Coroutine[Any, Any, int]) -> int:
    """Work while Kafka is asked whether it takes our settings: one that is paused answers late, and feeds say how they
    stand meanwhile. Raises the UsageError with which Kafka refuses."""
    working, asking = asyncio.create_task(work), asyncio.ensure_future(refusal)
    try:
        await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and isinstance(refused := await asking, UsageError):
            raise refused
        return await working
    finally:
        await end(asking, working)


def _stop(runners: Sequence[FeedRunner]) -> None:
    for one in runners:
        one.stop()


def runner(
    entry: AnyFeed,
    made: Translator,
    secrets: Secrets,
    publishers: Mapping[str, Publisher],
    ledger: Ledger,
    *,
    unread_bytes: int,
) -> FeedRunner:
    """What runs one feed."""
    status = FeedStatus(entry.name, entry.kind, entry.address)
    return FeedRunner(status, partial(entry.way_in, secrets), made, publishers, ledger, unread_bytes=unread_bytes)


async def supervise(runners: Sequence[FeedRunner]) -> int:
    """Run all to their end; returns the exit code. Raises UsageError where Redis or Kafka refuses us."""
    tasks = {asyncio.create_task(one.run()): one for one in runners}
    fenced, running = 0, set(tasks)
    stopping_since: float | None = None
    loop = asyncio.get_running_loop()
    try:
        while running:
            done, running = await asyncio.wait(running, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                fenced += _fate(task, tasks[task].status)
            if running and all(tasks[task].status.state == "refused" for task in running):
                return 2
            if any(one.stopping for one in runners):
                stopping_since = stopping_since or loop.time()
                if loop.time() - stopping_since > STOP_SECONDS:
                    log.warning("What came last is not stored yet: it comes again after the next start")
                    break
    finally:
        await end(*running)
    return 3 if fenced and fenced == len(runners) else 0


def _fate(task: "asyncio.Task[str]", status: FeedStatus) -> int:
    """1 for a feed that another process has taken."""
    error = task.exception()
    if isinstance(error, Fenced):
        log.error("%s: another process runs it now; this one lets go of it", status.name)
        return 1
    if error is not None:
        raise error
    log.info("%s: %s", status.name, task.result())
    return 0


@asynccontextmanager
async def _metrics_page(settings: Settings, runners: Sequence[FeedRunner]) -> AsyncIterator[None]:
    """Serve `page` where PULSEWATCH_METRICS_PORT says so. Raises UsageError where that cannot be listened on."""
    if not settings.metrics_port:
        yield
        return
    async with AsyncExitStack() as held:
        try:
            app = page(runners, own_names_only=is_loopback(settings.metrics_host))
            await held.enter_async_context(served(app, settings.metrics_host, settings.metrics_port, grace_seconds=1))
        except OSError as error:
            raise UsageError(
                f"PULSEWATCH_METRICS_PORT: {settings.metrics_port} cannot be listened on ({error.strerror})"
            ) from None
        yield


def page(runners: Sequence[FeedRunner], *, own_names_only: bool) -> Starlette:
    """GET /metrics, and GET /health: 200 while every feed is connected or at its end. Where it listens on loopback, a
    browser's page that pointed a name of its own here is told nothing (`own_names_only`)."""

    def refused(request: Request) -> Response | None:
        own = not own_names_only or is_own_name(request.headers.get("host", ""))
        return None if own else PlainTextResponse("this server has another name\n", 421)

    async def metrics(request: Request) -> Response:
        return refused(request) or Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def health(request: Request) -> Response:
        bad = [one.status.name for one in runners if one.status.state not in ("connected", "finished")]
        return refused(request) or JSONResponse({"not_connected": bad}, 503 if bad else 200)

    return Starlette(routes=[Route("/metrics", metrics), Route("/health", health)])


def brand_file(path: Path | None) -> LiveCatalogue | None:
    """The catalogue of a file, or of PULSEWATCH_BRANDS; None without one."""
    chosen = path or settings().brands
    return LiveCatalogue(chosen) if chosen else None
