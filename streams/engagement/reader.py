"""Reads the rolling counters: a window is the sum of its buckets over the shards, which are the input partitions.

Windows end with the newest minute of event time of the shards that know the id, or with the minute of `at_ms`:

    10:07 event        1m  = 10:07          60m = 09:08 … 10:07
                       5m  = 10:03 … 10:07  24h = the hours 11 (yesterday) … 10

One id is asked for with everything (`window` and its parts, `minutes`, `sessions`), all ids at once with their sums
(`all_scopes`). Queries that belong together are made within one `ShardDirectory.at_once`. A reader writes nothing and
takes no part in epochs; nothing is computed over keys of two slots, so it works on a cluster too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

from streams.clock import HOUR_MS, MINUTE_MS
from streams.engagement.buckets import HeldTotals, decode_totals, within_64_bits
from streams.engagement.dictionary import (
    CAME_SLOT,
    COUNTED_AS,
    LAST_AT_SLOT,
    LAST_SLOT,
    LIKED_AT_SLOT,
    LIKED_SLOT,
    PEAK_SLOT,
    PEOPLE_SLOT,
    SAMPLED_SLOT,
    SLOTS,
    AudienceMetric,
    GaugeMetric,
    Scope,
    SumMetric,
    Window,
)
from streams.engagement.hyperloglog import read, union_estimate
from streams.engagement.kpis import Kpis, compute_kpis, estimated_stay_seconds, is_watched
from streams.engagement.owners import owners_of, session_id_of, stretches_until
from streams.engagement.partition import CLOCK, WATERMARK
from streams.engagement.pending import (
    FOLD_NUMBER_BYTES,
    PENDING_MINUTES,
    fold_number,
    pending_entries,
    pending_suffix,
    targets_of,
)
from streams.engagement.scopes import (
    PENDING_GROUPS,
    SCOPE_CODES,
    WHOLE_SESSION,
    followers_of,
    hour_bucket,
    minute_bucket,
    pending_group,
    people_log,
    scope_field,
    session_bucket,
    sessions_of,
)
from streams.errors import UsageError
from streams.events.identity import parted, qualified
from streams.ledger.reader import ShardDirectory, answers
from streams.topology import ENGAGEMENT

WINDOW_MINUTES: dict[Window, int] = {"1m": 1, "5m": 5, "60m": 60}
HOURS = 24
MAX_STAY_MINUTES = 60
"""Of which an average stay is estimated."""
MAX_IDS = 1000
MAX_READINGS = 5
"""Of a query whose hours or sessions were given something meanwhile, which is rare."""
_MINUTES_BACK = 60


@dataclass(frozen=True, slots=True)
class Shard:
    """One input partition as readers see it."""

    topic: str
    prefix: str
    newest_ms: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shard has a window: which field of which buckets, and in which sorted sets its new followers are."""

    shard: Shard
    field: str
    buckets: Sequence[str]
    followers: Sequence[str]
    """Suffixes of sorted sets."""
    pending: str | None = None
    """The field whose pending totals belong to it (streams.engagement.pending); None where none can."""


@dataclass(frozen=True, slots=True)
class WindowQuery:
    """What a window covers."""

    places: Sequence["Place"]
    since_ms: int
    until_ms: int
    whole_session: bool = False

    def totals(self) -> list[tuple[Any, ...]]:
        """A command for each bucket's totals."""
        return [("HGET", at.shard.prefix + bucket, at.field) for at in self.places for bucket in at.buckets]

    def pending(self) -> list[Place]:
        """The places that something may be pending for."""
        return [at for at in self.places if at.pending is not None]

    def long_logs(self) -> list[tuple[Any, ...]]:
        """A command for each bucket's log of people, as far as it does not lie within the totals."""
        return [("GET", at.shard.prefix + people_log(bucket, at.field)) for at in self.places for bucket in at.buckets]

    def new_followers(self) -> list[tuple[Any, ...]]:
        """A command for each shard's people who follow since a moment of the window."""
        until = "+inf" if self.whole_session else f"({self.until_ms}"
        keys = [at.shard.prefix + suffix for at in self.places for suffix in at.followers]
        return [("ZRANGEBYSCORE", key, self.since_ms, until) for key in keys]


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """Where a session of a room or product is counted, and its last minute."""

    shard: Shard
    field: str
    minute: int


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

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted in it."""
        return self.viewers_last is None and not any(self.sums.values())


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
        found: dict[str, None] = {}
        for fields in self._fields_backwards(shards):
            names = sorted(name for name in fields if name.startswith(prefix))
            found.update(dict.fromkeys(name[len(prefix) :] for name in names))
            if len(found) >= limit:
                break
        return self._shown(found)[:limit] if scope == "product" else list(found)[:limit]

    def _fields_backwards(self, shards: Sequence[Shard]) -> Iterator[list[str]]:
        """Fields from the newest bucket to the oldest: minutes for an hour, what is pending from before, then hours."""
        newest = max((shard.newest_ms for shard in shards), default=0) // MINUTE_MS
        for minute in range(newest, newest - _MINUTES_BACK, -1):
            yield self._fields_of(shards, minute_bucket(minute))
        waiting = [
            ("MGET", *(shard.prefix + pending_suffix(group) for group in range(PENDING_GROUPS)))
            for shard in shards
            if shard.newest_ms // MINUTE_MS - PENDING_MINUTES < newest - _MINUTES_BACK
        ]
        for stored in self._answers(waiting):
            yield [name for value in stored for name, *_ in pending_entries(value)]
        for ago in range(HOURS):
            yield self._fields_of(shards, hour_bucket(newest // 60 - ago))

    def _fields_of(self, shards: Sequence[Shard], bucket: str) -> list[str]:
        replies = self._answers(("HKEYS", shard.prefix + bucket) for shard in shards)
        return [field.decode() for fields in replies for field in fields]

    def _shown(self, products: Iterable[str]) -> list[str]:
        """Products are in several partitions, and not in each is the same platform the first to use an id: one that
        several use is shown with each of them."""
        named = [(name, *parted(name)) for name in products]
        platforms: dict[str, set[str]] = defaultdict(set)
        for _, bare, platform in named:
            platforms[bare] |= {platform} if platform else set(self._owners("product", bare).values())
        shown: dict[str, None] = {}
        for name, bare, _ in named:
            several = len(platforms[bare]) > 1
            shown.update(
                dict.fromkeys([qualified(bare, one) for one in sorted(platforms[bare])] if several else [name])
            )
        return list(shown)

    def all_scopes(self, scope: Scope, minutes: int, at_ms: int) -> dict[str, ScopeTotals]:
        """Every id of the scope with an event in the last `minutes` minutes of event time, the one of `at_ms`
        included; one round trip, however many there are."""
        numbers = _minutes_until(at_ms // MINUTE_MS, minutes)
        prefix = f"{SCOPE_CODES[scope]}:".encode()
        keys = [shard.prefix + minute_bucket(number) for shard in self._shards() for number in numbers]
        found: dict[str, list[HeldTotals]] = defaultdict(list)
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
        totals, logs, followers = self._asked(query, query.long_logs(), query.new_followers())
        people = _people([*_short_logs(totals), *logs], followers)
        sums, gauges = _sums(totals), _gauges(totals)
        stay = None if is_watched(sums) else self._estimated_stay(scope, scope_id, query)
        came = _came(totals) if query.whole_session or window == "24h" else 0
        liked, sampled = _liked(totals), sum(slots.get(SAMPLED_SLOT, 0) for slots in totals)
        return WindowCounts(sums, people, gauges, compute_kpis(sums, people, gauges, stay, came, liked, sampled))

    def sums(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> dict[SumMetric, int]:
        """Every sum of a window."""
        query = self._query(scope, scope_id, window, at_ms, session_id)
        [totals] = self._asked(query)
        return _sums(totals)

    def people(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> dict[AudienceMetric, int]:
        """Unique people of a window, estimated within 0.81 % (standard error); `new_followers` exact, as of now."""
        query = self._query(scope, scope_id, window, at_ms, session_id)
        totals, logs, followers = self._asked(query, query.long_logs(), query.new_followers())
        return _people([*_short_logs(totals), *logs], followers)

    def gauges(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> dict[GaugeMetric, int]:
        """Concurrent viewers of a room or session: the latest number and the peak; empty where no feed reported any."""
        query = self._query(scope, scope_id, window, at_ms, session_id)
        [totals] = self._asked(query)
        return _gauges(totals)

    def kpis(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None = None, *, session_id: str | None = None
    ) -> Kpis:
        """All rates of a window; None where a denominator is zero."""
        return self.window(scope, scope_id, window, at_ms, session_id=session_id).kpis

    def so_far(self, room_id: str) -> WindowCounts:
        """Everything of a room's latest session; of the last 24 hours where it is not known to have any."""
        return self.window("room", room_id, self._window_so_far(room_id))

    def people_so_far(self, room_ids: Iterable[str]) -> dict[str, dict[AudienceMetric, int]]:
        """The people of the same, of several rooms."""
        return {room_id: self.people("room", room_id, self._window_so_far(room_id)) for room_id in room_ids}

    def _window_so_far(self, room_id: str) -> Window:
        return "session" if self.sessions("room", room_id) else "24h"

    def minutes(self, scope: Scope, scope_id: str, count: int, at_ms: int | None = None) -> list[Minute]:
        """The last `count` minutes one by one, oldest first; those without events are there too."""
        holders = self._holders(scope, scope_id)
        numbers = _minutes_until(_newest_minute(holders, at_ms), count)
        asked = [(number, shard, field) for number in numbers for shard, field in holders]
        values = self._answers(("HGET", shard.prefix + minute_bucket(number), field) for number, shard, field in asked)
        found: dict[int, list[HeldTotals]] = {number: [] for number in numbers}
        for (number, *_), value in zip(asked, values, strict=True):
            if value is not None:
                found[number].append(decode_totals(value))
        return [_minute(number, totals) for number, totals in found.items()]

    def people_logs(self, scope: Scope, scope_id: str, minutes: Iterable[int]) -> list[bytes]:
        """The logs of the people of these minutes (streams.engagement.hyperloglog), for unions that outlive them."""
        buckets = [minute_bucket(minute) for minute in minutes]
        query = _window(buckets, self._holders(scope, scope_id), 0, 0)
        totals, logs = self._asked(query, query.long_logs())
        return [*_short_logs(totals), *(log for log in logs if log is not None)]

    def sessions(self, scope: Scope, scope_id: str) -> list[str]:
        """The sessions of a room or product that are still kept, the latest first."""
        return list(dict.fromkeys(session_id_of(name) for name, _ in self._sessions(scope, scope_id)))

    def _query(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int | None, session_id: str | None
    ) -> WindowQuery:
        if window == "session":
            return self._session_query(scope, scope_id, session_id)
        holders = self._holders(scope, scope_id)
        newest = _newest_minute(holders, at_ms)
        if window == "24h":
            hours = range(newest // 60 - HOURS + 1, newest // 60 + 1)
            buckets = [hour_bucket(hour) for hour in hours]
            return _window(buckets, holders, hours.start * HOUR_MS, hours.stop * HOUR_MS, may_wait=True)
        minutes = _minutes_until(newest, WINDOW_MINUTES[window])
        buckets = [minute_bucket(minute) for minute in minutes]
        return _window(buckets, holders, minutes.start * MINUTE_MS, minutes.stop * MINUTE_MS)

    def _session_query(self, scope: Scope, scope_id: str, session_id: str | None) -> WindowQuery:
        if scope not in ("room", "product"):
            raise UsageError(f"a session is a room's or a product's, a {scope} has none")
        known = self._sessions(scope, scope_id)
        wanted = session_id or next((session_id_of(name) for name, _ in known), None)
        held = [(name, at) for name, at in known if session_id_of(name) == wanted]
        until_ms = max((at.minute + 1 for _, at in held), default=0) * MINUTE_MS
        if scope == "product":
            places = [
                Place(at.shard, at.field, [session_bucket(name)], [followers_of(at.field)], at.field)
                for name, at in held
            ]
            return WindowQuery(places, 0, until_ms)
        places = [
            Place(at.shard, WHOLE_SESSION, [bucket], [followers_of(bucket)], at.field)
            for bucket, at in ((session_bucket(name), at) for name, at in held)
        ]
        return WindowQuery(places, 0, until_ms, whole_session=True)

    def _sessions(self, scope: Scope, scope_id: str) -> list[tuple[str, "SessionSeen"]]:
        """The names of the sessions of a room or product with where they are, the latest first."""
        return self._directory.once(("sessions", scope, scope_id), lambda: self._read_sessions(scope, scope_id))

    def _read_sessions(self, scope: Scope, scope_id: str) -> list[tuple[str, "SessionSeen"]]:
        where = self._fields(scope, scope_id)
        # What is pending is asked for first: it is written there when it is pending no more.
        pending = [("GET", shard.prefix + pending_suffix(pending_group(field))) for shard, field in where]
        sessions = [("HGETALL", shard.prefix + sessions_of(field)) for shard, field in where]
        replies = self._answers([*pending, *sessions])
        found: dict[tuple[str, str, str], SessionSeen] = {}
        for (shard, field), waiting, stored in zip(where, replies[: len(where)], replies[len(where) :], strict=True):
            minutes = {name.decode(): int(minute) for name, minute in stored.items()}
            for name, session, minute, _ in pending_entries(waiting):
                if name == field and session is not None:
                    minutes[session] = max(minute, minutes.get(session, minute))
            found |= {(shard.prefix, field, name): SessionSeen(shard, field, at) for name, at in minutes.items()}
        named = [(name, seen) for (_, _, name), seen in found.items()]
        return sorted(named, key=lambda item: (-item[1].minute, item[0]))

    def _estimated_stay(self, scope: Scope, scope_id: str, query: WindowQuery) -> float | None:
        """A room's, over the window; over a session's last hour at most, and never from before the room's first event
        in it. None for a day, whose minutes are gone."""
        asked = MAX_STAY_MINUTES if query.whole_session else (query.until_ms - query.since_ms) // MINUTE_MS
        if scope != "room" or not query.until_ms or asked > MAX_STAY_MINUTES:
            return None
        minutes = self.minutes(scope, scope_id, asked, query.until_ms - 1)
        if asked == MAX_STAY_MINUTES:
            minutes = list(dropwhile(lambda minute: minute.is_empty, minutes))
        enters = sum(minute.sums["views"] for minute in minutes)
        return estimated_stay_seconds((minute.viewers_last for minute in minutes), 60 * len(minutes), enters)

    # -- where to look

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

    def _holders(self, scope: Scope, scope_id: str) -> list[tuple[Shard, str]]:
        """The shards that counted something for the id in their last 24 hours, with its field there; all where none
        did."""
        return self._directory.once(("holders", scope, scope_id), lambda: self._read_holders(scope, scope_id))

    def _read_holders(self, scope: Scope, scope_id: str) -> list[tuple[Shard, str]]:
        where = self._fields(scope, scope_id)
        asked = [
            (shard, field, hour_bucket(shard.newest_ms // HOUR_MS - ago))
            for shard, field in where
            for ago in range(HOURS)
        ]
        # What is pending is asked for first: an hour has it when it is pending no more.
        pending = [("GET", shard.prefix + pending_suffix(pending_group(field))) for shard, field in where]
        known = self._answers(
            [*pending, *(("HEXISTS", shard.prefix + bucket, field) for shard, field, bucket in asked)]
        )
        waiting, known = known[: len(where)], known[len(where) :]
        holders = {(shard.prefix, field) for (shard, field, _), holds in zip(asked, known, strict=True) if holds}
        holders |= {
            (shard.prefix, field)
            for (shard, field), stored in zip(where, waiting, strict=True)
            if any(name == field for name, *_ in pending_entries(stored))
        }
        return [(shard, field) for shard, field in where if (shard.prefix, field) in holders] or where

    def _fields(self, scope: Scope, scope_id: str) -> list[tuple[Shard, str]]:
        """What a name is called in each shard. One with its platform is also the bare id where that platform was the
        first to use it (streams.engagement.owners); a bare one is what has that name, whatever the platform."""
        return self._directory.once(("fields", scope, scope_id), lambda: self._read_fields(scope, scope_id))

    def _read_fields(self, scope: Scope, scope_id: str) -> list[tuple[Shard, str]]:
        shards, field = self._shards(), scope_field(scope, scope_id)
        named = [(shard, field) for shard in shards]
        bare, platform = parted(scope_id) if scope in ("room", "product") else (scope_id, None)
        if platform is None:
            return named
        owners = self._owners(scope, bare)
        return named + [(shard, scope_field(scope, bare)) for shard in shards if owners.get(shard.prefix) == platform]

    def _owners(self, scope: Scope, bare: str) -> dict[str, str]:
        """The platform that has the bare name, by the shard's prefix."""
        field, shards = f"{SCOPE_CODES[scope]}:{bare}", self._shards()
        stretches = [(shard, owners_of(one)) for shard in shards for one in stretches_until(shard.newest_ms)]
        replies = self._answers(("HGET", shard.prefix + suffix, field) for shard, suffix in stretches)
        found: dict[str, str] = {}
        for (shard, _), owner in zip(stretches, replies, strict=True):
            if owner is not None:
                found[shard.prefix] = owner.decode()
        return found

    def _asked(self, query: WindowQuery, *others: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
        """A query's totals, decoded, with what is pending, and the replies to the other commands.

        Between two commands of a round trip a worker may give what is pending to an hour, which would be missed, or met
        twice: its string begins with another number then, and all is asked for again.
        """
        totals, places = query.totals(), query.pending()
        keys = [at.shard.prefix + pending_suffix(pending_group(at.pending or "")) for at in places]
        numbers = [("GETRANGE", key, 0, FOLD_NUMBER_BYTES - 1) for key in keys]
        for _ in range(MAX_READINGS):
            commands = numbers, totals, *others, [("GET", key) for key in keys]
            replies = iter(self._answers(command for part in commands for command in part))
            before, values, *rest, after = ([next(replies) for _ in part] for part in commands)
            if before == [fold_number(stored) for stored in after]:
                break
        found = _decoded(values)
        for at, stored in zip(places, after, strict=True):
            found += [
                entry[-1]
                for entry in pending_entries(stored)
                if entry[0] == at.pending and any(bucket in at.buckets for bucket, _ in targets_of(entry))
            ]
        return [found, *rest]

    def _answers(self, commands: Iterable[tuple[Any, ...]]) -> list[Any]:
        return answers(self._client, commands)


def unique_people(logs: Iterable[bytes]) -> dict[AudienceMetric, int]:
    """The people of a union of logs, estimated; no log holds `new_followers`."""
    registers = read(logs)
    return {name: union_estimate(registers, groups) for name, groups in COUNTED_AS.items()}


def _people(logs: Iterable[bytes | None], followers: Iterable[Iterable[bytes]]) -> dict[AudienceMetric, int]:
    counted = unique_people(log for log in logs if log is not None)
    return {**counted, "new_followers": len({member for members in followers for member in members})}


def _decoded(values: Iterable[bytes | None]) -> list[HeldTotals]:
    return [decode_totals(value) for value in values if value is not None]


def _short_logs(totals: Iterable[HeldTotals]) -> list[bytes]:
    """The logs of people within these totals."""
    return [log for slots in totals if (log := slots.get(PEOPLE_SLOT))]


def _sums(totals: Sequence[HeldTotals]) -> dict[SumMetric, int]:
    summed = within_64_bits({slot: sum(slots.get(slot, 0) for slots in totals) for slot in SLOTS.values()})
    return {name: summed[slot] for name, slot in SLOTS.items()}


def _gauges(totals: Iterable[HeldTotals]) -> dict[GaugeMetric, int]:
    gauged = [slots for slots in totals if LAST_AT_SLOT in slots]
    if not gauged:
        return {}
    latest = max(reversed(gauged), key=lambda slots: slots[LAST_AT_SLOT])
    return {"viewers_now": latest[LAST_SLOT], "viewers_peak": max(slots[PEAK_SLOT] for slots in gauged)}


def _came(totals: Iterable[HeldTotals]) -> int:
    """How many came since the stream began, by the platform's own count; 0 where it tells none."""
    return max((slots.get(CAME_SLOT, 0) for slots in totals), default=0)


def _liked(totals: Iterable[HeldTotals]) -> int | None:
    """The platform's latest total of likes; None where it told none."""
    told = [(slots[LIKED_AT_SLOT], slots[LIKED_SLOT]) for slots in totals if LIKED_AT_SLOT in slots]
    return max(told)[1] if told else None


def _minute(number: int, totals: Sequence[HeldTotals]) -> Minute:
    gauges = _gauges(totals)
    return Minute(number, _sums(totals), gauges.get("viewers_peak"), gauges.get("viewers_now"))


def _window(
    buckets: Sequence[str],
    holders: Iterable[tuple[Shard, str]],
    since_ms: int,
    until_ms: int,
    *,
    may_wait: bool = False,
) -> WindowQuery:
    places = [
        Place(shard, field, buckets, [followers_of(field)], field if may_wait else None) for shard, field in holders
    ]
    return WindowQuery(places, since_ms, until_ms)


def _newest_minute(holders: Iterable[tuple[Shard, str]], at_ms: int | None) -> int:
    newest_ms = max((shard.newest_ms for shard, _ in holders), default=0)
    return (newest_ms if at_ms is None else at_ms) // MINUTE_MS


def _minutes_until(last: int, count: int) -> range:
    return range(last - count + 1, last + 1)
