"""The engagement stage: every event of both topics, counted once, with no model in the way.

A batch is counted in columns by `prepare` while the batch before it is being stored; `apply` joins its deltas with
what is stored and hands all of it to the ledger in one act.
"""

import logging
from dataclasses import dataclass
from typing import get_args

from streams.clock import MINUTE_MS, Clock, system_clock
from streams.engagement.dedup import warm_from
from streams.engagement.deltas import Deltas
from streams.engagement.owners import IdOwners, owners_of, stretches_until
from streams.engagement.partition import CLOCK, PartitionCounters, watermark_of
from streams.engagement.pending import PendingRollUps, pending_suffix
from streams.engagement.scopes import PENDING_GROUPS
from streams.events.codec import Reason, decode_slices
from streams.events.dead_letters import DeadLetter, DeadLetterSink, dead_letters_for
from streams.ledger.protocol import Ledger, Update
from streams.ledger.retry import retrying
from streams.metrics import DEAD_LETTERS, EVENT_AGE_SECONDS, EVENTS, EVENTS_AHEAD, from_zero
from streams.topology import ENGAGEMENT, LIVE, SOCIAL
from streams.transport.batch import Batch
from streams.untrusted import one_line

log = logging.getLogger(__name__)

MAX_TOLD_AHEAD = 64
"""Sources that are named in the log for a clock that is far ahead."""
BATCH_BYTES = 24_000_000
"""A batch is counted in columns, so that eighty thousand events are no more than their ids and numbers in memory. With
ten thousand rooms a batch of a third of it touches nearly all of them, each for three events."""
FATES = ("applied", "duplicate", "late", "dead_letter", "retraction_unmatched")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch, counted: what is to be stored, and the partition's watermarks after it."""

    partition: PartitionCounters
    next_offset: int
    deltas: Deltas
    dead_letters: list[DeadLetter]
    watermark_ms: int
    block_watermarks_ms: dict[int, int]


class EngagementHandler:
    """Implements `streams.transport.handler.BatchHandler`. Its ledger waits by itself while Redis does not answer
    (streams.ledger.retry.RetryingLedger)."""

    stage = ENGAGEMENT
    batch_bytes = BATCH_BYTES

    def __init__(
        self,
        ledger: Ledger,
        dead_letters: DeadLetterSink,
        *,
        session_ttl_seconds: int,
        clock: Clock = system_clock,
        topics: tuple[str, ...] = (SOCIAL, LIVE),
    ) -> None:
        self.topics = topics
        self._ledger = ledger
        self._dead_letters = dead_letters
        self._session_ttl_seconds = session_ttl_seconds
        self._clock = clock
        self._partitions: dict[tuple[str, int], PartitionCounters] = {}
        self._fates = {fate: EVENTS.labels(ENGAGEMENT, fate) for fate in FATES}
        from_zero(DEAD_LETTERS, (ENGAGEMENT,), get_args(Reason))
        self._age_seconds = EVENT_AGE_SECONDS.labels(ENGAGEMENT)
        self._told_ahead: set[str] = set()

    async def assigned(self, topic: str, partition: int) -> int:
        claim = await self._ledger.acquire(topic, partition)
        stored_clock = await self._ledger.load_hash(claim, CLOCK)
        watermark_ms = watermark_of(stored_clock)
        before, now = [await self._ledger.load_hash(claim, owners_of(one)) for one in stretches_until(watermark_ms)]
        suffixes = [pending_suffix(group) for group in range(PENDING_GROUPS)]
        pending = PendingRollUps(await self._ledger.load_strings(claim, suffixes))
        owners = IdOwners(before, now, watermark_ms)
        self._partitions[topic, partition] = PartitionCounters(
            claim, stored_clock, owners, pending, self._session_ttl_seconds, self._clock
        )
        return warm_from(claim.next_offset)

    def stored_offset(self, topic: str, partition: int) -> int:
        return self._partitions[topic, partition].claim.next_offset

    def prepare(self, batch: Batch) -> Prepared:
        partition = self._partitions[batch.topic, batch.partition]
        counter = partition.counter
        deltas = counter.count(decode_slices(batch))
        dead_letters = dead_letters_for(batch.topic, batch.partition, ENGAGEMENT, deltas.unreadable)
        deltas.fates["dead_letter"] = sum(one.count for one in deltas.unreadable)
        return Prepared(
            partition, batch.next_offset, deltas, dead_letters, counter.watermark_ms, dict(counter.block_watermarks_ms)
        )

    async def apply(self, prepared: Prepared) -> None:
        """Store a batch: its dead letters first, so that none is lost when the offset moves past its record."""
        partition = prepared.partition
        if prepared.next_offset <= partition.stored_offset:
            return  # it only warmed up the window of duplicates
        await retrying(lambda: self._dead_letters.send(prepared.dead_letters))
        effects = await partition.effects(
            prepared.deltas, self._ledger, prepared.watermark_ms, prepared.block_watermarks_ms
        )
        await self._ledger.apply(Update(partition.claim, partition.stored_offset, prepared.next_offset, effects))
        partition.stored(prepared.next_offset, prepared.watermark_ms)
        self._observe(prepared)

    async def verify(self, topic: str, partition: int) -> None:
        held = self._partitions[topic, partition]
        await self._ledger.verify(held.claim, held.stored_offset)

    async def revoked(self, topic: str, partition: int) -> None:
        self._partitions.pop((topic, partition), None)
        if not self._partitions:
            await self._dead_letters.close()

    def _observe(self, prepared: Prepared) -> None:
        for fate, count in prepared.deltas.fates.items():
            self._fates[fate].inc(count)
        for dead_letter in prepared.dead_letters:
            DEAD_LETTERS.labels(ENGAGEMENT, dead_letter.reason).inc()
        self._tell_ahead(prepared)
        if prepared.deltas.last_event_ms is not None:
            self._age_seconds.observe(max(0, self._clock() - prepared.deltas.last_event_ms) / 1000)

    def _tell_ahead(self, prepared: Prepared) -> None:
        """Count events that are far ahead of their arrival, and name each source of such once."""
        for source, (number, ahead_ms) in prepared.deltas.ahead.items():
            EVENTS_AHEAD.inc(number)
            if source not in self._told_ahead and len(self._told_ahead) < MAX_TOLD_AHEAD:
                self._told_ahead.add(source)
                log.warning(
                    "%s: an event was %.1f minutes ahead of its arrival; such events count at their arrival",
                    one_line(source), ahead_ms / MINUTE_MS,
                )  # fmt: skip
