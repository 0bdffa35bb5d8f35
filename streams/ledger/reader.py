"""Reads what the ledgers hold, for exporter and screens: it writes nothing and takes no part in epochs.

A client is a synchronous one that returns bytes. Every call raises Unavailable where Redis does not answer.
"""

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from redis.exceptions import RedisClusterException, RedisError

from streams.errors import Unavailable, UsageError
from streams.ledger.failure import redis_failure
from streams.ledger.redis import key_prefix, partitions_key
from streams.topology import STAGES

T = TypeVar("T")


def answers(client: Any, commands: Iterable[tuple[Any, ...]]) -> list[Any]:
    """The replies to all commands, in one round trip; in none if there are no commands."""
    try:
        pipeline = client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = pipeline.execute()
    except (RedisError, RedisClusterException, OSError) as error:
        failure = redis_failure(error) or f"Redis answers with an error: {error}"
        mend = "" if isinstance(failure, UsageError) else ". Start it (`pulsewatch up`) or set PULSEWATCH_REDIS"
        raise Unavailable(f"{str(failure).rstrip('.')}{mend}") from error
    return replies


class ShardDirectory:
    """Where the stages' partitions are: readers of one client share it.

    Partitions come with time, so it asks at each call. During one reading it asks once, however many queries there are:

        with directory.at_once():
            page = …        every query sees the same partitions, and answers kept by `once` are not asked for again
    """

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._namespace = namespace
        self._reading = _Reading()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """One reading of this thread; a reading within it is part of it."""
        if self._reading.known is not None:
            yield
            return
        self._reading.known = {}
        try:
            yield
        finally:
            self._reading.known = None

    def once(self, question: Hashable, ask: Callable[[], T]) -> T:
        """What `ask` returns; within a reading the same question is asked once."""
        known = self._reading.known
        if known is None:
            return ask()
        if question not in known:
            known[question] = ask()
        found: T = known[question]
        return found

    def partitions(self, stage: str) -> Sequence[tuple[str, int]]:
        """Every (topic, partition) that the stage ever held."""
        return self.by_stage()[stage]

    def by_stage(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Those of all stages, in one round trip."""
        return self.once("partitions", self._read)

    def prefixes(self, stage: str, topic: str) -> list[str]:
        """What the keys of each of a topic's partitions begin with."""
        return [self.prefix(stage, name, number) for name, number in self.partitions(stage) if name == topic]

    def prefix(self, stage: str, topic: str, partition: int) -> str:
        return key_prefix(self._namespace, stage, topic, partition)

    def _read(self) -> dict[str, list[tuple[str, int]]]:
        sets = answers(self._client, (("SMEMBERS", partitions_key(self._namespace, stage)) for stage in STAGES))
        return {stage: _parsed(members) for stage, members in zip(STAGES, sets, strict=True)}


class _Reading(threading.local):
    known: dict[Hashable, Any] | None = None


def _parsed(members: Iterable[bytes]) -> list[tuple[str, int]]:
    parts = sorted(member.decode().rpartition(":") for member in members)
    return [(topic, int(number)) for topic, _, number in parts]


def stored_by_stage(client: Any, namespace: str) -> dict[str, dict[tuple[str, int], int]]:
    """Every stage's stored offsets, in two round trips. While none of them moves, nothing was counted."""
    held = ShardDirectory(client, namespace).by_stage()
    every = [(stage, where) for stage, wheres in held.items() for where in wheres]
    keys = (key_prefix(namespace, stage, *where) + "ledger" for stage, where in every)
    offsets: dict[str, dict[tuple[str, int], int]] = {stage: {} for stage in held}
    replies = answers(client, (("HGET", key, "next") for key in keys))
    for (stage, where), offset in zip(every, replies, strict=True):
        offsets[stage][where] = int(offset or 0)
    return offsets
