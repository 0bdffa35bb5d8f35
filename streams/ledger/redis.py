"""The ledger in Redis: every act is one Lua script on the keys of one partition, so on one slot of a cluster.

Scripts are sent by their hash and loaded again where a restarted server has forgotten them.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import chain
from typing import Any, Final, Literal

import msgpack
import msgspec
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import NoScriptError, ReadOnlyError, RedisClusterException, RedisError

from streams.errors import Fenced, OffsetMoved
from streams.ledger.failure import redis_failure
from streams.ledger.protocol import Claim, Effects, Update, check_standing

LIST_LIMIT: Final = 6_000
"""Entries a list in a script's argument; Lua's unpack() gives up near 8,000. Divisible by 2 and 3: pairs, triples."""
PART_BYTES: Final = 16_000_000
"""A script's argument; Redis takes 512 MB at most, and holds the decoded part in Lua's memory meanwhile."""
MANY_HASHES: Final = 16
"""Fields of so many hashes are read by a script, whose one reply is cheaper than one from each."""
HASHES_AT_ONCE: Final = 2_000
"""Of which it reads so many, so that nobody else waits for long."""

Effect = tuple[str, str, Sequence[Any]]
_encode_record = msgspec.msgpack.Encoder().encode
_decode_record = msgspec.msgpack.Decoder(tuple[str, bytes]).decode


class Script:
    """One Lua file of this package."""

    def __init__(self, name: str) -> None:
        self.source = files("streams.ledger").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
        self.sha = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()


_ACQUIRE, _APPLY, _TRIM_OUTBOX = Script("acquire"), Script("apply"), Script("trim_outbox")
_LOAD_FIELDS = Script("load_fields")


def key_prefix(namespace: str, stage: str, topic: str, partition: int) -> str:
    """What every key of a partition begins with; the braces make it one slot."""
    return f"{namespace}:{stage}:{{{topic}:{partition}}}:"


def partitions_key(namespace: str, stage: str) -> str:
    """The set of `topic:partition` that were ever acquired: where readers find the shards."""
    return f"{namespace}:{stage}:partitions"


def topics_key(namespace: str, stage: str) -> str:
    """The hash of a stage's topics: name → the id that Kafka gave it."""
    return f"{namespace}:{stage}:topics"


class RedisLedger:
    """A stage's ledger on a Redis server or cluster. The client returns bytes and has a socket timeout."""

    def __init__(
        self, client: Redis | RedisCluster, stage: str, namespace: str, *, part_bytes: int = PART_BYTES
    ) -> None:
        self._client = client
        self._stage = stage
        self._namespace = namespace
        self._part_bytes = part_bytes

    async def acquire(self, topic: str, partition: int) -> Claim:
        await self._call("SADD", partitions_key(self._namespace, self._stage), f"{topic}:{partition}")
        epoch, next_offset = await self._run(_ACQUIRE, [self._prefix(topic, partition) + "ledger"], [])
        return Claim(topic, partition, int(epoch), int(next_offset))

    async def apply(self, update: Update) -> None:
        claim = update.claim
        prefix = self._prefix(claim.topic, claim.partition)
        parts = list(pack_parts(flatten(update.effects), self._part_bytes))
        offsets = [claim.epoch, update.expected_offset, update.next_offset]
        outcome, value = await self._run(_APPLY, [prefix + "ledger"], [*offsets, prefix, *parts])
        if outcome == b"fenced":
            raise Fenced(claim.topic, claim.partition, claim.epoch, int(value))
        if outcome == b"moved":
            raise OffsetMoved(claim.topic, claim.partition, update.expected_offset, int(value))

    async def verify(self, claim: Claim, expected_offset: int) -> None:
        key = self._prefix(claim.topic, claim.partition) + "ledger"
        epoch, next_offset = await self._call("HMGET", key, "epoch", "next")
        check_standing(claim, expected_offset, int(epoch or 0), int(next_offset or 0))

    async def remember_topics(self, ids: Mapping[str, str]) -> dict[str, str]:
        """See streams.ledger.topic_memory."""
        key = topics_key(self._namespace, self._stage)
        stored = await self._call("HGETALL", key)
        known = {name.decode(): value.decode() for name, value in stored.items()}
        for topic in ids.keys() - known.keys():
            await self._call("HSET", key, topic, ids[topic])
        return known

    async def load_hash(self, claim: Claim, suffix: str) -> dict[str, bytes]:
        found = await self._call("HGETALL", self._prefix(claim.topic, claim.partition) + suffix)
        return {name.decode(): value for name, value in found.items()}

    async def load_fields(self, claim: Claim, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, bytes]]:
        asked = [(suffix, names) for suffix, names in wanted.items() if names]
        many = len(asked) > MANY_HASHES
        answers = await (self._load_many if many else self._load_few)(self._prefix(claim.topic, claim.partition), asked)
        return {
            suffix: {name: value for name, value in zip(names, values, strict=True) if value is not None}
            for (suffix, names), values in zip(asked, answers, strict=True)
        }

    async def _load_few(self, prefix: str, asked: Sequence[tuple[str, Sequence[str]]]) -> list[list[bytes | None]]:
        if not asked:
            return []
        pipeline = (
            self._client.pipeline(transaction=False) if isinstance(self._client, Redis) else self._client.pipeline()
        )
        for suffix, names in asked:
            pipeline.hmget(prefix + suffix, list(names))
        answers: list[list[bytes | None]] = await self._answer(pipeline.execute())
        return answers

    async def _load_many(self, prefix: str, asked: Sequence[tuple[str, Sequence[str]]]) -> list[list[bytes | None]]:
        parts = [(suffix, part) for suffix, names in asked for _, _, part in _sliced("", suffix, names)]
        values: dict[str, list[bytes | None]] = {suffix: [] for suffix, _ in asked}
        for start in range(0, len(parts), HASHES_AT_ONCE):
            some = parts[start : start + HASHES_AT_ONCE]
            packed = await self._run(_LOAD_FIELDS, [prefix + "ledger"], [prefix, _packed(some)])
            for (suffix, _), found in zip(some, msgpack.unpackb(packed, raw=True), strict=True):
                values[suffix] += [None if value is False else value for value in found]
        return list(values.values())

    async def load_strings(self, claim: Claim, suffixes: Sequence[str]) -> list[bytes | None]:
        prefix = self._prefix(claim.topic, claim.partition)
        found: list[bytes | None] = (
            await self._call("MGET", *(prefix + suffix for suffix in suffixes)) if suffixes else []
        )
        return found

    async def peek_outbox(self, claim: Claim, limit: int = 1000) -> list[tuple[str, bytes]]:
        key = self._prefix(claim.topic, claim.partition) + "outbox"
        records = await self._call("LRANGE", key, 0, limit - 1)
        return [_decode_record(record) for record in records]

    async def trim_outbox(self, claim: Claim, count: int) -> None:
        prefix = self._prefix(claim.topic, claim.partition)
        outcome, value = await self._run(_TRIM_OUTBOX, [prefix + "ledger", prefix + "outbox"], [claim.epoch, count])
        if outcome == b"fenced":
            raise Fenced(claim.topic, claim.partition, claim.epoch, int(value))

    def _prefix(self, topic: str, partition: int) -> str:
        return key_prefix(self._namespace, self._stage, topic, partition)

    async def _run(self, script: Script, keys: list[str], arguments: list[Any]) -> Any:
        try:
            return await self._call("EVALSHA", script.sha, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self._call("EVAL", script.source, len(keys), *keys, *arguments)

    async def _call(self, *command: Any) -> Any:
        return await self._answer(self._client.execute_command(*command))

    async def _answer(self, reply: Any) -> Any:
        """The server's reply; raises Unavailable for what may pass by itself, UsageError for what an operator must
        mend."""
        try:
            return await reply
        except NoScriptError:
            raise
        except (RedisError, RedisClusterException, OSError) as error:
            failure = redis_failure(error)
            if failure is None:
                raise
            if isinstance(error, ReadOnlyError):
                await self._let_go()
            raise failure from error

    async def _let_go(self) -> None:
        """Close all connections: they lead to what has become a replica, and the address may lead to the new master.
        A cluster's client looks for that by itself."""
        if isinstance(self._client, Redis):
            await self._client.connection_pool.disconnect()


def flatten(effects: Effects) -> Iterator[Effect]:
    """Effects as the script takes them: (name, suffix, flat list of at most LIST_LIMIT entries)."""
    yield from _numbers("sums", effects.sums)
    yield from _numbers("maxima", effects.maxima)
    for suffix, triples in effects.memberships.items():
        flat = list(
            chain.from_iterable(
                (member, False if since is None else since, horizon) for member, since, horizon in triples
            )
        )
        yield from _sliced("memberships", suffix, flat)
    single: list[Any] = []
    for suffix, fields in effects.values.items():
        if len(fields) == 1:
            [(name, value)] = fields.items()
            if value is not None:
                single += suffix, name, value
                continue
        yield from _values(suffix, fields)
    yield from _sliced("set_each", "", single)
    for suffix_and_bytes in effects.set_strings.items():  # each by itself: they are large
        yield "set_strings", "", suffix_and_bytes
    yield from _sliced("append_strings", "", list(chain.from_iterable(effects.append_strings.items())))
    yield from _sliced("outbox", "outbox", [_encode_record(record) for record in effects.outbox])
    yield from _sliced("ttl", "", list(chain.from_iterable(effects.ttl_seconds.items())))


def _packed(value: Any) -> bytes:
    """As Lua's decoder, which knows no bin type, reads it."""
    packed: bytes = msgpack.packb(value, use_bin_type=False)
    return packed


def pack_parts(effects: Iterator[Effect], part_bytes: int) -> Iterator[bytes]:
    """The effects as msgpack arrays of about `part_bytes` each, in their order; one effect is never divided."""
    packer = msgpack.Packer(use_bin_type=False)  # Lua's decoder knows no bin type
    packed: list[bytes] = []
    size = 0
    for effect in effects:
        if size > part_bytes:
            yield packer.pack_array_header(len(packed)) + b"".join(packed)
            packed, size = [], 0
        packed.append(packer.pack(effect))
        size += len(packed[-1])
    if packed:
        yield packer.pack_array_header(len(packed)) + b"".join(packed)


def _numbers(name: Literal["sums", "maxima"], hashes: Mapping[str, Mapping[str, int]]) -> Iterator[Effect]:
    # As strings: Lua would round a 64-bit sum.
    for suffix, fields in hashes.items():
        yield from _sliced(name, suffix, [part for field, number in fields.items() for part in (field, str(number))])


def _values(suffix: str, fields: Mapping[str, bytes | None]) -> Iterator[Effect]:
    removed = [field for field, value in fields.items() if value is None]
    if removed:
        yield from _sliced("unset", suffix, removed)
        fields = {field: value for field, value in fields.items() if value is not None}
    yield from _sliced("set", suffix, list(chain.from_iterable(fields.items())))


def _sliced(name: str, suffix: str, entries: Sequence[Any]) -> Iterator[Effect]:
    for start in range(0, len(entries), LIST_LIMIT):
        yield name, suffix, entries[start : start + LIST_LIMIT]
