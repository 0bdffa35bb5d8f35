"""All lanes of a worker: opened by an assignment, closed by a revocation, and the first that fails ends the worker."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from faust.types import TP

from streams.events.dead_letters import DeadLetterSink
from streams.metrics import UP
from streams.transport.handler import BatchHandler, KeyMoves
from streams.transport.isolation import Isolation
from streams.transport.lane import Delivery, Failed, Fetcher, Lane
from streams.transport.watchdog import Standing

log = logging.getLogger(__name__)


class Lanes:
    """The partitions that the worker has now. Records that the stage cannot digest go to `dead_letters`."""

    def __init__(self, handler: BatchHandler[Any], failed: Failed, dead_letters: DeadLetterSink) -> None:
        self._handler = handler
        self._dead_letters = dead_letters
        self._failed = failed
        self._by_partition: dict[TP, Lane] = {}
        self._sizes: dict[str, int] = {}

    def sized(self, sizes: Mapping[str, int]) -> None:
        """Take in how many partitions each topic has; call it before `open`. Says in a line what moves where one
        grew."""
        for topic, partitions in sizes.items():
            before = self._sizes.get(topic, partitions)
            if partitions != before:
                log.warning(
                    "%s has %d partitions now, %d before: new records of some keys go to another partition, where"
                    " what is usual and which feeds are regular is learnt anew; counters go on",
                    topic,
                    partitions,
                    before,
                )
            if isinstance(self._handler, KeyMoves):
                self._handler.sized(topic, partitions)
        self._sizes.update(sizes)

    def open(self, assigned: Iterable[TP], fetcher: Fetcher) -> None:
        """Start a lane for each partition that has none; returns at once, though the handler may have to wait."""
        for tp in assigned:
            if tp not in self._by_partition:
                isolation = Isolation(self._handler.stage, self._dead_letters)
                self._by_partition[tp] = Lane(tp.topic, tp.partition, self._handler, fetcher, self._failed, isolation)
        UP.labels(self._handler.stage).set(1 if self._by_partition else 0)

    def standings(self) -> dict[tuple[str, int], Standing]:
        """Where each partition stands; any thread may ask."""
        return {(tp.topic, tp.partition): lane.standing for tp, lane in list(self._by_partition.items())}

    def deliver(self, delivery: Delivery) -> None:
        """Hand a batch to its lane; what comes after the revocation is dropped."""
        lane = self._by_partition.get(TP(delivery.batch.topic, delivery.batch.partition))
        if lane is not None:
            lane.deliver(delivery)

    async def close(self, revoked: Iterable[TP] | None = None) -> None:
        """Close these lanes, or all, side by side. Returns when none of them stores anything any more."""
        closing = list(self._by_partition) if revoked is None else [tp for tp in revoked if tp in self._by_partition]
        await asyncio.gather(*(self._by_partition.pop(tp).close() for tp in closing))
        if not self._by_partition:
            UP.labels(self._handler.stage).set(0)
            await self._dead_letters.close()
