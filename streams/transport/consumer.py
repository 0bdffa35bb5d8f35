"""Faust's consumer, made to deliver one message a partition fetch, and to read where the ledger says.

Stock Faust makes two tasks and several objects a record, acknowledges a record whose agent raised, and starts from
the offsets that Kafka stores. Here a message is a `Delivery`, nothing is acknowledged before the ledger has it, and
offsets are committed to Kafka only for tools that watch consumer lag.
"""
# ruff: noqa: SLF001 - what has to change in Faust and aiokafka has no public face

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaConnectionError, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP, ConsumerMessage, Message

from streams.errors import PulsewatchError
from streams.kafka.connection import KafkaConnection
from streams.transport.fetched import exhausted, take_batch
from streams.transport.handler import BATCH_BYTES, BatchHandler, batch_bytes_of
from streams.transport.lane import Delivery, FetchSession
from streams.transport.lanes import Lanes
from streams.transport.outage import Outage

FETCH_BYTES = 32_000_000
FETCH_WAIT_MS = 500
SESSION_MS = 10_000
HEARTBEAT_MS = 2_000
REBALANCE_MS = 30_000
REQUEST_MS = 30_000
COMMIT_SECONDS = 5.0
FETCH_SECONDS = 1.0
ENDS_SECONDS = 20.0

T = TypeVar("T")
log = logging.getLogger(__name__)


class LogEndsBefore(PulsewatchError):
    """Kafka's log ends before the ledger's offset."""

    def __init__(self, topic: str, partition: int, offset: int) -> None:
        super().__init__(
            f"{topic}:{partition} ends before offset {offset}, the ledger's: the topic was made anew, or"
            " Kafka lost records; restore it, or start with another PULSEWATCH_NAMESPACE"
        )


class ConsumerHost(Protocol):
    """The part of the Faust app that the consumer uses."""

    conf: Any
    handler: BatchHandler[Any]
    kafka: KafkaConnection
    lanes: Lanes
    outage: Outage
    should_stop: bool
    consumer_generation_id: int
    failed: Callable[[Exception], None]


class BatchConsumerThread(AIOKafkaConsumerThread):
    """The thread that talks to Kafka: heartbeats go on while the worker's loop is busy with a batch."""

    app: ConsumerHost  # type: ignore[assignment]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._sessions: dict[TopicPartition, FetchSession] = {}
        self._capacity = asyncio.Event()
        self._batch_bytes = BATCH_BYTES

    async def on_start(self) -> None:
        """Connect, however long Kafka takes to answer."""
        while not self.should_stop:
            self._consumer = self._connecting_consumer()
            try:
                await self._consumer.start()
            except KafkaConnectionError:
                await self._consumer.stop()
                self.app.outage.down()
                await self.sleep(1.0)
            else:
                return

    def _connecting_consumer(self) -> AIOKafkaConsumer:
        return self.app.kafka.async_consumer(
            client_id=self.app.conf.id,
            group_id=self.app.conf.id,
            group_instance_id=self.app.conf.consumer_group_instance_id,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            # A fetch may be larger than these by one batch of the producer's: a record of any size gets through.
            max_partition_fetch_bytes=BATCH_BYTES,
            fetch_max_bytes=FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            request_timeout_ms=REQUEST_MS,
        )

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Pause the partitions: a lane resumes its own once it knows the ledger's offset."""
        self._sessions.clear()
        self._batch_bytes = batch_bytes_of(self.app.handler, len(assigned))
        # aiokafka takes this limit at the start alone; how many partitions share the memory is known only now.
        self._ensure_consumer()._fetcher._max_partition_fetch_bytes = self._batch_bytes
        self._ensure_consumer().pause(*(TopicPartition(*tp) for tp in assigned))
        await super().on_partitions_assigned(assigned, generation_id)

    def sizes(self, topics: Iterable[str]) -> dict[str, int]:
        """How many partitions these topics have, where Kafka has told."""
        kafka, consumer = self.app.kafka, self._ensure_consumer()
        known = {topic: consumer.partitions_for_topic(kafka.at_broker(topic)) for topic in topics}
        return {topic: len(partitions) for topic, partitions in known.items() if partitions}

    async def begin(self, session: FetchSession) -> None:
        """Seek to the session's offset; every fetch of the partition from now on belongs to this session."""
        tp = TopicPartition(self.app.kafka.at_broker(session.topic), session.partition)
        consumer = self._ensure_consumer()
        if session.stored_offset > 0:
            await self._check_end(consumer, tp, session.stored_offset)
        try:
            consumer.seek(tp, session.next_offset)
            consumer.resume(tp)
        except IllegalStateError:
            return  # revoked meanwhile: its lane is about to be closed
        self._sessions[tp] = session

    async def _check_end(self, consumer: AIOKafkaConsumer, tp: TopicPartition, stored_offset: int) -> None:
        """Raises LogEndsBefore where Kafka's log does not reach the ledger's offset; waits while Kafka is away. A
        handler that warms up reads from below that offset: it would take a new log's records for those it has stored.
        """
        while not self.should_stop:
            try:
                end_offset = (await consumer.end_offsets([tp]))[tp]
            except (KafkaError, OSError):
                self.app.outage.down()
                await self.sleep(1.0)
            else:
                if end_offset < stored_offset:
                    raise LogEndsBefore(tp.topic, tp.partition, stored_offset)
                return

    async def read_ends(self) -> None:
        """Note where Kafka's log ends now, by the sessions: what lies before it is still to come."""
        sessions = dict(self._sessions)
        if not sessions:
            return
        try:
            ends = await self._ensure_consumer().end_offsets(list(sessions))
        except (KafkaError, OSError, IllegalStateError):
            return  # Kafka is away, which the fetch says
        for tp, end_offset in ends.items():
            sessions[tp].log_end = end_offset

    def notify_capacity(self) -> None:
        """Wake `fetch`: a session may have capacity again. Any thread may call."""
        self.thread_loop.call_soon_threadsafe(self._capacity.set)

    async def fetch(self, timeout_seconds: float) -> list[Delivery]:
        """Batches that have arrived for sessions with capacity; none where none came within the timeout."""
        consumer = self._ensure_consumer()
        fetcher = consumer._fetcher
        deadline = self.thread_loop.time() + timeout_seconds
        with fetcher._subscriptions.fetch_context():
            while not self.should_stop:
                if consumer._closed or fetcher._closed:
                    raise ConsumerStoppedError
                self._capacity.clear()
                self.app.outage.up(self._answered_ms(consumer))
                deliveries = [*self._fetched_deliveries(fetcher)]
                left_seconds = deadline - self.thread_loop.time()
                if deliveries or left_seconds <= 0:
                    return deliveries
                await self._arrival(fetcher, left_seconds)
        return []

    def _answered_ms(self, consumer: AIOKafkaConsumer) -> int:
        """When Kafka last answered a fetch, with records or without."""
        assignment = consumer._subscription.subscription and consumer._subscription.subscription.assignment
        states = [assignment.state_value(tp) for tp in assignment.tps] if assignment else []
        return max((state.timestamp or 0 for state in states), default=0)

    async def _arrival(self, fetcher: Any, timeout_seconds: float) -> None:
        arrived = fetcher._create_fetch_waiter()
        capacity = asyncio.ensure_future(self._capacity.wait())
        try:
            await asyncio.wait([arrived, capacity], timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            capacity.cancel()
            if arrived.done():
                arrived.result()  # raises what the group's coordinator refuses for good
            arrived.cancel()

    def _fetched_deliveries(self, fetcher: Any) -> Iterator[Delivery]:
        for tp, result in list(fetcher._records.items()):
            session = self._sessions.get(tp)
            delivery = None
            if not isinstance(result, FetchResult):
                self._drop(fetcher, tp)
                result.check_raise()
            elif session is not None and session.has_capacity:
                delivery = _next_delivery(session, result, self._batch_bytes) if result.check_assignment(tp) else None
                if not result.has_more():
                    self._drop(fetcher, tp)
            if delivery is not None:
                yield delivery

    def _drop(self, fetcher: Any, tp: TopicPartition) -> None:
        """Remove the partition's fetch result, so that aiokafka fetches the next."""
        del fetcher._records[tp]
        fetcher._notify(fetcher._wait_consume_future)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        committed = {TopicPartition(*tp): OffsetAndMetadata(offset, "") for tp, offset in offsets.items()}
        try:
            await asyncio.wait_for(self._ensure_consumer().commit(committed), COMMIT_SECONDS)
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            log.info("the ledger's offsets were not committed to Kafka: %r", error)
            return False
        return True


def _next_delivery(session: FetchSession, result: Any, max_bytes: int) -> Delivery | None:
    """The next batch of a fetch; None where it held control records only."""
    fetched = result._partition_records
    _check_position(session, fetched.next_fetch_offset)
    batch = take_batch(session.topic, session.partition, fetched, max_bytes=max_bytes)
    result._update_position()
    if exhausted(fetched):
        result._partition_records = None
    session.position = fetched.next_fetch_offset
    if batch is None:
        return None
    delivery = Delivery(session, batch, session.next_offset, session.position)
    session.next_offset = session.position
    session.delivered += 1
    return delivery


def _check_position(session: FetchSession, fetched_offset: int) -> None:
    """Where Kafka does not have an offset it starts at its oldest record: log the gap, or raise LogEndsBefore."""
    if fetched_offset < session.position:
        raise LogEndsBefore(session.topic, session.partition, session.position)
    if fetched_offset > session.position > 0:
        log.warning(
            "%s:%d: records from %d to %d are gone from Kafka, its retention was too short",
            session.topic,
            session.partition,
            session.position,
            fetched_offset,
        )


class BatchConsumer(Consumer):
    """Delivers batches to the lanes, read from the ledger's offsets on."""

    app: ConsumerHost  # type: ignore[assignment]
    _thread: BatchConsumerThread

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # The lanes' `Fetcher`.

    async def begin(self, session: FetchSession) -> None:
        """Seek, and deliver from there."""
        await self._in_thread(self._thread.begin(session))

    def stored(self, delivery: Delivery) -> None:
        """Remember the offset to commit to Kafka; fetch again where the session had no capacity."""
        session = delivery.session
        session.stored += 1
        self._stored_offsets[self._at_broker(session.topic, session.partition)] = delivery.batch.next_offset
        self._thread.notify_capacity()

    async def follow_ends(self) -> None:
        """Read the log's ends again and again: a fetch that brings nothing any more shows by them alone."""
        while True:
            await asyncio.sleep(ENDS_SECONDS)
            await self._in_thread(self._thread.read_ends())

    # Faust's `Consumer`.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stored_offsets: dict[TP, int] = {}

    async def _drain_messages(self, fetcher: Any) -> None:
        # Faust's own drops whatever lies below an offset that it has seen, so no partition could be read again.
        try:
            while not (self.should_stop or fetcher.should_stop):
                if not self.flow_active:
                    await self.wait(self.can_resume_flow.wait())
                for delivery in await self._in_thread(self._thread.fetch(FETCH_SECONDS)):
                    await self.wait_first(self.callback(self._message(delivery)), self.suspend_flow.wait())
        except Exception as error:
            # When Faust stops, it closes the consumer under the fetch.
            if not self.app.should_stop:
                self.app.failed(error)

    def _message(self, delivery: Delivery) -> ConsumerMessage:
        batch = delivery.batch
        tp = self._at_broker(batch.topic, batch.partition)
        value: Any = delivery  # Faust's types know bytes only; with the raw serialiser it passes anything on
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            batch.next_offset - 1,
            0.0,
            0,
            None,
            None,
            value,
            None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Called once partitions are assigned: open their lanes, which seek by themselves, each when it can."""
        assigned = self._of_ours(self.assignment())
        self.app.lanes.sized(self._thread.sizes({tp.topic for tp in assigned}))
        self.app.lanes.open(assigned, self)
        return {}

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what is in hand before another worker may take the partitions."""
        await self.app.lanes.close(self._of_ours(revoked))
        await self.force_commit()
        await super().on_partitions_revoked(revoked)

    def ack(self, message: Message) -> bool:
        """Faust acknowledges what it skips; here only the ledger does."""
        self._unacked_messages.discard(message)
        return False

    async def force_commit(self, *_: Any, **__: Any) -> bool:
        """Commit the ledger's offsets to Kafka."""
        offsets, self._stored_offsets = self._stored_offsets, {}
        return await self._commit(offsets) if offsets else False

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's watchdog looks at acknowledgements, which are not made here; the lag is watched in Prometheus."""

    def _at_broker(self, topic: str, partition: int) -> TP:
        return TP(self.app.kafka.at_broker(topic), partition)

    def _of_ours(self, partitions: Iterable[TP]) -> set[TP]:
        """As lanes, handlers and the ledger call them."""
        return {TP(self.app.kafka.of_ours(tp.topic), tp.partition) for tp in partitions}

    async def _in_thread(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._thread.thread_loop))


class BatchTransport(Transport):
    """Faust's Kafka transport with that consumer."""

    Consumer = BatchConsumer
