"""How fast every engagement counter of a topic comes to stand in Redis, beside programs that keep the same counters.

`aiokafka` is the bare loop that only decodes: what the reading alone would cost with the usual client. The other peers
keep sums and people as `tests.bench.peers.counters` says, which also says what they leave out.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Protocol

from redis import Redis

from streams.clock import HOUR_MS, MINUTE_MS
from streams.engagement.dictionary import Scope
from streams.engagement.reader import EngagementReader
from streams.ledger.redis import partitions_key
from streams.topology import ENGAGEMENT
from tests.bench.arena import BenchEnvironment, Mismatch, Peer, Say, chosen, compare, opened
from tests.bench.load import Load, generate
from tests.bench.peers.counters import Bucket, Counters, key_of, people_key_of
from tests.bench.peers.task import Answer, Task
from tests.bench.transport import check_decoded

PEERS = (
    Peer("pulsewatch", "tests.bench.peers.pulsewatch_engagement"),
    Peer("aiokafka", "tests.bench.peers.bare_aiokafka", package="aiokafka"),
    Peer("confluent-kafka", "tests.bench.peers.confluent_engagement", package="confluent_kafka"),
    Peer("quixstreams", "tests.bench.peers.quixstreams_engagement", package="quixstreams"),
    Peer("bytewax", "tests.bench.peers.bytewax_engagement", package="bytewax"),
)
ROOMS_BY_THE_MINUTE = 5
PRODUCTS_CHECKED = 100
ESTIMATE_ERROR = 0.05
"""Six times the standard error of a HyperLogLog, so that no sound one ever fails."""
SCOPES: dict[str, Scope] = {"r": "room", "p": "product", "b": "brand", "f": "platform"}
GROUPS = ("present", "interacting", "shown", "clicked", "carted", "ordered", "paid")


def run_engagement(
    *,
    events: int = 1_000_000,
    repeats: int = 5,
    peers: Sequence[str] | None = None,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Count the same topic with each peer, each alone on a core, the rounds interleaved; see `run_transport`.

    A row is correct where its counters in Redis equal a recount of the load (the people within their estimate's
    error), for the decoding loop where it decoded everything.
    """
    chosen(PEERS, peers)  # before minutes of work
    load = Load(events)
    with opened(load, say, with_redis=True) as arena:
        say("recounting")
        recount = Recount(load)
        return compare("engagement", arena, PEERS, peers, repeats, partial(_check, recount), say)


class Recount:
    """The load's counters, from the generator's own events."""

    def __init__(self, load: Load) -> None:
        counters = Counters()
        for event in generate(load):
            counters.add(event)
        self._sums, self._people = counters.take()

    def wanted(self) -> Iterator[list[Bucket]]:
        """What is compared: all sessions of rooms and a hundred of products, brands and platforms over all hours, a few
        rooms minute by minute."""
        names = sorted(self._sums)
        for letter, most in (("r", None), ("p", PRODUCTS_CHECKED)):
            sessions = [name for name in names if name[0].startswith("session:") and name[1][0] == letter]
            yield from ([name] for name in sessions[:most])
        for field in sorted({name[1] for name in names if name[1][0] in "bf"}):
            yield [name for name in names if name[1] == field and name[0].startswith("hour:")]
        rooms = sorted({name[1] for name in names if name[1][0] == "r"})[:ROOMS_BY_THE_MINUTE]
        yield from ([name] for name in names if name[0].startswith("minute:") and name[1] in rooms)

    def sums(self, buckets: Sequence[Bucket]) -> dict[str, int]:
        """Together, without zeros."""
        return +sum((Counter(self._sums[bucket]) for bucket in buckets), Counter[str]())

    def people(self, bucket: Bucket) -> tuple[int, int]:
        """Everybody who did anything there, and the payers."""
        everybody = set[str]().union(*(self._people.get((bucket, group), set()) for group in GROUPS))
        return len(everybody), len(self._people.get((bucket, "paid"), ()))


class Stored(Protocol):
    """A peer's counters, read back."""

    def sums(self, buckets: Sequence[Bucket]) -> dict[str, int]: ...

    def people(self, bucket: Bucket) -> tuple[int, int]: ...


class Plain:
    """As the other peers store them."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._namespace = namespace

    def sums(self, buckets: Sequence[Bucket]) -> dict[str, int]:
        found = Counter[str]()
        for bucket in buckets:
            hashed: Any = self._redis.hgetall(key_of(self._namespace, bucket))
            found.update({name.decode(): int(number) for name, number in hashed.items()})
        return +found

    def people(self, bucket: Bucket) -> tuple[int, int]:
        keys = {group: people_key_of(self._namespace, bucket, group) for group in GROUPS}
        everybody: Any = self._redis.pfcount(*keys.values())
        payers: Any = self._redis.pfcount(keys["paid"])
        return everybody, payers


class Windows:
    """As Pulsewatch's own reader sees them."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._reader = EngagementReader(redis, namespace)

    def sums(self, buckets: Sequence[Bucket]) -> dict[str, int]:
        bucket, field = buckets[-1]
        kind, _, which = bucket.partition(":")
        scope, scope_id = SCOPES[field[0]], field[2:]
        if kind == "session":
            found = self._reader.sums(scope, scope_id, "session", session_id=which)
        elif kind == "hour":
            found = self._reader.sums(scope, scope_id, "24h", int(which) * HOUR_MS)
        else:
            found = self._reader.sums(scope, scope_id, "1m", int(which) * MINUTE_MS)
        return {name: number for name, number in found.items() if number}

    def people(self, bucket: Bucket) -> tuple[int, int]:
        found = self._reader.people("room", bucket[1][2:], "session", session_id=bucket[0].partition(":")[2])
        return found["viewers"], found["payers"]


def _check(recount: Recount, arena: BenchEnvironment, task: Task, answer: Answer) -> None:
    if answer.total:
        check_decoded(arena, task, answer)
        return
    redis = Redis.from_url(task.redis)
    try:
        ours = redis.exists(partitions_key(task.namespace, ENGAGEMENT))
        compare_stored(recount, Windows(redis, task.namespace) if ours else Plain(redis, task.namespace))
    finally:
        redis.flushdb()
        redis.close()


def compare_stored(recount: Recount, stored: Stored) -> None:
    """Raises Mismatch at the first counter that is not the recount's."""
    for buckets in recount.wanted():
        expected, found = recount.sums(buckets), stored.sums(buckets)
        if found != expected:
            raise Mismatch(f"{buckets[-1]}: {dict(found)} where the recount has {dict(expected)}")
        if buckets[0][1][0] == "r" and buckets[0][0].startswith("session:"):
            _compare_people(buckets[0], recount.people(buckets[0]), stored.people(buckets[0]))


def _compare_people(bucket: Bucket, expected: tuple[int, int], found: tuple[int, int]) -> None:
    if any(abs(one - other) > 2 + ESTIMATE_ERROR * other for one, other in zip(found, expected, strict=True)):
        raise Mismatch(f"{bucket}: about {found} people where the recount has {expected}")
