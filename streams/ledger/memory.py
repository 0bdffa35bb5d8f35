"""The ledger in memory: the same contract without a server, for tests and for runs that keep nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from streams.errors import Fenced, OffsetMoved
from streams.ledger.protocol import Claim, Effects, Update, check_standing

SUM_LIMITS = (-(2**63), 2**63 - 1)


@dataclass
class Shard:
    """What one partition has stored, by key suffix."""

    epoch: int = 0
    next_offset: int = 0
    numbers: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """Sums and maxima by suffix and field."""
    values: dict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    strings: dict[str, bytes] = field(default_factory=dict)
    memberships: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    outbox: list[tuple[str, bytes]] = field(default_factory=list)
    ttl_seconds: dict[str, int] = field(default_factory=dict)

    def apply(self, effects: Effects) -> None:
        for suffix, sums in effects.sums.items():
            stored = self.numbers[suffix]
            stored.update({name: _saturated(stored.get(name, 0) + number) for name, number in sums.items()})
        for suffix, maxima in effects.maxima.items():
            stored, set_before = self.numbers[suffix], self.values.get(suffix, {})
            for name, number in maxima.items():
                stored[name] = max(number, stored.get(name, number), int(set_before.pop(name, b"%d" % number)))
        for suffix, changes in effects.memberships.items():
            self._change_memberships(suffix, changes)
        for suffix, fields in effects.values.items():
            self.values[suffix].update({name: value for name, value in fields.items() if value is not None})
            for name, value in fields.items():
                self.numbers.get(suffix, {}).pop(name, None)
                if value is None:
                    self.values[suffix].pop(name, None)
        self.strings.update(effects.set_strings)
        for suffix, tail in effects.append_strings.items():
            self.strings[suffix] = self.strings.get(suffix, b"") + tail
        self.outbox.extend(effects.outbox)
        self.ttl_seconds.update(effects.ttl_seconds)

    def _change_memberships(self, suffix: str, changes: Sequence[tuple[str, int | None, int]]) -> None:
        known = self.memberships[suffix]
        for member, since, horizon in changes:
            if since is None:
                known.pop(member, None)
            elif member not in known or known[member] < horizon:
                known[member] = since
        last_horizon = changes[-1][2]
        self.memberships[suffix] = {member: since for member, since in known.items() if since >= last_horizon}

    def hash_fields(self, suffix: str) -> dict[str, bytes]:
        """A hash as `load_hash` returns it; numbers as their digits."""
        return {name: b"%d" % number for name, number in self.numbers.get(suffix, {}).items()} | self.values.get(
            suffix, {}
        )


class MemoryLedger:
    """A stage's ledger in this process. `shards` is open to tests; `snapshot` and `restore` act a backup."""

    def __init__(self) -> None:
        self.shards: dict[tuple[str, int], Shard] = defaultdict(Shard)
        self._last_epoch = 0

    async def acquire(self, topic: str, partition: int) -> Claim:
        shard = self.shards[topic, partition]
        self._last_epoch += 1
        shard.epoch = self._last_epoch
        return Claim(topic, partition, shard.epoch, shard.next_offset)

    async def apply(self, update: Update) -> None:
        claim = update.claim
        shard = self.shards[claim.topic, claim.partition]
        if shard.epoch > claim.epoch:
            raise Fenced(claim.topic, claim.partition, claim.epoch, shard.epoch)
        if shard.epoch == claim.epoch and shard.next_offset == update.expected_offset:
            shard.apply(update.effects)
            shard.next_offset = update.next_offset
        elif shard.epoch < claim.epoch or shard.next_offset != update.next_offset:
            raise OffsetMoved(claim.topic, claim.partition, update.expected_offset, shard.next_offset)

    async def verify(self, claim: Claim, expected_offset: int) -> None:
        shard = self.shards[claim.topic, claim.partition]
        check_standing(claim, expected_offset, shard.epoch, shard.next_offset)

    async def load_hash(self, claim: Claim, suffix: str) -> dict[str, bytes]:
        return self.shards[claim.topic, claim.partition].hash_fields(suffix)

    async def load_fields(self, claim: Claim, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, bytes]]:
        found: dict[str, dict[str, bytes]] = {}
        for suffix, names in wanted.items():
            if names:
                fields = await self.load_hash(claim, suffix)
                found[suffix] = {name: fields[name] for name in names if name in fields}
        return found

    async def load_strings(self, claim: Claim, suffixes: Sequence[str]) -> list[bytes | None]:
        stored = self.shards[claim.topic, claim.partition].strings
        return [stored.get(suffix) for suffix in suffixes]

    async def peek_outbox(self, claim: Claim, limit: int = 1000) -> list[tuple[str, bytes]]:
        return self.shards[claim.topic, claim.partition].outbox[:limit]

    async def trim_outbox(self, claim: Claim, count: int) -> None:
        shard = self.shards[claim.topic, claim.partition]
        if shard.epoch != claim.epoch:
            raise Fenced(claim.topic, claim.partition, claim.epoch, shard.epoch)
        del shard.outbox[:count]

    def snapshot(self) -> dict[tuple[str, int], Shard]:
        """All that is stored, as a backup has it."""
        return deepcopy(dict(self.shards))

    def restore(self, backup: dict[tuple[str, int], Shard]) -> None:
        """Put a backup in the place of all that is stored."""
        self.shards = defaultdict(Shard, deepcopy(backup))


def _saturated(number: int) -> int:
    low, high = SUM_LIMITS
    return min(max(number, low), high)
