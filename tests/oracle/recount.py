"""The truth a second time, from the bytes alone: plain JSON, plain loops, every person by name.

It is slow and naive on purpose, and shares nothing with the workers but the names of the schema. Where it disagrees
with a worker, or with what the simulator says it meant, one of them has misunderstood the records. To add a metric, say
here what adds to it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, get_args

from streams.events.schema import Kind, Platform

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BLOCK = 65_536
"""Offsets: an id is a duplicate within its block and the one before."""
EARLIEST_MS = 1_104_537_600_000
"""2005-01-01: no platform here is older."""
FAR_AHEAD_MS, MAX_AHEAD_MS = 5 * MINUTE_MS, 26 * HOUR_MS
"""An event that is ahead of its record by more than the first happened when it arrived; by more than the second, never.
"""
MAX_TEXT_CHARS, MAX_ID_CHARS = 20_000, 128
MAX_EXACT, MAX_PEOPLE = 2**53, 10**10
IDS = ("event_id", "source", "brand_id", "room_id", "session_id", "product_id", "subject_id", "retracts")

VALUE_SUMS = {
    "exposure": "exposures", "enter": "views", "watch": "watch_seconds", "like": "likes", "comment": "comments",
    "reply": "comments", "follow": "follows", "unfollow": "unfollows", "share": "shares", "collect": "collects",
    "post": "posts", "repost": "posts", "review": "reviews", "product_shown": "product_shown",
    "product_click": "product_clicks", "add_to_cart": "carts", "notice": "notices",
}  # fmt: skip
MONEY = {
    "order": ("orders", "order_value"),
    "payment": ("payments", "paid_value"),
    "refund": ("refunds", "refund_value"),
}
INTERACTIONS = {"like", "comment", "reply", "gift", "follow", "share", "collect", "post", "repost", "review"}
VISITS = {"enter", "leave", "watch", "unfollow"}
STEPS = ["product_shown", "product_click", "add_to_cart", "order", "payment"]
STEP_NAMES = ["shown", "clickers", "carters", "orderers", "payers"]
LETTERS = {"room": "r", "product": "p", "brand": "b", "platform": "f"}

Event = dict[str, Any]
Counts = dict[str, int]
Record = tuple[int, bytes | None, int]
"""(offset, value, Kafka's timestamp in ms)."""
Scoped = tuple[str, str]
"""A bucket, `minute:<m>`, `hour:<h>` or `session:<id>`, and a field in it, like `r:room-1`, or `s` for a session."""


@dataclass
class Recount:
    """What was counted, over all partitions."""

    sums: dict[Scoped, Counts] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    people: dict[Scoped, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    known: dict[tuple[str, str], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """(field, group) → its people → the latest minute in which they were of it."""
    viewers: dict[Scoped, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    """(event time, concurrent viewers), in the log's order."""
    followers: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """Field, or session bucket → person → since when, in ms."""
    fates: Counter[str] = field(default_factory=Counter)
    platforms: dict[Scoped, Counts] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    """The sums of products by id and platform, whatever each partition calls them."""

    def minute(self, scope: str, name: str, minute: int) -> Counts:
        """The sums of a minute, without zeros."""
        scoped = f"minute:{minute}", f"{LETTERS[scope]}:{name}"
        return _without_zeros(self.platforms if "@" in name else self.sums, scoped)

    def session(self, session_id: str) -> Counts:
        """The sums of a whole session, without zeros."""
        return _without_zeros(self.sums, (f"session:{session_id}", "s"))

    def everyone(self, scope: str, name: str, group: str, since_minute: int = 0) -> set[str]:
        """The people of a group since a minute of event time."""
        own = f"{LETTERS[scope]}:{name}"
        if group == "new_followers":
            return {person for person, at_ms in self.followers[own].items() if at_ms >= since_minute * MINUTE_MS}
        return {person for person, minute in self.known.get((own, group), {}).items() if minute >= since_minute}


def _without_zeros(sums: dict[Scoped, Counts], scoped: Scoped) -> Counts:
    return {name: number for name, number in sums.get(scoped, {}).items() if number}


def recount(partitions: Iterable[Iterable[Record]]) -> Recount:
    """Each partition's records in the order of offsets: what is late or a duplicate depends on what came before."""
    result = Recount()
    for records in partitions:
        partition = _Partition(result)
        for offset, value, log_ms in records:
            event = readable(value, log_ms)
            if event is None:
                result.fates["dead_letter"] += 1
            else:
                partition.read(offset // BLOCK, event)
    return result


# -- which records are events


def readable(value: bytes | None, log_ms: int) -> Event | None:
    """The event as a dictionary, or None where it cannot be used."""
    try:
        event = json.loads((value or b"").decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not _sound(event) or not _timely(event, log_ms):
        return None
    return event if event["event_time"] <= log_ms + FAR_AHEAD_MS else event | {"event_time": log_ms}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _sound(event: Event) -> bool:
    named = all(isinstance(event.get(name), str) and event[name] for name in ("event_id", "source", "brand_id"))
    whole = all(type(event.get(name, 0)) is int and event.get(name, 0) >= 0 for name in ("value", "amount"))
    timed = all(type(event.get(name)) is int for name in ("event_time", "ingest_time"))
    known = event.get("kind") in get_args(Kind) and event.get("platform") in get_args(Platform)
    person = isinstance(event.get("actor", {}), dict) and event.get("actor", {}).get("followers", 0) <= MAX_PEOPLE
    whole = whole and all(event.get(name, 0) <= MAX_EXACT for name in ("value", "amount"))
    total = event.get("total")
    whole = whole and (total is None or (type(total) is int and 0 <= total <= MAX_EXACT))
    whole = whole and type(event.get("sampled", False)) is bool
    named = named and all(len(event.get(name) or "") <= MAX_ID_CHARS for name in IDS)
    return named and whole and timed and known and person and len(event.get("text", "")) <= MAX_TEXT_CHARS


def _timely(event: Event, log_ms: int) -> bool:
    return bool(EARLIEST_MS <= event["event_time"] <= log_ms + MAX_AHEAD_MS)


def _contradicts_itself(event: Event) -> bool:
    kind, snapshot = event["kind"], event.get("value_mode") == "snapshot"
    if kind == "viewers":
        return "room_id" not in event
    if kind == "gift":
        return "subject_id" not in event and (snapshot or not event.get("final", True))
    if kind == "retraction":
        return "retracts" not in event
    if kind == "account_deletion":
        return "actor" not in event
    return snapshot and kind not in VALUE_SUMS


# -- what becomes of an event


@dataclass
class _Seen:
    """An event, and what was counted for it: a duplicate shares its original's."""

    block: int
    event: Event
    counts: Counts
    late: bool


@dataclass
class _Streak:
    """A running total as it is remembered, for the day of its last report and the day after."""

    day: int
    highest: int
    reports: list[str] = field(default_factory=list)


@dataclass
class _Told:
    """What one collector told of a room's likes in one session."""

    highest: int
    at_ms: int
    stretch: int
    since: int
    """How many of the room's records of likes there were before it."""
    missed: int = 0
    """Likes that it had yet to tell when it came."""
    grew: int = 0
    falls: list[tuple[int, int]] = field(default_factory=list)
    """(total, likes of the message) of those that were lower, running."""


@dataclass
class _RoomLikes:
    """A room's likes, as far as its platform has a total of them."""

    day: int
    counted: list[tuple[str | None, int]] = field(default_factory=list)
    """(session, likes), record by record."""
    turned_ms: int = 0
    told: dict[tuple[str, str | None], _Told] = field(default_factory=dict)
    """By source and session, the one heard last at the end."""


class _Partition:
    def __init__(self, result: Recount) -> None:
        self.result = result
        self.occurred: dict[str, list[_Seen]] = defaultdict(list)
        self.named: dict[str, list[_Seen]] = defaultdict(list)
        """Retractions by what they name."""
        self.streaks: dict[str, _Streak] = {}
        self.likes: dict[tuple[str, str], _RoomLikes] = {}
        self.orders: Counter[tuple[str, ...]] = Counter()
        """Records that stand, by platform, order, kind and, for a product's own number, product."""
        self.owners: dict[str, str] = {}
        self.with_platform: dict[str, str] = {}
        """A name as this partition has it → the id with its platform."""
        self.watermark = 0

    def read(self, block: int, event: Event) -> None:
        self.name(event)
        identity = _identity(event["event_id"], event)
        originals = [seen for seen in self.occurred[identity] if seen.block >= block - 1]
        retractions = [seen for seen in self.named[identity] if seen.block >= block - 1]
        late = event["event_time"] < self.watermark - DAY_MS
        self.watermark = max(self.watermark, event["event_time"])
        seen = _Seen(block, event, originals[0].counts if originals else {}, late)
        self.result.fates["duplicate" if originals else self.count(seen)] += 1
        if retractions and not originals:  # they came first
            self.result.fates.update({"retraction_unmatched": -1, "retraction": 1})
            self.take_back(seen, retractions[0])
        self.occurred[identity].append(seen)
        if event["kind"] == "retraction" and "retracts" in event and not late and not event.get("is_mirror"):
            self.named[_identity(event["retracts"], event)].append(seen)

    def name(self, event: Event) -> None:
        """Say where an event counts. An id is bare for the platform that used it first, a session's for the room; one
        that looks like another's name is never bare."""
        named = {}
        for letter, name in (("r", "room_id"), ("p", "product_id")):
            if name in event:
                bare, platform = f"{letter}:{event[name]}", event["platform"]
                first = not _looks_qualified(event[name]) and self.owners.setdefault(bare, platform) == platform
                named[letter] = bare if first else f"{bare}@{platform}"
                self.with_platform[named[letter]] = f"{bare}@{platform}"
        event["scopes"] = [*named.values(), f"b:{event['brand_id']}", f"f:{event['platform']}"]
        if "session_id" in event:
            place, session = named.get("r", f"f:{event['platform']}"), event["session_id"]
            first = self.owners.setdefault(f"s:{session}", place) == place
            event["session"] = f"session:{session}" if first else f"session:{session}\x1f{place}"

    def count(self, seen: _Seen) -> str:
        """Returns the fate."""
        event = seen.event
        if seen.late:
            if event["kind"] == "refund":
                seen.counts |= {"mirrors": 1} if event.get("is_mirror") else _counts(event)
            self.add(_session(event), {**seen.counts, "late": 1}, 1)
            if event["kind"] == "refund" and not event.get("is_mirror"):
                self.count_order(seen, 1)
            return "late"
        if event.get("is_mirror"):
            seen.counts["mirrors"] = 1
            self.add(_buckets(event), seen.counts, 1)
            return "mirror"
        if _contradicts_itself(event):
            return "dead_letter"
        if event["kind"] == "retraction":
            return self.retract(seen)
        if _is_of_likes(event):
            seen.counts |= self.count_likes(event)
        else:
            seen.counts |= self.growth(seen) if _is_running_total(event) else _counts(event)
        self.add(_buckets(event), seen.counts, 1)
        self.count_order(seen, 1)
        self.add_person(event)
        return "applied"

    def count_order(self, seen: _Seen, sign: int) -> None:
        """Count an order with the first record that tells of it, once for the product and once for all else."""
        event = seen.event
        if not _names_order(event):
            return
        order, number = (event["platform"], event["subject_id"], event["kind"]), MONEY[event["kind"]][0]
        for scoped in _session(event) if seen.late else _buckets(event):
            of_product = scoped[1].startswith("p:")
            before = self.orders[(*order, scoped[1]) if of_product else order]
            grown = (max(0, before + sign) > 0) - (before > 0)
            self.add([scoped], {number: grown}, 1)
        for about in [order, *((*order, name) for name in event["scopes"] if name.startswith("p:"))]:
            self.orders[about] = max(0, self.orders[about] + sign)

    def growth(self, seen: _Seen) -> Counts:
        """How far a running total rose over the highest that was seen: a streak from 0, a snapshot from its first."""
        day, value = seen.event["event_time"] // DAY_MS, seen.event.get("value", 1)
        streak = self.streaks.get(_subject(seen.event))
        if streak is None or streak.day < day - 1:
            streak = self.streaks[_subject(seen.event)] = _Streak(day, 0 if seen.event["kind"] == "gift" else value)
        growth = max(0, value - streak.highest)
        streak.day, streak.highest = max(day, streak.day), max(value, streak.highest)
        streak.reports.append(seen.event["event_id"])
        return _counts(seen.event | {"value": growth})

    def count_likes(self, event: Event) -> Counts:
        """Likes of a room, and what begins or ends a stream in it. A total that is told counts in place of the message:
        what its collector's total grew by, as far as nobody else told it."""
        day, likes, total = event["event_time"] // DAY_MS, event.get("value", 1), event.get("total")
        name = event["platform"], event["room_id"]
        room = self.likes.get(name)
        if room is not None and room.day < day - 1:
            room = None
        is_like = event["kind"] == "like"
        if is_like and total is not None:
            room = room or _RoomLikes(day)
            self.likes[name] = room
        if room is not None:
            room.day = max(room.day, day)
        if not is_like:
            if room is not None:
                room.turned_ms = max(room.turned_ms, event["event_time"])
            return {}
        if total is None or room is None:
            if room is not None and (event.get("sampled") or event.get("value_mode") == "aggregate"):
                room.counted.append((event.get("session_id"), likes))
            return {"likes": likes}
        return {"likes": self.total_told(room, event, likes, total)}

    def total_told(self, room: _RoomLikes, event: Event, likes: int, total: int) -> int:
        at_ms, collector = event["event_time"], (event["source"], event.get("session_id"))
        told = room.told.get(collector)
        if told is None or told.at_ms < room.turned_ms <= at_ms:
            told = self.begin(room, event, total - likes, told)
        elif total < told.highest:
            if at_ms > told.at_ms:
                told.falls.append((total, likes))
            if len(told.falls) < 3:
                return 0
            falls = told.falls
            told = self.begin(room, event, min(before - brought for before, brought in falls), told)
            total = max(lower for lower, _ in falls)
        behind, growth = _behind(room, collector[1], told), total - told.highest
        told.highest, told.at_ms, told.falls, told.grew = total, max(told.at_ms, at_ms), [], told.grew + growth
        room.told.pop(collector, None)
        room.told[collector] = told
        if len(room.told) > 8:
            room.told.pop(next(iter(room.told)))
        room.counted.append((collector[1], max(0, growth - behind)))
        return max(0, growth - behind)

    def begin(self, room: _RoomLikes, event: Event, level: int, former: _Told | None) -> _Told:
        """A collector's baseline; one that is behind another of the same stream tells again what that one told."""
        stretch = former.stretch + 1 if former else 0
        at_ms, session = event["event_time"], event.get("session_id")
        others = [
            (other, named)
            for (_, named), other in room.told.items()
            if other is not former and other.stretch >= stretch and _one_session(named, session)
            if not other.at_ms < room.turned_ms <= at_ms and abs(at_ms - other.at_ms) <= 10 * MINUTE_MS
        ]
        newest = max([stretch, *(one.stretch for one in room.told.values())])
        if not others:
            return _Told(level, at_ms, newest, len(room.counted))
        other, named = max(others, key=lambda one: (one[0].stretch, one[0].highest))
        missed = max(0, _behind(room, named, other) + other.highest - level)
        return _Told(level, at_ms, other.stretch, len(room.counted), missed)

    def retract(self, seen: _Seen) -> str:
        target = _identity(seen.event["retracts"], seen.event)
        originals = [other for other in self.occurred[target] if other.block >= seen.block - 1]
        if not originals or any(other.block >= seen.block - 1 for other in self.named[target]):
            return "retraction_unmatched"
        self.take_back(originals[0], seen)
        return "retraction"

    def take_back(self, seen: _Seen, retraction: _Seen) -> None:
        self.add(_buckets(retraction.event), {"retracted": 1}, 1)
        if _is_of_likes(seen.event) and seen.event.get("total") is not None and not seen.event.get("is_mirror"):
            return  # the total speaks for itself
        if seen.late:
            self.add(_session(seen.event), seen.counts, -1)
            if seen.event["kind"] == "refund" and not seen.event.get("is_mirror"):
                self.count_order(seen, -1)
        elif not _is_running_total(seen.event) or seen.event.get("is_mirror") or _contradicts_itself(seen.event):
            self.add(_buckets(seen.event), seen.counts, -1)
            if not seen.event.get("is_mirror") and not _contradicts_itself(seen.event):
                self.count_order(seen, -1)
        else:
            streak, today = self.streaks[_subject(seen.event)], self.watermark // DAY_MS
            if streak.day >= today - 1 and seen.event["event_id"] in streak.reports:
                streak.reports.remove(seen.event["event_id"])
                self.add(_buckets(seen.event), seen.counts, -1)

    def add(self, buckets: list[Scoped], counts: Counts, sign: int) -> None:
        for scoped in buckets:
            for name, number in counts.items():
                self.result.sums[scoped][name] += sign * number
                if scoped[1] in self.with_platform:
                    self.result.platforms[scoped[0], self.with_platform[scoped[1]]][name] += sign * number

    def add_person(self, event: Event) -> None:
        if event["kind"] == "viewers":
            for scoped in _buckets(event):
                if scoped[1][0] in "rs":
                    self.result.viewers[scoped].append((event["event_time"], event.get("value", 1)))
        if "actor" not in event:
            return
        for group in _groups(event):
            for scoped in _buckets(event):
                self.result.people[scoped][group].add(event["actor"]["id"])
            for name in _scopes(event):
                for called in {name, self.with_platform.get(name, name)}:
                    known, person = self.result.known[called, group], event["actor"]["id"]
                    known[person] = max(event["event_time"] // MINUTE_MS, known.get(person, 0))
        if event["kind"] in ("follow", "unfollow") and event.get("value_mode") != "snapshot":
            self.add_follower(event)

    def add_follower(self, event: Event) -> None:
        session = [event["session"]] if "session" in event else []
        for name in _scopes(event) + session:
            if event["kind"] == "follow":
                self.result.followers[name].setdefault(event["actor"]["id"], event["event_time"])
            else:
                self.result.followers[name].pop(event["actor"]["id"], None)


# -- what an event says


def _looks_qualified(scope_id: str) -> bool:
    before, _, behind = scope_id.rpartition("@")
    return before != "" and behind in get_args(Platform)


def _is_running_total(event: Event) -> bool:
    snapshot = event.get("value_mode") == "snapshot" and event["kind"] not in ("viewers", "retraction")
    return snapshot or (event["kind"] == "gift" and "subject_id" in event)


def _one_session(one: str | None, other: str | None) -> bool:
    return not one or not other or one == other


def _behind(room: _RoomLikes, session: str | None, told: _Told) -> int:
    """Likes that are counted, and that a collector has yet to tell."""
    counted = sum(likes for named, likes in room.counted[told.since :] if _one_session(named, session))
    return max(0, told.missed + counted - told.grew)


def _is_of_likes(event: Event) -> bool:
    """Whether it is a room's likes, as one by one or as a total, or a border between its streams."""
    if "room_id" not in event:
        return False
    return event["kind"] in ("session_start", "session_end") or (
        event["kind"] == "like" and event.get("value_mode") != "snapshot"
    )


def _counts(event: Event) -> Counts:
    kind, value, amount = event["kind"], event.get("value", 1), event.get("amount", 0)
    if kind in VALUE_SUMS:
        return {VALUE_SUMS[kind]: value}
    if kind in MONEY:
        number, money = MONEY[kind]
        return {money: amount} if _names_order(event) else {number: 1, money: amount}
    if kind == "gift":
        return {"gifts": value, "gift_value": value * amount}
    if kind == "leave":
        return {"leaves": 1, "watch_seconds": value}
    if kind == "speech" and event.get("final", True):
        return {"speeches": 1}
    return {}


def _groups(event: Event) -> set[str]:
    kind = event["kind"]
    step = "payment" if kind == "refund" else kind
    groups = {"interacting"} if kind in INTERACTIONS else set()
    groups |= set(STEP_NAMES[: STEPS.index(step) + 1]) if step in STEPS else set()
    in_room = "room_id" in event and (groups or kind in VISITS)
    return groups | {"viewers"} if in_room else groups


def _subject(event: Event) -> str:
    about = event.get("subject_id") or event.get("room_id") or f"brand {event['brand_id']}"
    if event["kind"] == "gift":
        about = f"{event.get('room_id')} {about}"
    return f"{event['kind']} {event['platform']} {about}"


def _names_order(event: Event) -> bool:
    return event["kind"] in MONEY and "subject_id" in event


def _identity(event_id: str, event: Event) -> str:
    """An id belongs to its source, or to its platform if it says so; `live-b` is another collector of `live`."""
    source, live = event["source"], f"{event['platform']}-live"
    if event_id.startswith(f"{live}:"):
        return event_id
    if source.startswith(f"{live}-") and event_id.startswith(f"{source}:"):
        return f"{live}:{event_id[len(source) + 1 :]}"
    return f"{source} {event_id}"


def _scopes(event: Event) -> list[str]:
    named: list[str] = event["scopes"]
    return named


def _buckets(event: Event) -> list[Scoped]:
    at_ms = event["event_time"]
    scoped = [(f"minute:{at_ms // MINUTE_MS}", name) for name in _scopes(event)]
    scoped += [(f"hour:{at_ms // HOUR_MS}", name) for name in _scopes(event)]
    return scoped + _session(event)


def _session(event: Event) -> list[Scoped]:
    if "session" not in event:
        return []
    products = [name for name in event["scopes"] if name.startswith("p:")]
    return [(event["session"], name) for name in ["s", *products]]
