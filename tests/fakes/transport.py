"""A handler that keeps its own ledger, and a fetcher without a broker."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from streams.errors import Fenced, OffsetMoved
from streams.transport.batch import Batch
from streams.transport.lane import Delivery, FetchSession

Place = tuple[str, int]


@dataclass
class Recorder:
    """Stores every record's value by its coordinates, the offset with it; raises the refusals it was given."""

    topics: tuple[str, ...]
    stage: str = "recorder"
    applied: dict[Place, list[tuple[int, bytes | None]]] = field(default_factory=lambda: defaultdict(list))
    stored: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    log: list[str] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    """Raised by the next calls of `apply`, one each."""
    may_apply: asyncio.Event = field(default_factory=asyncio.Event)
    on_applied: Callable[[], None] = lambda: None
    held: set[Place] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.may_apply.set()

    async def assigned(self, topic: str, partition: int) -> int:
        self.log.append(f"assigned {partition}")
        self.held.add((topic, partition))
        return self.stored[topic, partition]

    def prepare(self, batch: Batch) -> Batch:
        self.log.append(f"prepare {batch.first_offset}")
        return batch

    async def apply(self, prepared: Batch) -> None:
        place = (prepared.topic, prepared.partition)
        self.log.append(f"apply {prepared.first_offset}")
        await self.may_apply.wait()
        if self.refusals:
            raise self.refusals.pop(0)
        assert place in self.held, "applied after the revocation"
        self.applied[place] += zip(prepared.offsets, prepared.values, strict=True)
        self.stored[place] = prepared.next_offset
        self.log.append(f"applied {prepared.first_offset}")
        self.on_applied()

    async def revoked(self, topic: str, partition: int) -> None:
        self.log.append(f"revoked {partition}")
        self.held.discard((topic, partition))

    def values(self) -> list[bytes | None]:
        """Every value, partition by partition."""
        return [value for place in sorted(self.applied) for _, value in self.applied[place]]


def moved(stored_offset: int) -> OffsetMoved:
    return OffsetMoved("t", 0, 0, stored_offset)


def fenced() -> Fenced:
    return Fenced("t", 0, 1, 2)


class FakeFetcher:
    """Counts like the consumer does; tests deliver by hand."""

    def __init__(self) -> None:
        self.sessions: list[FetchSession] = []
        self.begun = asyncio.Event()

    async def begin(self, session: FetchSession) -> None:
        self.sessions.append(session)
        self.begun.set()

    def stored(self, delivery: Delivery) -> None:
        delivery.session.stored += 1

    def read(self, *values: bytes, skipped: int = 0) -> Delivery:
        """The next batch of the last session; `skipped` offsets before it hold no record."""
        session = self.sessions[-1]
        start_offset = session.next_offset
        first = start_offset + skipped
        session.next_offset = first + len(values)
        session.delivered += 1
        offsets = range(first, session.next_offset)
        batch = Batch(session.topic, session.partition, offsets, [0] * len(values), values)
        return Delivery(session, batch, start_offset, session.next_offset)
