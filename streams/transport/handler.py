"""The contract between the transport and a stage: which calls come, and in which order."""

from typing import Protocol, TypeVar, runtime_checkable

from streams.transport.batch import Batch

Prepared = TypeVar("Prepared")


class BatchHandler(Protocol[Prepared]):
    """A stage's work on batches. One event loop, one thread; partitions are independent of each other.

    For each partition, in this order:
    1. `assigned` once, before the first batch, and again after a lost or moved offset, or after any other exception of
       `prepare` or `apply`: whatever the stage holds of the partition is made anew from what is stored.
    2. `prepare` for each batch in offset order; while one batch's `apply` waits, the next may be prepared.
    3. `apply` for each, in the same order, one at a time. When it returns, effects and offset are stored.
    4. `revoked` once; nothing of the partition is applied afterwards.
    """

    @property
    def stage(self) -> str:
        """`engagement`, `scoring` or `detection`: the consumer group's and the metrics' name."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that it reads."""

    async def assigned(self, topic: str, partition: int) -> int:
        """Take the partition under a new epoch; returns the offset to read from (below the stored one to warm up).

        Retries with a backoff, and logs one line, while its server does not answer.
        """

    def prepare(self, batch: Batch) -> Prepared:
        """Decode and aggregate. Blocks for milliseconds; a batch may be without records. Should not raise for what a
        record holds; a record for which it does is set aside (streams.transport.isolation)."""

    async def apply(self, prepared: Prepared) -> None:
        """Store effects and offset in one act.

        Waits while its server does not answer. Raises Fenced (the process must exit) or OffsetMoved (the transport
        calls `assigned` again and seeks to what it returns).
        """

    async def revoked(self, topic: str, partition: int) -> None:
        """Forget the partition's running state."""


@runtime_checkable
class KeyMoves(Protocol):
    """A handler whose running state is by key, which moves to another partition where a topic gets more of them."""

    def sized(self, topic: str, partitions: int) -> None:
        """Take in how many partitions a topic has. Called before the first `assigned`, and again where it grew."""


@runtime_checkable
class Verifies(Protocol):
    """A handler that notices between two batches that its server was emptied or restored."""

    async def verify(self, topic: str, partition: int) -> None:
        """Look whether what was stored is still there; called every few seconds while no record comes, never beside
        `apply`. Raises what `apply` raises."""


@runtime_checkable
class WarmsUp(Protocol):
    """A handler that is read to again from below its stored offset."""

    def stored_offset(self, topic: str, partition: int) -> int:
        """The ledger's offset of an assigned partition, at its assignment."""


BATCH_BYTES = 8_000_000
"""What a lane takes at once of what lies in Kafka, where its handler says nothing else."""
BATCHES_BYTES = 96_000_000
"""What all lanes of a worker take at once, if each takes more than that: a worker holds three times as much at most."""


@runtime_checkable
class TakesMore(Protocol):
    """A handler that keeps little of a record, so that a larger batch fits into memory: what an act of the ledger costs
    by key is shared by more records."""

    @property
    def batch_bytes(self) -> int:
        """How much it takes at once, where the worker has few partitions."""


def batch_bytes_of(handler: object, partitions: int) -> int:
    """What each lane of a worker with so many partitions takes at once, in bytes of records that are not compressed."""
    wanted = handler.batch_bytes if isinstance(handler, TakesMore) else BATCH_BYTES
    return max(BATCH_BYTES, min(wanted, BATCHES_BYTES // max(1, partitions)))
