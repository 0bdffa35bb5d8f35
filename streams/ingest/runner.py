"""A feed that runs: connect, read, give to brands, publish, and only then keep the cursor.

    1. Go on at the cursor that the ledger has.
    2. Messages come into a queue; a full one holds the connection back.
    3. A batch becomes records, and Kafka acknowledges all of them (all replicas, idempotent).
    4. Cursor, status and memory are stored in one act.

Killed between 3 and 4, it reads the batch again: the same events go out once more, by the same ids, and engagement
counts an id once. Killed before 3, nothing went out. So no event is lost that the source still has, and none counts
twice.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal, cast

from streams.backoff import Backoff
from streams.cancellation import end
from streams.clock import Clock, system_clock
from streams.errors import Unavailable, UsageError
from streams.ingest.feed import EXAMPLE_BYTES
from streams.ingest.feed_ledger import FeedLedger
from streams.ingest.feed_status import MAX_UNREAD_TYPES, FeedStatus, UnreadStatus, shape
from streams.ingest.foreign import NOTHING_READ
from streams.ingest.protocols.received import (
    MESSAGE_BYTES,
    FeedRefused,
    FeedUnavailable,
    Gap,
    Item,
    Received,
    WayIn,
    skipped,
)
from streams.ingest.translator import Translator
from streams.ingest.unread_messages import UnreadMessages
from streams.kafka.producer import Publisher
from streams.ledger.protocol import Ledger
from streams.ledger.retry import Sleep, retrying

BATCH_MESSAGES: Final = 500
BATCH_SECONDS: Final = 0.2
"""How long a message waits for others, so that one act stores them together."""
QUEUED_MESSAGES: Final = 2_000
STATUS_SECONDS: Final = 2.0
"""How often the status is written while nothing comes."""
REFUSED_SECONDS: Final = 300.0
"""Until a source that refused is asked again: somebody has to mend it."""
RECONNECT: Final = Backoff(first_seconds=1.0, max_seconds=60.0)

Outcome = Literal["finished", "stopped", "refused"]
_COUNTED_ON = (
    "messages", "events", "unmatched", "repeated", "refused", "gaps", "gap_ms", "gap_messages", "last_gap",
    "heard_until_ms", "last_message_ms", "last_event_ms", "connects",
)  # fmt: skip
"""Fields of a status that go on over restarts."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """The connection is over: by itself, or by an error."""

    error: Exception | None = None


class FeedRunner:
    """Runs one feed until it ends or is told to stop; one event loop."""

    def __init__(
        self,
        status: FeedStatus,
        way_in: Callable[[], WayIn],
        translator: Translator,
        publishers: Mapping[str, Publisher],
        ledger: Ledger,
        *,
        unread_bytes: int = 0,
        clock: Clock = system_clock,
        sleep: Sleep = asyncio.sleep,
        reconnect: Backoff = RECONNECT,
        batch_seconds: float = BATCH_SECONDS,
    ) -> None:
        """`way_in` is asked at every connection: a renewed secret is read anew. `unread_bytes`: how much of what cannot
        be read is kept raw."""
        self.status = status
        self._way_in = way_in
        self._translator = translator
        self._publishers = publishers
        self._ledger = ledger
        self._unread = UnreadMessages(unread_bytes)
        self._clock = clock
        self._sleep = sleep
        self._reconnect = reconnect
        self._batch_seconds = batch_seconds
        self._stop = asyncio.Event()
        self._connected = False
        self._finite = False
        self._kafka_error = ""
        """Why Kafka did not take the batch in hand."""
        self._unread_before: dict[tuple[str, str], UnreadStatus] = {}

    def stop(self) -> None:
        """Take what has come already, keep the cursor, and end."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    async def run(self) -> Outcome:
        """Raises Fenced where another process runs the feed now, UsageError where Redis or Kafka refuses us."""
        held = await FeedLedger.acquire(
            self._ledger, self.status.name, self._translator.memory, self._unread, self._clock()
        )
        self._go_on(held.status)
        wait_seconds = self._reconnect.first_seconds
        while not self._stop.is_set():
            before = self.status.messages
            error = await self._listen(held)
            if self._stop.is_set() or (error is None and self._finite):
                break
            if isinstance(error, FeedRefused):
                await self._save(held, "refused", str(error))
                log.error("%s: %s; it is asked again in %.0f s", self.status.name, error, REFUSED_SECONDS)
                await self._wait(REFUSED_SECONDS, held)
                continue
            if self.status.messages > before:
                wait_seconds = self._reconnect.first_seconds
            after_seconds = error.after_seconds if isinstance(error, FeedUnavailable) else 0.0
            why = "the source ended the connection" if error is None else str(error)
            await self._save(held, "waiting", why)
            log.warning("%s: %s; trying again", self.status.name, why)
            await self._wait(max(wait_seconds, after_seconds), held)
            wait_seconds = self._reconnect.after(wait_seconds)
        outcome: Outcome = "stopped" if self._stop.is_set() else "finished"
        await self._save(held, outcome)
        return outcome

    def _go_on(self, former: FeedStatus | None) -> None:
        """Count on from what the last process counted."""
        if former is None:
            return
        for name in _COUNTED_ON:
            setattr(self.status, name, getattr(former, name))
        self._unread_before = {(one.type, one.reason): one for one in former.unread}

    async def _listen(self, held: FeedLedger) -> Exception | None:
        """One connection, to its end; returns why it ended."""
        self.status.enter("connecting", self._clock())
        self._connected = False
        try:
            way_in = self._way_in()
        except UsageError as error:
            return FeedRefused(str(error))
        self._finite = way_in.finite
        queue: asyncio.Queue[Item | Ended] = asyncio.Queue(QUEUED_MESSAGES)
        pump = asyncio.create_task(self._pump(way_in.messages(held.cursor), queue))
        stopping = asyncio.create_task(self._stop.wait())
        try:
            while True:
                batch, ended = await self._take(queue, stopping)
                if batch:
                    await self._commit(batch, held)
                else:
                    await self._beat(held)
                if ended is not None:
                    return ended.error
                if stopping.done() and queue.empty():
                    return None
        finally:
            await end(pump, stopping)

    async def _pump(self, messages: AsyncIterator[Item], queue: "asyncio.Queue[Item | Ended]") -> None:
        error: Exception | None = None
        try:
            async with aclosing(cast(Any, messages)) as items:
                async for item in items:
                    await queue.put(self._bounded(item))
                    if self._stop.is_set():
                        break
        except (FeedUnavailable, FeedRefused) as known:
            error = known
        except Exception as unexpected:
            log.exception("%s: its protocol failed", self.status.name)
            error = FeedUnavailable(f"its protocol failed: {unexpected!r}")
        await queue.put(Ended(error))

    def _bounded(self, item: Item) -> Item:
        """The item with the time of its arrival; a message that is too large to be read is a gap."""
        if not isinstance(item, Received):
            return item
        if len(item.message) > MESSAGE_BYTES:
            return skipped(item.cursor, self._clock())
        return item if item.received_ms else replace(item, received_ms=self._clock())

    async def _take(
        self, queue: "asyncio.Queue[Item | Ended]", stopping: "asyncio.Task[Literal[True]]"
    ) -> tuple[list[Item], Ended | None]:
        """What has come: a batch, nothing where nothing comes for a while, and the end where it is one."""
        batch: list[Item] = []
        wait_seconds = STATUS_SECONDS
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_seconds
        while len(batch) < BATCH_MESSAGES:
            try:
                item = queue.get_nowait()
            except asyncio.QueueEmpty:
                left = until - loop.time()
                if left <= 0 or stopping.done():
                    break
                arrived = asyncio.create_task(queue.get())
                await asyncio.wait({arrived, stopping}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if not arrived.done():
                    await end(arrived)
                    if arrived.cancelled():
                        continue
                item = arrived.result()
            if isinstance(item, Ended):
                return batch, item
            if not batch:
                until = loop.time() + self._batch_seconds
            batch.append(item)
        return batch, None

    async def _commit(self, batch: Sequence[Item], held: FeedLedger) -> None:
        """Records first, cursor after."""
        cursor, records, messages = held.cursor, dict[str, list[tuple[str, bytes]]](), 0
        self._translator.memory.at(self._clock())
        for item in batch:
            if isinstance(item, Gap):
                self._note(item)
                cursor = cursor if item.cursor is None else item.cursor
                continue
            if not self._connected:
                self._enter_connected(held)
            if isinstance(item, Received):
                messages += 1
                cursor = item.cursor or cursor
                for topic, key, value in self._translated(item):
                    records.setdefault(topic, []).append((key, value))
        await self._publish(records, held)
        self._tell_unread()
        if self._connected:
            self.status.heard_until_ms = self._clock()
        self.status.cursor = cursor
        self.status.written_ms = self._clock()
        await held.save(messages, cursor, self.status, self._translator.memory, self._unread)

    async def _publish(self, records: Mapping[str, Sequence[tuple[str, bytes]]], held: FeedLedger) -> None:
        """Returns once Kafka has all. While it does not take them, the status says so."""
        state, error, since_ms = self.status.state, self.status.error, self.status.state_since_ms
        publishing = asyncio.create_task(self._publish_all(records))
        try:
            while not (await asyncio.wait({publishing}, timeout=STATUS_SECONDS))[0]:
                self.status.enter("blocked", self._clock(), self._kafka_error or "Kafka does not acknowledge records")
                await held.tell(self.status, self._clock())
            await publishing
        finally:
            await end(publishing)
        if self.status.state == "blocked":
            self.status.state, self.status.error, self.status.state_since_ms = state, error, since_ms

    async def _publish_all(self, records: Mapping[str, Sequence[tuple[str, bytes]]]) -> None:
        self._kafka_error = ""
        for topic, of_topic in records.items():
            await retrying(partial(self._try_to_publish, topic, of_topic), sleep=self._sleep)

    async def _try_to_publish(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        try:
            await self._publishers[topic].publish(records)
        except Unavailable as error:
            self._kafka_error = str(error)
            raise

    def _translated(self, item: Received) -> Sequence[tuple[str, str, bytes]]:
        status = self.status
        if item.missed:
            self._note(Gap(status.last_message_ms or item.received_ms, item.received_ms, item.missed, "lost"))
        done = self._translator.translate(item.message, item.received_ms, item.place)
        status.messages += 1
        status.last_message_ms = max(status.last_message_ms, item.received_ms)
        status.events += len(done.events)
        status.unmatched += done.unmatched
        status.repeated += done.repeated
        for reason, _ in done.refused:
            status.refused[reason] = status.refused.get(reason, 0) + 1
        for part in done.unread:
            if part.reason in NOTHING_READ:
                self._unread.add(item.message, part, item.received_ms)
        for event in done.events:
            status.last_event_ms = max(status.last_event_ms, event.event_time_ms)
        return done.records

    def _enter_connected(self, held: FeedLedger) -> None:
        """The source answers. What it told while nobody listened is gone, where it keeps nothing."""
        now_ms = self._clock()
        self._connected = True
        self.status.connects += 1
        if not self._finite and held.cursor is None and self.status.heard_until_ms:
            self._note(Gap(self.status.heard_until_ms, now_ms, None, "no_cursor"))
        self.status.enter("connected", now_ms)
        log.info("%s: connected", self.status.name)

    def _note(self, gap: Gap) -> None:
        self.status.add_gap(gap)
        log.warning(
            "%s: a gap of %.1f s cannot be filled (%s)",
            self.status.name,
            max(0, gap.to_ms - gap.from_ms) / 1000,
            gap.reason,
        )

    def _tell_unread(self) -> None:
        """What this process could not read, added to what the former ones could not."""
        told = dict(self._unread_before)
        for (type_name, reason), unread in self._translator.feed.unread.items():
            before = self._unread_before.get((type_name, reason))
            count = unread.count + (before.count if before else 0)
            known_shape = before.shape if before else shape(unread.example[:EXAMPLE_BYTES])
            told[type_name, reason] = UnreadStatus(type_name, reason, count, unread.detail, known_shape)
        self.status.unread = sorted(told.values(), key=lambda one: -one.count)[:MAX_UNREAD_TYPES]

    async def _beat(self, held: FeedLedger) -> None:
        """Nothing came: say that the process is alive."""
        now_ms = self._clock()
        if now_ms - self.status.written_ms >= STATUS_SECONDS * 1000:
            await self._save(held, self.status.state, self.status.error)

    async def _save(self, held: FeedLedger, state: Any, error: str = "") -> None:
        now_ms = self._clock()
        if self._connected and state == "connected":
            self.status.heard_until_ms = now_ms
        self.status.enter(state, now_ms, error)
        self.status.written_ms = now_ms
        await held.save(0, held.cursor, self.status, self._translator.memory, self._unread)

    async def _wait(self, seconds: float, held: FeedLedger) -> None:
        """Until the time is over or somebody says stop; the status is written meanwhile."""
        ends = asyncio.get_running_loop().time() + seconds
        while not self._stop.is_set() and (left := ends - asyncio.get_running_loop().time()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, STATUS_SECONDS)):
                    await self._stop.wait()
            await self._beat(held)
