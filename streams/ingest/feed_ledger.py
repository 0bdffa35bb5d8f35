"""A feed's place in the ledger: cursor, status and memory change in one act, and only the process that took it may.

The ledger counts a feed's messages as it counts a partition's records: its stored offset is their number.
"""

from dataclasses import dataclass
from typing import Self

from streams.clock import DAY_MS
from streams.errors import OffsetMoved
from streams.ingest.feed_memory import DAYS, FeedMemory, suffix
from streams.ingest.feed_status import FEED, FeedStatus, decode_status, encode_status
from streams.ledger.protocol import Claim, Effects, Ledger, Update

PARTITION = 0


@dataclass
class FeedLedger:
    """What this process holds of a feed. Calls raise what the ledger's do, but for OffsetMoved: a Redis that was
    emptied gets the cursor again."""

    ledger: Ledger
    name: str
    claim: Claim
    offset: int
    cursor: str | None
    status: FeedStatus | None
    """As the last process left it."""

    @classmethod
    async def acquire(cls, ledger: Ledger, name: str, memory: FeedMemory, now_ms: int) -> Self:
        """Take the feed; whoever ran it before is fenced. Fills the memory."""
        claim = await ledger.acquire(name, PARTITION)
        stored = await ledger.load_hash(claim, FEED)
        today = now_ms // DAY_MS
        for day in range(today - DAYS + 1, today + 1):
            memory.load(day, await ledger.load_hash(claim, suffix(day)))
        memory.at(now_ms)
        cursor = stored.get("cursor")
        known = decode_status(stored.get("status"))
        return cls(ledger, name, claim, claim.next_offset, cursor.decode() if cursor else None, known)

    async def save(self, messages: int, cursor: str | None, status: FeedStatus, memory: FeedMemory) -> None:
        """So many more messages are in Kafka, and the feed goes on at the cursor. Raises Fenced, Unavailable."""
        effects = _effects(cursor, status, memory)
        try:
            await self.ledger.apply(Update(self.claim, self.offset, self.offset + messages, effects))
        except OffsetMoved:
            self.claim = await self.ledger.acquire(self.name, PARTITION)
            self.offset = self.claim.next_offset
            await self.ledger.apply(Update(self.claim, self.offset, self.offset + messages, effects))
        self.offset += messages
        self.cursor = cursor
        memory.stored()


def _effects(cursor: str | None, status: FeedStatus, memory: FeedMemory) -> Effects:
    place = {"cursor": None if cursor is None else cursor.encode(), "status": encode_status(status)}
    changed = {suffix(day): entries for day, entries in memory.changes().items()}
    return Effects(values={FEED: place, **changed}, ttl_seconds=dict.fromkeys(changed, DAYS * DAY_MS // 1000))
