"""A ledger under test with a way to look at what it stored, in memory and on a real Redis alike."""

from dataclasses import dataclass
from typing import Any, Protocol

from streams.ledger.memory import MemoryLedger
from streams.ledger.protocol import Claim, Ledger
from streams.ledger.redis import key_prefix


class Stored(Protocol):
    """What is stored under a suffix of a partition."""

    def memberships(self, claim: Claim, suffix: str) -> dict[str, int]: ...
    def ttl_seconds(self, claim: Claim, suffix: str) -> int | None: ...
    def wipe(self) -> None: ...


@dataclass
class MemoryStored:
    ledger: MemoryLedger

    def memberships(self, claim: Claim, suffix: str) -> dict[str, int]:
        return self.ledger.shards[claim.topic, claim.partition].memberships[suffix]

    def ttl_seconds(self, claim: Claim, suffix: str) -> int | None:
        return self.ledger.shards[claim.topic, claim.partition].ttl_seconds.get(suffix)

    def wipe(self) -> None:
        self.ledger.restore({})


@dataclass
class RedisStored:
    client: Any  # redis-py types its replies as all that they might be
    namespace: str
    stage: str

    def _key(self, claim: Claim, suffix: str) -> str:
        return key_prefix(self.namespace, self.stage, claim.topic, claim.partition) + suffix

    def memberships(self, claim: Claim, suffix: str) -> dict[str, int]:
        found = self.client.zrange(self._key(claim, suffix), 0, -1, withscores=True)
        return {member.decode(): int(since) for member, since in found}

    def ttl_seconds(self, claim: Claim, suffix: str) -> int | None:
        ttl = int(self.client.ttl(self._key(claim, suffix)))
        return ttl if ttl >= 0 else None

    def wipe(self) -> None:
        self.client.flushall()


@dataclass
class UnderTest:
    ledger: Ledger
    stored: Stored
