"""A namespace of Redis belongs to one Kafka: offsets of two logs under one name would lose the records of both.

The workers of a stack hold the namespace for as long as they run, by the id that Kafka has for its cluster:

    <namespace>:kafka   string   the cluster's id; lives HELD_SECONDS, renewed every RENEWED_SECONDS

So a Kafka that was made anew takes the namespace over once the workers of the former one are gone.

A worker's name (PULSEWATCH_INSTANCE) belongs to one process of its stage. Kafka gives the partitions to whoever came
last with a name, and would move them to and fro between two; so the last to come holds it, and the one before ends:

    <namespace>:<stage>:instance:<name>   string   drawn by the process that holds the name; lives and is renewed alike
"""

import asyncio
import logging
from typing import Any
from uuid import uuid4

from redis.exceptions import RedisClusterException, RedisError

from streams.backoff import Backoff
from streams.errors import Unavailable, UsageError
from streams.ledger.failure import redis_failure
from streams.ledger.retry import retrying

log = logging.getLogger(__name__)

HELD_SECONDS = 30
RENEWED_SECONDS = 5.0


def tenancy_key(namespace: str) -> str:
    return f"{namespace}:kafka"


def instance_key(namespace: str, stage: str, instance: str) -> str:
    return f"{namespace}:{stage}:instance:{instance}"


class Tenancy:
    """The hold of a worker's Kafka on its namespace, and of its process on its name, if it has one. The client returns
    bytes."""

    def __init__(self, client: Any, namespace: str, stage: str = "", instance: str | None = None) -> None:
        self._client = client
        self._namespace = namespace
        self._key = tenancy_key(namespace)
        self._stage, self._instance = stage, instance
        self._process = uuid4().hex

    async def hold(self, cluster_id: str) -> None:
        """Hold the namespace for this Kafka, for a while. Raises UsageError where workers of another one do, and
        Unavailable."""
        try:
            if await self._client.set(self._key, cluster_id, ex=HELD_SECONDS, nx=True):
                return None
            holder = await self._client.get(self._key)
            if holder is not None and holder.decode(errors="replace") == cluster_id:
                await self._client.expire(self._key, HELD_SECONDS)
                return None
        except (RedisError, RedisClusterException, OSError) as error:
            raise redis_failure(error) or error from error
        if holder is None:  # it ran out between the two calls
            return await self.hold(cluster_id)
        raise UsageError(
            f"Redis namespace {self._namespace!r} is held by workers of another Kafka cluster or prefix"
            f" ({holder.decode(errors='replace')}, this one is {cluster_id}): set PULSEWATCH_NAMESPACE to a name of its"
            f" own, or stop those workers and wait {HELD_SECONDS} seconds"
        )

    async def hold_instance(self, *, first: bool = False) -> None:
        """Hold the worker's name, for a while; the first time whoever else holds it. Raises UsageError where another
        process has taken it since, and Unavailable."""
        if self._instance is None:
            return
        key = instance_key(self._namespace, self._stage, self._instance)
        try:
            holder = None if first else await self._client.get(key)
            if holder is None or holder.decode(errors="replace") == self._process:
                await self._client.set(key, self._process, ex=HELD_SECONDS)
                return
        except (RedisError, RedisClusterException, OSError) as error:
            raise redis_failure(error) or error from error
        raise UsageError(
            f"another {self._stage} worker has started with PULSEWATCH_INSTANCE={self._instance!r} and has the"
            " partitions now: give each worker a name of its own"
        )

    async def take(self, cluster_id: str, *, backoff: Backoff = Backoff()) -> None:
        """Hold the namespace and the worker's name as soon as Redis answers. Raises UsageError."""
        await retrying(lambda: self.hold(cluster_id), backoff=backoff)
        await retrying(lambda: self.hold_instance(first=True), backoff=backoff)

    async def keep(self, cluster_id: str) -> None:
        """Renew both holds until cancelled. Raises UsageError where another Kafka's workers have taken the namespace,
        as after Redis was emptied under two stacks, or another process the worker's name."""
        while True:
            await asyncio.sleep(RENEWED_SECONDS)
            try:
                await self.hold(cluster_id)
                await self.hold_instance()
            except Unavailable:
                log.debug("Redis does not answer: what this worker holds is renewed when it does")
