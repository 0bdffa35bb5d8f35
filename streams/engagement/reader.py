"""Reads the rolling counters: a window is the sum of its buckets over the shards, which are the input partitions.

Windows end with the newest minute of event time of the shards that know the id, or with the minute of `at_ms`:

    10:07 event        1m  = 10:07          60m = 09:08 … 10:07
                       5m  = 10:03 … 10:07  24h = the hours 11 (yesterday) … 10

One id is asked for with everything (`window` and its parts, `minutes`, `sessions`), all ids at once with their sums
(`all_scopes`). Queries that belong together are made within one `ShardDirectory.at_once`. A reader writes nothing and
takes no part in epochs; nothing is computed over keys of two slots, so it works on a cluster too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.clock import HOUR_MS, MINUTE_MS
from streams.engagement.buckets import decode_totals
from streams.engagement.deltas import SlotSums
from streams.engagement.dictionary import (
    COUNTED_AS,
    LAST_AT_SLOT,
    LAST_SLOT,
    PEAK_SLOT,
    SLOTS,
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
from streams.errors import UsageError
from streams.ledger.reader import ShardDirectory, answers
from streams.topology import ENGAGEMENT

WINDOW_MINUTES: dict[Window, int] = {"1m": 1, "5m": 5, "60m": 60}
HOURS = 24
MAX_IDS = 1000


@dataclass(frozen=True, slots=True)
class Shard:
    """One input partition as readers see it."""

    topic: str
    prefix: str
    newest_ms: int


@dataclass(frozen=True, slots=True)
class WindowQuery:
    """What a window covers: which field of which buckets of which shards, and where its new followers are."""

    shards: Sequence[Shard]
    buckets: Sequence[str]
    field: str
    followers: Sequence[str]
    """Suffixes of sorted sets."""
    since_ms: int
    until_ms: int
    whole_session: bool = False

    @property
    def seconds(self) -> int:
        """Its length, at least 1."""
        return max(1, (self.until_ms - self.since_ms) // 1000)

    def totals(self) -> list[tuple[Any, ...]]:
        """A command for each bucket's totals."""
        return [("HGET", shard.prefix + bucket, self.field) for shard in self.shards for bucket in self.buckets]

    def people(self) -> list[tuple[Any, ...]]:
        """A command for each bucket's log of people."""
        logs = [people_log(bucket, self.field) for bucket in self.buckets]
        return [("GET", shard.prefix + log) for log in logs for shard in self.shards]

    def new_followers(self) -> list[tuple[Any, ...]]:
        """A command for each shard's people who follow since a moment of the window."""
        until = "+inf" if self.whole_session else f"({self.until_ms}"
        keys = [shard.prefix + suffix for shard in self.shards for suffix in self.followers]
        return [("ZRANGEBYSCORE", key, self.since_ms, until) for key in keys]


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """All that one window of one id says."""

    sums: Mapping[SumMetric, int]
    people: Mapping[AudienceMetric, int]
    gauges: Mapping[GaugeMetric, int]
    kpis: Kpis


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of a room, product, brand or platform; gauges are None where no feed reported them."""

    number: int
    """Minutes of event time since the epoch."""
    sums: Mapping[SumMetric, int]
    viewers_peak: int | None
    viewers_last: int | None


@dataclass(frozen=True, slots=True)
class ScopeTotals:
    """One of all ids: its sums over the window, and the latest number of concurrent viewers, None where no feed
    reported it."""

    sums: Mapping[SumMetric, int]
    viewers_now: int | None


class EngagementReader:
    """Over a synchronous Redis client that returns bytes. Every call raises Unavailable where Redis does not answer."""

    def __init__(self, client: Any, namespace: str, directory: ShardDirectory | None = None) -> None:
        self._client = client
        self._directory = directory or ShardDirectory(client, namespace)

    def newest_event_ms(self) -> dict[str, int]:
        """Event time of the newest event of each topic that was read from."""
        newest: dict[str, int] = {}
        for shard in self._shards():
            newest[shard.topic] = max(newest.get(shard.topic, 0), shard.newest_ms)
        return newest

    # -- all ids

    def ids(self, scope: Scope, limit: int = MAX_IDS) -> list[str]:
        """The ids that something was counted for in the last 24 hours, the latest active first, at most `limit`."""
        shards, prefix = self._shards(), SCOPE_CODES[scope] + ":"
        newest = max((shard.newest_ms for shard in shards), default=0) // MINUTE_MS
        found: dict[str, None] = {}
        for buckets in _backwards(newest):
            keys = [shard.prefix + bucket for bucket in buckets for shard in shards]
            for fields in self._answers(("HKEYS", key) for key in keys):
                names = sorted(name for name in map(bytes.decode, fields) if name.startswith(prefix))
                found.update(dict.fromkeys(name[len(prefix) :] for name in names))
            if len(found) >= limit:
                break
        return list(found)[:limit]

    def all_scopes(self, scope: Scope, minutes: int, at_ms: int) -> dict[str, ScopeTotals]:
        """Every id of the scope with an event in the last `minutes` minutes of event time, the one of `at_ms`
        included; one round trip, however many there are."""
        numbers = _minutes_until(at_ms // MINUTE_MS, minutes)
        prefix = f"{SCOPE_CODES[scope]}:".encode()
        keys = [shard.prefix + minute_bucket(number) for shard in self._shards() for number in numbers]
        found: dict[str, list[SlotSums]] = defaultdict(list)
        for fields in self._answers(("HGETALL", key) for key in keys):
            for field, totals in fields.items():
                if field.startswith(prefix):
                    found[field[len(prefix) :].decode()].append(decode_totals(totals))
        return {
            scope_id: ScopeTotals(_sums(totals), _gauges(totals).get("viewers_now"))
            for scope_id, totals in found.items()
        }

    # -- one id

    def window(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> WindowCounts:
        """Everything of a window. For `session`: the latest session of the room or product, or the one named; raises
        UsageError for a scope that has none."""
        query = self._query(scope, scope_id, window, at_ms, session_id)
        commands = query.totals(), query.people(), query.new_followers()
        replies = iter(self._answers(command for part in commands for command in part))
        values, logs, followers = ([next(replies) for _ in part] for part in commands)
        totals = _decoded(values)
        people = _people(logs, followers)
        sums, gauges = _sums(totals), _gauges(totals)
        online = [slots[LAST_SLOT] for slots in totals if LAST_AT_SLOT in slots]
        mean_viewers = sum(online) / len(online) if online else None
        return WindowCounts(sums, people, gauges, compute_kpis(sums, people, gauges, mean_viewers, query.seconds))

    def sums(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> dict[SumMetric, int]:
        """Every sum of a window."""
        query = self._query(scope, scope_id, window, at_ms, session_id)
        return _sums(_decoded(self._answers(query.totals())))

    def people(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> dict[AudienceMetric, int]:
        """Unique people of a window, estimated within 0.81 % (standard error); `new_followers` exact, as of now."""
        query = self._query(scope, scope_id, window, at_ms, session_id)
        logs = query.people()
        replies = self._answers([*logs, *query.new_followers()])
        return _people(replies[: len(logs)], replies[len(logs) :])

    def gauges(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> dict[GaugeMetric, int]:
        """Concurrent viewers of a room or session: the latest number and the peak; empty where no feed reported any."""
        query = self._query(scope, scope_id, window, at_ms, session_id)
        return _gauges(_decoded(self._answers(query.totals())))

    def kpis(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> Kpis:
        """All rates of a window; None where a denominator is zero."""
        return self.window(scope, scope_id, window, at_ms, session_id=session_id).kpis

    def minutes(self, scope: Scope, scope_id: str, count: int, at_ms: int | None = None) -> list[Minute]:
        """The last `count` minutes one by one, oldest first; those without events are there too."""
        field = scope_field(scope, scope_id)
        shards = self._shards_of(field)
        numbers = _minutes_until(_newest_minute(shards, at_ms), count)
        asked = [(number, shard.prefix + minute_bucket(number)) for number in numbers for shard in shards]
        found: dict[int, list[SlotSums]] = {number: [] for number in numbers}
        for (number, _), value in zip(asked, self._answers(("HGET", key, field) for _, key in asked), strict=True):
            if value is not None:
                found[number].append(decode_totals(value))
        return [_minute(number, totals) for number, totals in found.items()]

    def people_logs(self, scope: Scope, scope_id: str, minutes: Iterable[int]) -> list[bytes]:
        """The logs of the people of these minutes (streams.engagement.hyperloglog), for unions that outlive them."""
        field = scope_field(scope, scope_id)
        prefixes = [shard.prefix for shard in self._shards_of(field)]
        logs = [people_log(minute_bucket(minute), field) for minute in minutes]
        replies = self._answers(("GET", prefix + log) for log in logs for prefix in prefixes)
        return [log for log in replies if log is not None]

    def sessions(self, scope: Scope, scope_id: str) -> list[str]:
        """The sessions of a room or product that are still kept, the latest first."""
        return self._sessions(scope_field(scope, scope_id))

    # -- where to look

    def _query(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None, session_id: str | None
    ) -> WindowQuery:
        field = scope_field(scope, scope_id)
        if window == "session":
            return self._session_query(scope, field, session_id)
        shards, followers = self._shards_of(field), [followers_of(field)]
        newest = _newest_minute(shards, at_ms)
        if window == "24h":
            hours = range(newest // 60 - HOURS + 1, newest // 60 + 1)
            buckets = [hour_bucket(hour) for hour in hours]
            return WindowQuery(shards, buckets, field, followers, hours.start * HOUR_MS, hours.stop * HOUR_MS)
        minutes = _minutes_until(newest, WINDOW_MINUTES[window])
        buckets = [minute_bucket(minute) for minute in minutes]
        return WindowQuery(shards, buckets, field, followers, minutes.start * MINUTE_MS, minutes.stop * MINUTE_MS)

    def _session_query(self, scope: Scope, field: str, session_id: str | None) -> WindowQuery:
        if scope not in ("room", "product"):
            raise UsageError(f"a session is a room's or a product's, a {scope} has none")
        shards = self._shards()
        session_id = session_id or next(iter(self._sessions(field)), None)
        buckets = [] if session_id is None else [session_bucket(session_id)]
        newest_ms = max((shard.newest_ms for shard in shards), default=0)
        if scope == "product":
            return WindowQuery(shards, buckets, field, [followers_of(field)], 0, newest_ms)
        followers = [followers_of(bucket) for bucket in buckets]
        return WindowQuery(shards, buckets, WHOLE_SESSION, followers, 0, newest_ms, whole_session=True)

    def _sessions(self, field: str) -> list[str]:
        return self._directory.once(("sessions", field), lambda: self._read_sessions(field))

    def _read_sessions(self, field: str) -> list[str]:
        found: Counter[str] = Counter()
        for sessions in self._answers(("HGETALL", shard.prefix + sessions_of(field)) for shard in self._shards()):
            for name, minute in sessions.items():
                found[name.decode()] = max(found[name.decode()], int(minute))
        return [name for name, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))]

    def _shards(self) -> list[Shard]:
        return self._directory.once("engagement shards", self._read_shards)

    def _read_shards(self) -> list[Shard]:
        held = self._directory.partitions(ENGAGEMENT)
        prefixes = [self._directory.prefix(ENGAGEMENT, *where) for where in held]
        newest = self._answers(("HGET", prefix + CLOCK, WATERMARK) for prefix in prefixes)
        return [
            Shard(topic, prefix, int(at_ms))
            for (topic, _), prefix, at_ms in zip(held, prefixes, newest, strict=True)
            if at_ms is not None
        ]

    def _shards_of(self, field: str) -> list[Shard]:
        """The shards that counted something for the field in their last 24 hours; all where none did."""
        return self._directory.once(("engagement shards", field), lambda: self._read_shards_of(field))

    def _read_shards_of(self, field: str) -> list[Shard]:
        shards = self._shards()
        asked = [(shard, hour_bucket(shard.newest_ms // HOUR_MS - ago)) for shard in shards for ago in range(HOURS)]
        known = self._answers(("HEXISTS", shard.prefix + bucket, field) for shard, bucket in asked)
        holders = {shard.prefix for (shard, _), holds in zip(asked, known, strict=True) if holds}
        return [shard for shard in shards if shard.prefix in holders] or shards

    def _answers(self, commands: Iterable[tuple[Any, ...]]) -> list[Any]:
        return answers(self._client, commands)


def unique_people(logs: Iterable[bytes]) -> dict[AudienceMetric, int]:
    """The people of a union of logs, estimated; no log holds `new_followers`."""
    registers = read(logs)
    return {name: union_estimate(registers, groups) for name, groups in COUNTED_AS.items()}


def _people(logs: Iterable[bytes | None], followers: Iterable[Iterable[bytes]]) -> dict[AudienceMetric, int]:
    counted = unique_people(log for log in logs if log is not None)
    return {**counted, "new_followers": len({member for members in followers for member in members})}


def _decoded(values: Iterable[bytes | None]) -> list[SlotSums]:
    return [decode_totals(value) for value in values if value is not None]


def _sums(totals: Sequence[SlotSums]) -> dict[SumMetric, int]:
    return {name: sum(slots.get(slot, 0) for slots in totals) for name, slot in SLOTS.items()}


def _gauges(totals: Iterable[SlotSums]) -> dict[GaugeMetric, int]:
    gauged = [slots for slots in totals if LAST_AT_SLOT in slots]
    if not gauged:
        return {}
    latest = max(gauged, key=lambda slots: slots[LAST_AT_SLOT])
    return {"viewers_now": latest[LAST_SLOT], "viewers_peak": max(slots[PEAK_SLOT] for slots in gauged)}


def _minute(number: int, totals: Sequence[SlotSums]) -> Minute:
    gauges = _gauges(totals)
    return Minute(number, _sums(totals), gauges.get("viewers_peak"), gauges.get("viewers_now"))


def _newest_minute(shards: Iterable[Shard], at_ms: int | None) -> int:
    newest_ms = max((shard.newest_ms for shard in shards), default=0)
    return (newest_ms if at_ms is None else at_ms) // MINUTE_MS


def _minutes_until(last: int, count: int) -> range:
    return range(last - count + 1, last + 1)


def _backwards(newest: int) -> Iterator[list[str]]:
    """Buckets from the newest to the oldest: minutes for an hour, then hours."""
    yield from ([minute_bucket(newest - ago)] for ago in range(60))
    yield from ([hour_bucket(newest // 60 - ago)] for ago in range(HOURS))
