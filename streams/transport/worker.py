"""A stage as a process: the Faust app, its lanes, and an exit code with a meaning.

Exit codes: 0 stopped by a signal, 1 something unexpected (the log names the record), 2 a server refuses the settings or
another Kafka's workers hold the namespace, 3 another worker owns a partition, 4 a partition stood still
(streams.transport.watchdog). After any of them a new process goes on from the ledger's offsets.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from aiokafka.errors import KafkaError

from streams.backoff import Backoff
from streams.clock import system_clock
from streams.errors import Fenced, PulsewatchError, UsageError
from streams.events.schema import Coordinates
from streams.kafka.cluster import cluster_id
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_sink import DeadLetterTopicSink
from streams.kafka.topic_ids import topic_ids
from streams.ledger.progress import PROGRESS
from streams.ledger.tenancy import Tenancy
from streams.ledger.topic_memory import TopicMemory
from streams.metrics import LEDGER_OUTCOMES, RECORDS_REFUSED
from streams.metrics_server import MetricsServer
from streams.settings import Settings
from streams.topology import DEAD_LETTERS
from streams.transport.faust_app import FaustApp
from streams.transport.handler import BatchHandler
from streams.transport.lanes import Lanes
from streams.transport.memory import settle_memory
from streams.transport.outage import Outage
from streams.transport.watchdog import Watchdog

log = logging.getLogger(__name__)

STOPPED, FAILED, REFUSED, FENCED, STUCK = 0, 1, 2, 3, 4
TOPICS_BACKOFF = Backoff(first_seconds=0.25, max_seconds=5.0)
STOPPING_SECONDS = 15.0
GIVING_UP_SECONDS = 20.0
"""How long a worker that stands still may take for its end."""


def run_worker(
    handler: BatchHandler[Any],
    settings: Settings,
    tenancy: Tenancy | None = None,
    known_topics: TopicMemory | None = None,
    writes: Sequence[str] = (),
) -> int:
    """Run the stage until SIGTERM or SIGINT, or until it cannot go on. Returns the exit code. It begins when Kafka has
    the topics that it reads, and those that it writes."""
    logging.basicConfig(
        level=settings.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    if settings.metrics_port:
        MetricsServer(settings.metrics_host, settings.metrics_port)
    exit_code = asyncio.run(_until_signalled(handler, settings, tenancy, known_topics, writes))
    if exit_code == STUCK:
        _exit_at_once()
    return exit_code


async def _until_signalled(
    handler: BatchHandler[Any],
    settings: Settings,
    tenancy: Tenancy | None,
    known_topics: TopicMemory | None,
    writes: Sequence[str],
) -> int:
    worker = Worker(handler, settings, tenancy, known_topics, writes)
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, worker.stop)
    return await worker.run()


class Worker:
    """One run of a stage in the present event loop."""

    def __init__(
        self,
        handler: BatchHandler[Any],
        settings: Settings,
        tenancy: Tenancy | None = None,
        known_topics: TopicMemory | None = None,
        writes: Sequence[str] = (),
    ) -> None:
        self._handler = handler
        self._needed = (*handler.topics, *writes)
        self._tenancy = tenancy
        self._known_topics = known_topics
        self._cluster_id: str | None = None
        self._settings = settings
        self._kafka = KafkaConnection.of(settings)
        self._outage = Outage(str(self._kafka))
        dropped = RECORDS_REFUSED.labels(DEAD_LETTERS, "dropped")
        self._lanes = Lanes(handler, self._failed, DeadLetterTopicSink(self._kafka, on_dropped=dropped.inc))
        self._stop = asyncio.Event()
        self._ended = threading.Event()
        self._exit_code = STOPPED

    def stop(self) -> None:
        """Ask for a clean end: the batch in hand is stored, then `run` returns."""
        self._stop.set()

    async def run(self) -> int:
        """Run to the end; returns the exit code.

        1. Wait until Kafka answers and has the topics; hold the namespace for this Kafka; see that the topics are those
           whose offsets are stored.
        2. Run the Faust app until `stop`, or until a lane or the fetch fails.
        3. Store the batches in hand, commit the offsets to Kafka, leave the group.
        """
        settle_memory()
        with self._outage.capturing(self._settings.log_level), self._watched():
            if not await self._unless_stopped(self._prepare()):
                return self._exit_code
            if not await self._unless_stopped(self._check_topics()):
                return self._exit_code
            app = FaustApp(self._handler, self._settings, self._lanes, self._outage, self._fetch_failed)
            if await self._unless_stopped(self._work(app)):
                self._end(FAILED, RuntimeError("stopped by itself"), "Faust")
            await self._lanes.close()
            self._outage.closing()
            with suppress(TimeoutError):
                await asyncio.wait_for(app.stop(), STOPPING_SECONDS)
        return self._exit_code

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """With a watchdog, until `run` has come to its end."""
        loop = asyncio.get_running_loop()

        def stuck(reason: str) -> None:
            log.error("%s; this worker ends", reason)
            loop.call_soon_threadsafe(self._stand_still)
            if not self._ended.wait(GIVING_UP_SECONDS):
                _exit_at_once()

        limit_seconds = self._settings.stuck_seconds
        watchdog = Watchdog(self._lanes.standings, self._waits_for_a_server, limit_seconds, stuck)
        watchdog.start()
        try:
            yield
        finally:
            self._ended.set()
            watchdog.stop()

    def _waits_for_a_server(self) -> bool:
        return self._outage.goes_on or PROGRESS.waiting > 0

    def _stand_still(self) -> None:
        if self._exit_code == STOPPED:
            self._exit_code = STUCK
        self._stop.set()

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Run the work until it ends or `stop` is called; whether it ended first."""
        working, stopping = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
            if working.done() and (error := working.exception()) is not None:
                self._end(FAILED, error, "the worker")
            return not self._stop.is_set()
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.wait([working, stopping])

    async def _prepare(self) -> None:
        await self._wait_for_topics()
        while self._tenancy is not None:
            try:
                self._cluster_id = await self._tenant()
                break
            except (KafkaError, OSError):
                self._outage.down()
                await asyncio.sleep(TOPICS_BACKOFF.max_seconds)
        if self._tenancy is not None and self._cluster_id is not None:
            await self._tenancy.take(self._cluster_id)

    async def _tenant(self) -> str | None:
        """Whose offsets the namespace holds: a cluster's, and there those of the topics with our prefix."""
        found, prefix = await cluster_id(self._kafka), self._kafka.prefix
        return f"{found}/{prefix}" if found and prefix else found

    async def _work(self, app: FaustApp) -> None:
        """Run the app while the namespace is ours; raises UsageError when it no longer is."""
        running = [asyncio.create_task(_run_app(app))]
        if self._tenancy is not None and self._cluster_id is not None:
            running.append(asyncio.create_task(self._tenancy.keep(self._cluster_id)))
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)

    async def _wait_for_topics(self) -> None:
        wait_seconds, missing_before = TOPICS_BACKOFF.first_seconds, set[str]()
        while True:
            try:
                missing = set(map(self._kafka.at_broker, self._needed)) - await _topics(self._kafka)
            except (KafkaError, OSError):
                refusal = await self._kafka.refusal()
                if isinstance(refusal, UsageError):
                    raise refusal from None
                self._outage.down(refusal)
            else:
                self._outage.up(system_clock())
                if not missing:
                    return
                if missing != missing_before:
                    names = ", ".join(sorted(missing))
                    log.warning(
                        "Kafka has no topic %s, or does not show it: run `pulsewatch topics create`; waiting", names
                    )
                missing_before = missing
            await asyncio.sleep(wait_seconds)
            wait_seconds = TOPICS_BACKOFF.after(wait_seconds)

    async def _check_topics(self) -> None:
        """Raises TopicMadeAnew; waits while a server is away."""
        while self._known_topics is not None:
            try:
                ids = await topic_ids(self._kafka, self._handler.topics)
            except (KafkaError, OSError):
                self._outage.down()
                await asyncio.sleep(TOPICS_BACKOFF.max_seconds)
            else:
                await self._known_topics.check(ids)
                return

    def _failed(self, error: Exception, at: Coordinates) -> None:
        if isinstance(error, Fenced):
            LEDGER_OUTCOMES.labels(self._handler.stage, "fenced").inc()
            self._end(FENCED, error, str(at))
        else:
            self._end(FAILED, error, f"the batch at {at}")

    def _fetch_failed(self, error: Exception) -> None:
        self._end(FAILED, error, "the fetch")

    def _end(self, exit_code: int, error: BaseException, where: str) -> None:
        if self._exit_code == STOPPED:
            self._exit_code = REFUSED if isinstance(error, UsageError) else exit_code
            if isinstance(error, PulsewatchError):
                log.error("%s: %s; this worker ends", where, error)
            else:
                log.error("%s: unexpected %r; this worker ends", where, error, exc_info=error)
        self._stop.set()


def _exit_at_once() -> None:
    """Python would wait for whatever is stuck in a thread."""
    logging.shutdown()
    os._exit(STUCK)


async def _run_app(app: FaustApp) -> None:
    await app.start()
    consumer: Any = app.consumer  # streams.transport.consumer.BatchConsumer
    following = asyncio.create_task(consumer.follow_ends())
    try:
        await app.wait_until_stopped()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _topics(kafka: KafkaConnection) -> set[str]:
    client = kafka.async_client(client_id="pulsewatch-worker")
    try:
        await client.bootstrap()
        return set((await client.fetch_all_metadata()).topics())
    finally:
        await client.close()
