"""A feed's place in the ledger: cursor, status, memory and what was not read change in one act, by who took it alone.

The ledger counts a feed's messages as it counts a partition's records: its stored offset is their number.
"""

from dataclasses import dataclass
from typing import Self

from streams.clock import DAY_MS
from streams.errors import OffsetMoved
from streams.ingest.feed_memory import DAYS, FeedMemory, suffix
from streams.ingest.feed_status import FEED, FeedStatus, decode_status, encode_status
from streams.ingest.unread_messages import KEPT_DAYS, UnreadMessages
from streams.ingest.unread_messages import suffix as unread_suffix
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
    kept_status: bytes | None
    """As it was kept last: by the last process, until this one keeps its own."""

    @property
    def status(self) -> FeedStatus | None:
        """The same, where this version can read it."""
        return decode_status(self.kept_status)

    @classmethod
    async def acquire(cls, ledger: Ledger, name: str, memory: FeedMemory, unread: UnreadMessages, now_ms: int) -> Self:
        """Take the feed; whoever ran it before is fenced. Fills the memory, and the ring of what was not read."""
        claim = await ledger.acquire(name, PARTITION)
        stored = await ledger.load_hash(claim, FEED)
        today = now_ms // DAY_MS
        for day in range(today - DAYS + 1, today + 1):
            memory.load(day, await ledger.load_hash(claim, suffix(day)))
        memory.at(now_ms)
        for day in range(today - KEPT_DAYS + 1, today + 1):
            unread.load(day, await ledger.load_hash(claim, unread_suffix(day)))
        cursor = stored.get("cursor")
        return cls(ledger, name, claim, claim.next_offset, cursor.decode() if cursor else None, stored.get("status"))

    async def tell(self, status: FeedStatus, now_ms: int) -> None:
        """Say how the feed stands amid a batch; what that counts and remembers is not kept before it is in Kafka.
        Raises as `save` does."""
        kept = self.status or FeedStatus(status.name, status.kind, status.address)
        kept.enter(status.state, now_ms, status.error)
        kept.state_since_ms, kept.written_ms = status.state_since_ms, now_ms
        self.kept_status = encode_status(kept)
        await self._apply(0, Effects(values={FEED: self._place()}))

    async def save(
        self, messages: int, cursor: str | None, status: FeedStatus, memory: FeedMemory, unread: UnreadMessages
    ) -> None:
        """So many more messages are in Kafka, and the feed goes on at the cursor. Raises Fenced, Unavailable."""
        told = {suffix(day): entries for day, entries in memory.changes().items()}
        kept = {unread_suffix(day): entries for day, entries in unread.changes().items()}
        self.cursor, self.kept_status = cursor, encode_status(status)
        lives = dict.fromkeys(told, DAYS * DAY_MS // 1000) | dict.fromkeys(kept, KEPT_DAYS * DAY_MS // 1000)
        await self._apply(messages, Effects(values={FEED: self._place(), **told, **kept}, ttl_seconds=lives))
        memory.stored()
        unread.stored()

    async def _apply(self, messages: int, effects: Effects) -> None:
        try:
            await self.ledger.apply(Update(self.claim, self.offset, self.offset + messages, effects))
        except OffsetMoved:
            self.claim = await self.ledger.acquire(self.name, PARTITION)
            self.offset = self.claim.next_offset
            await self.ledger.apply(Update(self.claim, self.offset, self.offset + messages, effects))
        self.offset += messages

    def _place(self) -> dict[str, bytes | None]:
        return {"cursor": None if self.cursor is None else self.cursor.encode(), "status": self.kept_status}
