"""Reading the rolling counters: a window is the sum of its buckets over the shards, which are the input partitions.

Windows end with the newest minute of event time of the shards that know the id, or with the minute of `at_ms`. A reader
writes nothing and takes no part in epochs; it works on a Redis server and, since nothing is computed over keys of two
slots, on a cluster.

    10:07 event        1m  = 10:07          60m = 09:08 … 10:07
                       5m  = 10:03 … 10:07  24h = the hours 11 (yesterday) … 10
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from streams.clock import HOUR_MS, MINUTE_MS
from streams.engagement.buckets import decode_totals
from streams.engagement.dictionary import (
    COUNTED_AS,
    LAST_AT_SLOT,
    LAST_SLOT,
    PEAK_SLOT,
    SLOTS,
    SUMS,
    AudienceMetric,
    GaugeMetric,
    Scope,
    SumMetric,
    Window,
)
from streams.engagement.hyperloglog import read, union_estimate
from streams.engagement.kpis import Kpis, compute_kpis
from streams.engagement.partition import CLOCK, WATERMARK
from streams.engagement.scopes import (
    SCOPE_CODES,
    WHOLE_SESSION,
    followers_of,
    hour_bucket,
    minute_bucket,
    people_log,
    scope_field,
    session_bucket,
    sessions_of,
)
from streams.errors import UsageError, redis_unavailable
from streams.ledger.reader import stored_offsets
from streams.ledger.redis import key_prefix, partitions_key
from streams.topology import ENGAGEMENT

WINDOW_MINUTES: dict[Window, int] = {"1m": 1, "5m": 5, "60m": 60}
HOURS = 24
MAX_IDS = 1000


@dataclass(frozen=True, slots=True)
class Shard:
    """One input partition as the readers see it."""

    topic: str
    prefix: str
    newest_ms: int


@dataclass(frozen=True, slots=True)
class WindowQuery:
    """What a window covers: buckets, each with the field to read, and its length."""

    shards: Sequence[Shard]
    buckets: Sequence[str]
    field: str
    since_ms: int
    until_ms: int

    @property
    def seconds(self) -> int:
        return max(1, (self.until_ms - self.since_ms) // 1000)

    def bucket_keys(self) -> list[str]:
        return [shard.prefix + bucket for shard in self.shards for bucket in self.buckets]


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of a room, product, brand or platform; gauges are None where no feed told them."""

    number: int
    """Minutes of event time since the epoch."""
    sums: Mapping[SumMetric, int]
    viewers_peak: int | None
    viewers_last: int | None


class EngagementReader:
    """Over a synchronous Redis client that returns bytes. Every call raises Unavailable where Redis does not answer."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    def ids(self, scope: Scope, limit: int = MAX_IDS) -> list[str]:
        """The ids that something was counted for in the last 24 hours, the latest active first, at most `limit`."""
        shards, letter = self._shards(), SCOPE_CODES[scope] + ":"
        newest = max((shard.newest_ms for shard in shards), default=0) // MINUTE_MS
        found: dict[str, None] = {}
        for buckets in _backwards(newest):
            keys = [shard.prefix + bucket for bucket in buckets for shard in shards]
            for fields in self._answers(("HKEYS", key) for key in keys):
                names = sorted(name for name in map(bytes.decode, fields) if name.startswith(letter))
                found.update(dict.fromkeys(name[len(letter) :] for name in names))
            if len(found) >= limit:
                break
        return list(found)[:limit]

    def sums(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> dict[SumMetric, int]:
        """Every sum of the window. For `session`: the latest session of the room or product, or the one named."""
        total = self._totals(self._reach(scope, scope_id, window, at_ms, session_id))
        return {name: sum(slots.get(SLOTS[name], 0) for slots in total) for name in SUMS}

    def people(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> dict[AudienceMetric, int]:
        """Unique people, estimated within 0.81 % (standard error); `new_followers` exact, as of now."""
        reach = self._reach(scope, scope_id, window, at_ms, session_id)
        logs = (people_log(bucket, reach.field) for bucket in reach.buckets)
        keys = [shard.prefix + log for log in logs for shard in reach.shards]
        counted = unique_people(log for log in self._answers(("GET", key) for key in keys) if log is not None)
        return {**counted, "new_followers": self._new_followers(scope, scope_id, reach)}

    def gauges(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> dict[GaugeMetric, int]:
        """Concurrent viewers of a room or session: the latest number and the peak; empty where no feed told any."""
        told = self._gauged(self._reach(scope, scope_id, window, at_ms, session_id))
        if not told:
            return {}
        latest = max(told, key=lambda slots: slots[LAST_AT_SLOT])
        return {"viewers_now": latest[LAST_SLOT], "viewers_peak": max(slots[PEAK_SLOT] for slots in told)}

    def figures(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> Kpis:
        """All rates of the window; None where a denominator is zero."""
        reach = self._reach(scope, scope_id, window, at_ms, session_id)
        told = [slots[LAST_SLOT] for slots in self._gauged(reach)]
        return compute_kpis(
            self.sums(scope, scope_id, window, at_ms, session_id=session_id),
            self.people(scope, scope_id, window, at_ms, session_id=session_id),
            self.gauges(scope, scope_id, window, at_ms, session_id=session_id),
            sum(told) / len(told) if told else None,
            reach.seconds,
        )

    def last_ten_against_before(
        self, room_id: str, at_ms: int | None = None
    ) -> tuple[dict[SumMetric, int], dict[SumMetric, int]]:
        """A room's sums over its last ten minutes, and over the ten before."""
        field = scope_field("room", room_id)
        shards = self._shards_of(field)
        newest = _newest_minute(shards, at_ms)
        halves = (_minutes_reach(shards, field, last, 10) for last in (newest, newest - 10))
        now, before = (self._totals(reach) for reach in halves)
        named = ({name: sum(slots.get(SLOTS[name], 0) for slots in half) for name in SUMS} for half in (now, before))
        return next(named), next(named)

    def minutes(self, scope: Scope, scope_id: str, count: int, at_ms: int | None = None) -> list[Minute]:
        """The last `count` minutes one by one, oldest first; those without events are there too."""
        field = scope_field(scope, scope_id)
        shards = self._shards_of(field)
        last = _newest_minute(shards, at_ms)
        numbers = range(last - count + 1, last + 1)
        asked = [(number, shard.prefix + minute_bucket(number)) for number in numbers for shard in shards]
        found: dict[int, list[dict[int, int]]] = {number: [] for number in numbers}
        for (number, _), value in zip(asked, self._answers(("HGET", key, field) for _, key in asked), strict=True):
            if value is not None:
                found[number].append(decode_totals(value))
        return [_minute(number, totals) for number, totals in found.items()]

    def people_logs(self, scope: Scope, scope_id: str, minutes: Iterable[int]) -> list[bytes]:
        """The logs of the people of these minutes (streams.engagement.hyperloglog), for unions that outlive them."""
        field = scope_field(scope, scope_id)
        prefixes = [shard.prefix for shard in self._shards_of(field)]
        logs = [people_log(minute_bucket(minute), field) for minute in minutes]
        return [log for log in self._answers(("GET", at + log) for log in logs for at in prefixes) if log is not None]

    def sessions(self, scope: Scope, scope_id: str) -> list[str]:
        """The sessions of a room or product that are still kept, the latest first."""
        return self._sessions(self._shards(), scope_field(scope, scope_id))

    def newest_event_ms(self, topic: str) -> int | None:
        """Event time of the newest event of a topic; None where there was none."""
        return max((shard.newest_ms for shard in self._shards() if shard.topic == topic), default=None)

    def stored_offsets(self, stage: str = ENGAGEMENT) -> dict[tuple[str, int], int]:
        """Where a stage's ledgers stand, by (topic, partition)."""
        return stored_offsets(self._client, self._namespace, stage)

    def _reach(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None, session_id: str | None
    ) -> WindowQuery:
        field = scope_field(scope, scope_id)
        if window == "session":
            return self._session_reach(scope, field, session_id)
        shards = self._shards_of(field)
        newest = _newest_minute(shards, at_ms)
        if window == "24h":
            hours = range(newest // 60 - HOURS + 1, newest // 60 + 1)
            buckets = [hour_bucket(hour) for hour in hours]
            return WindowQuery(shards, buckets, field, hours.start * HOUR_MS, hours.stop * HOUR_MS)
        return _minutes_reach(shards, field, newest, WINDOW_MINUTES[window])

    def _session_reach(self, scope: Scope, field: str, session_id: str | None) -> WindowQuery:
        if scope not in ("room", "product"):
            raise UsageError(f"a session is a room's or a product's, a {scope} has none")
        shards = self._shards()
        session_id = session_id or next(iter(self._sessions(shards, field)), None)
        buckets = [] if session_id is None else [session_bucket(session_id)]
        newest_ms = max((shard.newest_ms for shard in shards), default=0)
        return WindowQuery(shards, buckets, WHOLE_SESSION if scope == "room" else field, 0, newest_ms)

    def _sessions(self, shards: Sequence[Shard], field: str) -> list[str]:
        found: Counter[str] = Counter()
        for answer in self._answers(("HGETALL", shard.prefix + sessions_of(field)) for shard in shards):
            for name, minute in answer.items():
                found[name.decode()] = max(found[name.decode()], int(minute))
        return [name for name, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))]

    def _totals(self, reach: WindowQuery) -> list[dict[int, int]]:
        found = self._answers(("HGET", key, reach.field) for key in reach.bucket_keys())
        return [decode_totals(value) for value in found if value is not None]

    def _gauged(self, reach: WindowQuery) -> list[dict[int, int]]:
        return [slots for slots in self._totals(reach) if LAST_AT_SLOT in slots]

    def _new_followers(self, scope: Scope, scope_id: str, reach: WindowQuery) -> int:
        whole = reach.field == WHOLE_SESSION
        suffixes = (
            [followers_of(bucket) for bucket in reach.buckets]
            if whole
            else [followers_of(scope_field(scope, scope_id))]
        )
        keys = [shard.prefix + suffix for shard in reach.shards for suffix in suffixes]
        until_ms = "+inf" if whole else f"({reach.until_ms}"
        answers = self._answers(("ZRANGEBYSCORE", key, reach.since_ms, until_ms) for key in keys)
        return len({member for members in answers for member in members})

    def _shards(self) -> list[Shard]:
        [members] = self._answers([("SMEMBERS", partitions_key(self._namespace, ENGAGEMENT))])
        held = sorted(member.decode().rpartition(":") for member in members)
        prefixes = [key_prefix(self._namespace, ENGAGEMENT, topic, int(number)) for topic, _, number in held]
        newest = self._answers(("HGET", prefix + CLOCK, WATERMARK) for prefix in prefixes)
        return [
            Shard(topic, prefix, int(at_ms))
            for (topic, *_), prefix, at_ms in zip(held, prefixes, newest, strict=True)
            if at_ms is not None
        ]

    def _shards_of(self, field: str) -> list[Shard]:
        """The shards that counted something for the field in their last 24 hours; all where none did."""
        shards = self._shards()
        asked = [(shard, hour_bucket(shard.newest_ms // HOUR_MS - ago)) for shard in shards for ago in range(HOURS)]
        known = self._answers(("HEXISTS", shard.prefix + bucket, field) for shard, bucket in asked)
        holders = {shard.prefix for (shard, _), holds in zip(asked, known, strict=True) if holds}
        return [shard for shard in shards if shard.prefix in holders] or shards

    def _answers(self, commands: Iterable[tuple[Any, ...]]) -> list[Any]:
        """All replies in one round trip."""
        try:
            pipeline = self._client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            answers: list[Any] = pipeline.execute()
        except (RedisError, OSError) as error:
            raise redis_unavailable(error) from error
        return answers


def unique_people(logs: Iterable[bytes]) -> dict[AudienceMetric, int]:
    """The people of a union of logs, estimated; `new_followers` are told by no log."""
    registers = read(logs)
    return {name: union_estimate(registers, groups) for name, groups in COUNTED_AS.items()}


def _minute(number: int, totals: Sequence[Mapping[int, int]]) -> Minute:
    gauged = [slots for slots in totals if LAST_AT_SLOT in slots]
    return Minute(
        number=number,
        sums={name: sum(slots.get(SLOTS[name], 0) for slots in totals) for name in SUMS},
        viewers_peak=max((slots[PEAK_SLOT] for slots in gauged), default=None),
        viewers_last=max(gauged, key=lambda slots: slots[LAST_AT_SLOT])[LAST_SLOT] if gauged else None,
    )


def _newest_minute(shards: Sequence[Shard], at_ms: int | None) -> int:
    newest_ms = max((shard.newest_ms for shard in shards), default=0)
    return (newest_ms if at_ms is None else at_ms) // MINUTE_MS


def _minutes_reach(shards: Sequence[Shard], field: str, last: int, count: int) -> WindowQuery:
    minutes = range(last - count + 1, last + 1)
    buckets = [minute_bucket(minute) for minute in minutes]
    return WindowQuery(shards, buckets, field, minutes.start * MINUTE_MS, minutes.stop * MINUTE_MS)


def _backwards(newest: int) -> Iterable[list[str]]:
    """Buckets from the newest to the oldest: minutes for an hour, then hours."""
    yield from ([minute_bucket(newest - ago)] for ago in range(60))
    yield from ([hour_bucket(newest // 60 - ago)] for ago in range(HOURS))
