"""One partition's way through the handler: while one batch's effects are being stored, the next is prepared.

Everything here runs on the worker's event loop. A lane lives from an assignment of its partition to the revocation.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from streams.errors import OffsetMoved, PulsewatchError
from streams.events.schema import Coordinates
from streams.ledger.progress import PROGRESS
from streams.metrics import BATCH_EVENTS, BATCH_SECONDS, LEDGER_OUTCOMES
from streams.transport.batch import Batch
from streams.transport.handler import BatchHandler, Verifies, WarmsUp
from streams.transport.isolation import Isolation
from streams.transport.watchdog import Standing

log = logging.getLogger(__name__)

MAX_IN_FLIGHT_BATCHES = 2
"""Batches of a lane that may be on their way: one being stored, one prepared or waiting. Bounds memory and lag."""
VERIFIED_SECONDS = 5.0
CLOSING_SECONDS = 5.0
"""How long a revocation waits for the batch in hand: a rebalance must not outlast the session timeout."""


class LostBatch(PulsewatchError):
    """A batch was fetched and did not arrive: nothing after it may be stored."""


@dataclass(eq=False, slots=True)
class FetchSession:
    """One uninterrupted read of a partition. A seek makes a new one, so that earlier deliveries are recognised."""

    topic: str
    partition: int
    next_offset: int
    """Where the next delivery begins."""
    stored_offset: int = 0
    """The ledger's: Kafka's log must reach it."""
    position: int = field(init=False)
    """The consumer's next offset: beyond `next_offset` while only control records came."""
    log_end: int = 0
    """Where Kafka's log ended when it was last looked at."""
    delivered: int = 0
    stored: int = 0
    """Batches. The consumer's thread writes all but this one, so that neither thread loses the other's count."""
    ended: bool = False

    def __post_init__(self) -> None:
        self.position = self.next_offset

    @property
    def pending(self) -> int:
        """Batches on their way."""
        return self.delivered - self.stored

    @property
    def has_capacity(self) -> bool:
        """Whether one more batch may be fetched."""
        return not self.ended and self.pending < MAX_IN_FLIGHT_BATCHES


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch and the part of the log that it covers: [start_offset, end_offset)."""

    session: FetchSession
    batch: Batch
    start_offset: int
    end_offset: int
    at_seconds: float = field(default_factory=time.perf_counter)


class Fetcher(Protocol):
    """What fetches for the lanes: the consumer."""

    async def begin(self, session: FetchSession) -> None:
        """Seek to the session's next offset and deliver from there, under this session only."""

    def stored(self, delivery: Delivery) -> None:
        """Called when the delivery is in the ledger: one more may be fetched, and its offset may be committed."""


Failed = Callable[[Exception, Coordinates], None]
"""Called with the reason why a lane cannot go on, and the first offset of the batch in hand. The worker must end."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A piece of a delivery, prepared by the handler."""

    delivery: Delivery
    piece: Batch
    work: Any

    @property
    def is_last(self) -> bool:
        """Whether the delivery is stored once this piece is."""
        return self.piece.next_offset == self.delivery.batch.next_offset


@dataclass(frozen=True, slots=True)
class Broken:
    """Why no other piece will be prepared, and the piece that could not be, if it is one."""

    error: Exception
    piece: Batch | None


@dataclass(frozen=True, slots=True)
class Look:
    """Nothing came for a while: is the ledger still what it was?"""

    handler: Verifies


Ready = Prepared | Broken | Look | None
"""None where the lane is closing."""


class IdleLooks:
    """Asks for a look every few seconds while nothing is ready, where the handler can look."""

    def __init__(self, handler: object, ready: asyncio.Queue[Ready]) -> None:
        self._handler = handler
        self._ready = ready
        self._timer: asyncio.TimerHandle | None = None
        self._schedule()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _schedule(self) -> None:
        if isinstance(self._handler, Verifies):
            self._timer = asyncio.get_running_loop().call_later(VERIFIED_SECONDS, self._ask, self._handler)

    def _ask(self, handler: Verifies) -> None:
        if self._ready.empty():
            self._ready.put_nowait(Look(handler))
        self._schedule()


class Lane:
    """A partition of one worker."""

    def __init__(
        self,
        topic: str,
        partition: int,
        handler: BatchHandler[Any],
        fetcher: Fetcher,
        failed: Failed,
        isolation: Isolation,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self._handler = handler
        self._fetcher = fetcher
        self._failed = failed
        self._isolation = isolation
        self._session: FetchSession | None = None
        self._offset_in_hand = 0
        self._piece_in_hand: Batch | None = None
        self._pieces_stored = 0
        self._arrived: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self._closing = False
        self._task = asyncio.create_task(self._run(), name=f"lane {topic}:{partition}")

    @property
    def standing(self) -> Standing:
        """Where it stands. While the partition is being taken, it has work."""
        session = self._session
        stored_offset = PROGRESS.stored.get((self.topic, self.partition), 0)
        if session is None:
            return Standing((self._pieces_stored, stored_offset), has_work=True)
        has_work = session.pending > 0 or session.position < session.log_end
        return Standing((self._pieces_stored, stored_offset, session.position), has_work)

    def deliver(self, delivery: Delivery) -> None:
        """Take the next batch; one that was read before the last seek, or after the revocation, is dropped."""
        if delivery.session is self._session and not self._closing:
            self._arrived.put_nowait(delivery)

    async def close(self) -> None:
        """Let the batch that is being stored finish, drop the others, forget the partition."""
        self._closing = True
        if self._session is None or not self._session.pending:
            self._task.cancel()
        else:
            self._session.ended = True
            self._arrived.put_nowait(None)
        _, running = await asyncio.wait([self._task], timeout=CLOSING_SECONDS)
        if running:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._handler.revoked(self.topic, self.partition)

    async def _run(self) -> None:
        try:
            while not self._closing:
                await self._read_or_isolate()
        except Exception as error:
            # To go on would skip the batch in hand: only a new process may read it again.
            self._failed(error, Coordinates(self.topic, self.partition, self._offset_in_hand))

    async def _read_or_isolate(self) -> None:
        try:
            await self._read_once()
        except Exception as error:
            self._session = None  # whatever else was fetched is read again
            await self._isolation.failed(self._piece_in_hand, error)

    async def _read_once(self) -> None:
        """From one assignment to the next.

        1. Take the partition and learn where to read from.
        2. Read from there.
        3. Store batch after batch, until the ledger turns out to have another offset.
        """
        self._session = self._piece_in_hand = None
        start_offset = await self._handler.assigned(self.topic, self.partition)
        self._offset_in_hand = start_offset
        self._arrived = asyncio.Queue()
        session = self._session = FetchSession(
            self.topic, self.partition, start_offset, self._stored_offset(start_offset)
        )
        await self._fetcher.begin(session)
        ready: asyncio.Queue[Ready] = asyncio.Queue(maxsize=1)
        preparing = asyncio.create_task(self._prepare_all(start_offset, ready))
        looks = IdleLooks(self._handler, ready)
        try:
            await self._store_all(ready)
        except OffsetMoved as moved:
            LEDGER_OUTCOMES.labels(self._handler.stage, "moved").inc()
            log.warning("%s; reading goes on from there", moved)
        finally:
            session.ended = True
            looks.cancel()
            preparing.cancel()
            await asyncio.wait([preparing])

    def _stored_offset(self, start_offset: int) -> int:
        handler = self._handler
        return handler.stored_offset(self.topic, self.partition) if isinstance(handler, WarmsUp) else start_offset

    async def _prepare_all(self, expected_offset: int, ready: asyncio.Queue[Ready]) -> None:
        piece: Batch | None = None
        try:
            while not self._closing and (delivery := await self._arrived.get()) is not None:
                piece = None
                _check_continuity(expected_offset, delivery.start_offset)
                expected_offset = delivery.end_offset
                for piece in self._isolation.pieces(delivery.batch):
                    await ready.put(Prepared(delivery, piece, self._handler.prepare(piece)))
                    # Let it be sent before the next batch keeps the loop busy.
                    await asyncio.sleep(0)
        except Exception as error:
            await ready.put(Broken(error, piece))
        else:
            await ready.put(None)

    async def _store_all(self, ready: asyncio.Queue[Ready]) -> None:
        while not self._closing and (item := await ready.get()) is not None:
            if isinstance(item, Look):
                self._piece_in_hand = None
                await item.handler.verify(self.topic, self.partition)
                continue
            self._piece_in_hand = item.piece
            if item.piece is not None:
                self._offset_in_hand = item.piece.first_offset
            if isinstance(item, Broken):
                raise item.error
            await self._handler.apply(item.work)
            self._pieces_stored += 1
            stage, delivery = self._handler.stage, item.delivery
            BATCH_SECONDS.labels(stage).observe(time.perf_counter() - delivery.at_seconds)
            BATCH_EVENTS.labels(stage).observe(len(item.piece))
            if item.is_last:
                self._fetcher.stored(delivery)


def _check_continuity(expected_offset: int, start_offset: int) -> None:
    if start_offset != expected_offset:
        raise LostBatch(f"records from {expected_offset} to {start_offset} did not arrive")
