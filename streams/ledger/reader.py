"""Reading what the ledgers hold, for whoever watches: it writes nothing and takes no part in epochs.

A client is a synchronous one that returns bytes. Every call raises Unavailable where Redis does not answer.
"""

from collections.abc import Iterable
from typing import Any

from redis.exceptions import RedisError

from streams.errors import redis_unavailable
from streams.ledger.redis import key_prefix, partitions_key
from streams.topology import STAGES


def answers(client: Any, commands: Iterable[tuple[Any, ...]]) -> list[Any]:
    """The replies to all commands, in one round trip."""
    try:
        pipeline = client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = pipeline.execute()
    except (RedisError, OSError) as error:
        raise redis_unavailable(error) from error
    return replies


def partitions(client: Any, namespace: str, stage: str) -> list[tuple[str, int]]:
    """Every (topic, partition) that the stage ever held."""
    [members] = answers(client, [("SMEMBERS", partitions_key(namespace, stage))])
    parts = sorted(member.decode().rpartition(":") for member in members)
    return [(topic, int(number)) for topic, _, number in parts]


def stored_offsets(client: Any, namespace: str, stage: str) -> dict[tuple[str, int], int]:
    """The stored offset of every partition that the stage ever held, by (topic, partition)."""
    held = partitions(client, namespace, stage)
    keys = (key_prefix(namespace, stage, topic, partition) + "ledger" for topic, partition in held)
    offsets = answers(client, (("HGET", key, "next") for key in keys))
    return {where: int(offset or 0) for where, offset in zip(held, offsets, strict=True)}


def stored_by_stage(client: Any, namespace: str) -> dict[str, dict[tuple[str, int], int]]:
    """Where each stage's ledgers stand: as long as none moves, nothing was counted."""
    return {stage: stored_offsets(client, namespace, stage) for stage in STAGES}
