"""A worker without Kafka: a log of bytes, delivered in batches of any size to a handler over any ledger."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from streams.engagement.buckets import decode_totals, within_64_bits
from streams.engagement.dictionary import COUNTED_AS, SAMPLED_SLOT, SUMS
from streams.engagement.handler import EngagementHandler
from streams.engagement.hyperloglog import Registers, read, union_estimate
from streams.engagement.pending import Entry, RollUp, pending_entries, pending_suffix, targets_of
from streams.engagement.scopes import PENDING_GROUPS, sessions_of
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Event
from streams.ledger.memory import MemoryLedger, Shard
from streams.ledger.protocol import Ledger
from streams.topology import LIVE
from streams.transport.batch import Batch

TOPIC, PARTITION = LIVE, 0
LOG_MS = 1_795_000_000_000 + 10 * 86_400_000
"""Kafka's timestamp of every record: never before its event."""

Log = list[tuple[int, bytes]]


@dataclass
class Worker:
    """One process after the other, over the same ledger."""

    log: Log
    ledger: Ledger = field(default_factory=MemoryLedger)
    sink: MemoryDeadLetterSink = field(default_factory=MemoryDeadLetterSink)
    clock_ms: int = LOG_MS

    def handler(self) -> EngagementHandler:
        return EngagementHandler(self.ledger, self.sink, session_ttl_seconds=86_400, clock=lambda: self.clock_ms)

    async def run(self, sizes: Sequence[int] = (), *, applied: int | None = None) -> None:
        """Read from where the ledger says in batches of these sizes, then all the rest in one; die after `applied`
        batches, with one more prepared."""
        handler = self.handler()
        start = await handler.assigned(TOPIC, PARTITION)
        for done, batch in enumerate(batches([entry for entry in self.log if entry[0] >= start], sizes)):
            prepared = handler.prepare(batch)
            if done == applied:
                return
            await handler.apply(prepared)


def batches(log: Log, sizes: Sequence[int]) -> list[Batch]:
    """The log cut into batches."""
    cut, at = [], 0
    for size in [*sizes, len(log)]:
        part = log[at : at + size]
        at += size
        if part:
            offsets, values = zip(*part, strict=True)
            cut.append(Batch(TOPIC, PARTITION, offsets, [LOG_MS] * len(part), values))
    return cut


def log_of(events: Sequence[Event], first_offset: int = 0) -> Log:
    encode = msgspec.json.Encoder().encode
    return [(first_offset + at, encode(event)) for at, event in enumerate(events)]


@dataclass
class Counted:
    """What a memory ledger's shard holds, in the words of the recount."""

    shard: Shard

    def sums(self) -> dict[tuple[str, str], dict[str, int]]:
        return {
            scoped: {
                SUMS[slot]: number
                for slot, number in within_64_bits(totals.slots).items()
                if slot < len(SUMS) and number
            }
            for scoped, totals in self._totals().items()
        }

    def viewers(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(peak, latest)."""
        return {
            scoped: (totals.gauge.peak, totals.gauge.last)
            for scoped, totals in self._totals().items()
            if totals.gauge is not None
        }

    def like_totals(self) -> dict[tuple[str, str], int]:
        """The platform's own total of likes so far."""
        return {scoped: totals.liked.total for scoped, totals in self._totals().items() if totals.liked is not None}

    def sampled_likes(self) -> dict[tuple[str, str], int]:
        """Likes of a sample with no total beside them."""
        sampled = {scoped: totals.slots.get(SAMPLED_SLOT, 0) for scoped, totals in self._totals().items()}
        return {scoped: likes for scoped, likes in sampled.items() if likes}

    def _totals(self) -> dict[tuple[str, str], RollUp]:
        """What each bucket's field holds, with what is pending for it."""
        found: dict[tuple[str, str], RollUp] = defaultdict(lambda: RollUp(()))
        for bucket, fields in self.shard.values.items():
            if bucket.startswith(("minute:", "hour:", "session:")):
                for name, value in fields.items():
                    found[bucket, name].add(decode_totals(value))
        for entry in self._pending():
            for bucket, names in targets_of(entry):
                found[bucket, names[0]].add(entry[-1])
        return found

    def _pending(self) -> Iterator[Entry]:
        for group in range(PENDING_GROUPS):
            yield from pending_entries(self.shard.strings.get(pending_suffix(group)))

    def last_minutes(self, field: str) -> dict[str, int]:
        """The last minute of each session of a room or product."""
        minutes = {name: int(minute) for name, minute in self.shard.hash_fields(sessions_of(field)).items()}
        for name, session, minute, _ in self._pending():
            if name == field and session is not None:
                minutes[session] = max(minute, minutes.get(session, minute))
        return minutes

    def people(self) -> dict[tuple[str, str], dict[str, int]]:
        logs: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        for suffix, log in self.shard.strings.items():
            if suffix.startswith("people:"):
                logs[_split(suffix.removeprefix("people:"))].append(log)
        for scoped, totals in self._totals().items():
            if totals.logs:
                logs[scoped] += totals.logs
        return {where: _estimates(read(parts)) for where, parts in logs.items()}

    def followers(self) -> dict[str, dict[str, int]]:
        return {
            suffix.removeprefix("followers:"): members for suffix, members in self.shard.memberships.items() if members
        }


def _estimates(registers: Registers) -> dict[str, int]:
    counts = ((group, union_estimate(registers, codes)) for group, codes in COUNTED_AS.items())
    return {group: count for group, count in counts if count}


def _split(suffix: str) -> tuple[str, str]:
    """`hour:7:r:room` and `session:x:s`: a session's id may hold colons, so a whole session's field is looked for."""
    granularity, _, rest = suffix.partition(":")
    if granularity == "session":
        if rest.endswith(":s"):
            return f"session:{rest[:-2]}", "s"
        session, _, product = rest.partition(":p:")
        return f"session:{session}", f"p:{product}"
    number, _, name = rest.partition(":")
    return f"{granularity}:{number}", name
