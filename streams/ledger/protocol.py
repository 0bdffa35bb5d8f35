"""The ledger's contract: one atomic update a batch, guarded by an epoch and by the offset that the worker expects.

Numbers are below 2^53 in size, the integers that Lua keeps exact; a sum that leaves 64 bits stays at the limit.
Every key of a partition lies in one hash slot: `<namespace>:<stage>:{<topic>:<partition>}:<suffix>`. Effects name
suffixes only, so that no update can touch another partition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from streams.errors import Fenced, OffsetMoved


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker holds of a partition after `acquire`."""

    topic: str
    partition: int
    epoch: int
    next_offset: int
    """The stored offset: everything below it is in the ledger. 0 where nothing was stored yet."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What a batch changes, by key suffix. Each part may be empty."""

    sums: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Hash fields to add to."""
    maxima: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Hash fields to raise to at least this."""
    values: Mapping[str, Mapping[str, bytes | None]] = field(default_factory=dict)
    """Hash fields to set; None deletes the field. A worker that owns a partition may well set what it would add: the
    update is refused if anything was written since it read."""
    set_strings: Mapping[str, bytes] = field(default_factory=dict)
    """Strings to set whole, before `append_strings`; a time to live stays as it is."""
    append_strings: Mapping[str, bytes] = field(default_factory=dict)
    """Bytes to add to the end of strings."""
    memberships: Mapping[str, Sequence[tuple[str, int | None, int]]] = field(default_factory=dict)
    """Sorted sets of members by the time since which they belong: (member, since, horizon), applied in order. A member
    known since `horizon` or later keeps its time, any other gets `since`; None removes it. Members from before the last
    horizon of an update are dropped. Times are milliseconds; horizons never go back."""
    outbox: Sequence[tuple[str, bytes]] = ()
    """(key, value) records for Kafka, kept in order until `trim_outbox` removes them."""
    ttl_seconds: Mapping[str, int] = field(default_factory=dict)
    """Time to live by suffix, set anew at each update; a suffix without one lives on."""


@dataclass(frozen=True, slots=True)
class Update:
    """One batch's effects and the offsets around it."""

    claim: Claim
    expected_offset: int
    next_offset: int
    effects: Effects


class Ledger(Protocol):
    """A stage's ledger. Calls may be repeated after `Unavailable`: a lost reply shows as OffsetMoved to `next_offset`,
    which `apply` itself recognises as its own success (same epoch)."""

    async def acquire(self, topic: str, partition: int) -> Claim:
        """Take the partition under a new, higher epoch; its former owner is fenced. Raises Unavailable."""

    async def apply(self, update: Update) -> None:
        """Apply effects and move the offset, or do nothing. Raises Fenced, OffsetMoved, Unavailable."""

    async def verify(self, claim: Claim, expected_offset: int) -> None:
        """Look whether the ledger still has what it was given: a server may be emptied or restored while no record
        comes. Raises Fenced, OffsetMoved, Unavailable."""

    async def load_hash(self, claim: Claim, suffix: str) -> dict[str, bytes]:
        """All fields of a hash: a stage's state at assignment. Raises Unavailable."""

    async def load_fields(self, claim: Claim, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, bytes]]:
        """Fields of several hashes in one round trip, by suffix and name; absent ones are left out. Raises
        Unavailable."""

    async def load_strings(self, claim: Claim, suffixes: Sequence[str]) -> list[bytes | None]:
        """Whole strings, None where absent. Raises Unavailable."""

    async def peek_outbox(self, claim: Claim, limit: int = 1000) -> list[tuple[str, bytes]]:
        """The oldest `limit` records that wait for Kafka, as (key, value). Raises Unavailable."""

    async def trim_outbox(self, claim: Claim, count: int) -> None:
        """Remove the oldest records of the outbox, once Kafka has acknowledged them. Raises Fenced, Unavailable."""


def check_standing(claim: Claim, expected_offset: int, epoch: int, next_offset: int) -> None:
    """Raise what a ledger with this epoch and offset means for a claim: Fenced or OffsetMoved."""
    if epoch > claim.epoch:
        raise Fenced(claim.topic, claim.partition, claim.epoch, epoch)
    if epoch < claim.epoch or next_offset != expected_offset:
        raise OffsetMoved(claim.topic, claim.partition, expected_offset, next_offset)
