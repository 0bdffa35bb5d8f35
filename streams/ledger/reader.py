"""Reading what the ledgers hold, for whoever watches: it writes nothing and takes no part in epochs.

A client is a synchronous one that returns bytes. Every call raises Unavailable where Redis does not answer.
"""

from collections.abc import Iterable
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from streams.errors import redis_silent
from streams.ledger.redis import key_prefix, partitions_key

TIMEOUT_SECONDS = 2.0


def reading_client(url: str) -> Redis:
    """A client that gives up at once: a screen or a scrape must not hang on a server that is away, and asks again."""
    once = Retry(NoBackoff(), retries=0)
    return Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=once)


def answers(client: Any, commands: Iterable[tuple[Any, ...]]) -> list[Any]:
    """The replies to all commands, in one round trip."""
    try:
        pipeline = client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = pipeline.execute()
    except (RedisError, OSError) as error:
        raise redis_silent(error) from error
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
