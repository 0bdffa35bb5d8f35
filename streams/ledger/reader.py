"""Where each partition's ledger stands, for whoever watches: reads only, and takes no part in epochs."""

from redis import Redis
from redis.exceptions import RedisError

from streams.errors import Unavailable
from streams.ledger.redis import key_prefix, partitions_key


def stored_offsets(client: Redis, namespace: str, stage: str) -> dict[tuple[str, int], int]:
    """The stored offset of every partition that the stage ever held, by (topic, partition). Raises Unavailable."""
    try:
        members = client.smembers(partitions_key(namespace, stage))
        held = sorted(_topic_partition(member) for member in members)
        pipeline = client.pipeline(transaction=False)
        for topic, partition in held:
            pipeline.hget(key_prefix(namespace, stage, topic, partition) + "ledger", "next")
        return {where: int(offset or 0) for where, offset in zip(held, pipeline.execute(), strict=True)}
    except (RedisError, OSError) as error:
        raise Unavailable(f"Redis does not answer: {error}") from error


def _topic_partition(member: bytes | str) -> tuple[str, int]:
    name = member.decode() if isinstance(member, bytes) else member
    topic, _, partition = name.rpartition(":")
    return topic, int(partition)
