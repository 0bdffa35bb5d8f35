"""The truth a second time, from the bytes alone: plain JSON, plain dictionaries, every person kept by name.

It is slow and naive on purpose. Where it disagrees with the oracle's book, one of them has misunderstood the records.
Records come in the order of their partition, since what is late or a duplicate depends on what came before.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, get_args

from streams.clock import DAY_MS, MINUTE_MS
from streams.events.schema import Kind, Platform

EARLIEST_MS = 1_104_537_600_000
"""2005-01-01: no platform here is older."""
AHEAD_MS = 5 * MINUTE_MS
MAX_TEXT_CHARS = 20_000

_KINDS = frozenset(name for union in get_args(Kind) for name in (get_args(union) or (union,)))
_PLATFORMS = frozenset(get_args(Platform))
_ONE_EACH = {
    "enter": "views", "follow": "follows", "unfollow": "unfollows", "notice": "notices",
    "product_shown": "product_shown", "product_click": "product_clicks", "add_to_cart": "carts",
    "comment": "comments", "reply": "comments", "post": "posts", "repost": "posts", "review": "reviews",
}  # fmt: skip
_BY_VALUE = {"like": "likes", "share": "shares", "collect": "collects", "exposure": "exposures"}
_MONEY = {"order": ("orders", "order_value"), "payment": ("payments", "paid_value"),
          "refund": ("refunds", "refund_value")}  # fmt: skip
_INTERACTIONS = frozenset(
    {"like", "comment", "gift", "follow", "share", "reply", "post", "repost", "review", "collect"}
)
_FUNNEL = ("product_shown", "product_click", "add_to_cart", "order", "payment")
_STEPS = ("shown", "clickers", "carters", "orderers", "payers")

Counts = dict[str, int]


@dataclass
class Recount:
    """Sums by (scope, id, minute), session sums by session, people by (scope, id, group), records by fate."""

    minutes: dict[tuple[str, str, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sessions: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    people: dict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    fates: Counter[str] = field(default_factory=Counter)


def recount(partitions: Iterable[Iterable[tuple[bytes | None, int]]]) -> Recount:
    """Each partition's records in offset order, as (value, Kafka timestamp)."""
    result = Recount()
    for records in partitions:
        _Partition(result).read(records)
    return result


def readable(value: bytes | None, log_ms: int) -> dict[str, Any] | None:
    """The event as a dictionary, or None where it cannot be used."""
    try:
        event = json.loads((value or b"").decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and _sound(event) and _timely(event, log_ms) else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _sound(event: dict[str, Any]) -> bool:
    named = all(isinstance(event.get(name), str) and event[name] for name in ("event_id", "source", "brand_id"))
    whole = all(type(event.get(name, 0)) is int and event.get(name, 0) >= 0 for name in ("value", "amount"))
    timed = all(type(event.get(name)) is int for name in ("event_time", "ingest_time"))
    known = event.get("kind") in _KINDS and event.get("platform") in _PLATFORMS
    person = isinstance(event.get("actor", {}), dict)
    return named and whole and timed and known and person and len(event.get("text", "")) <= MAX_TEXT_CHARS


def _timely(event: dict[str, Any], log_ms: int) -> bool:
    return bool(EARLIEST_MS <= event["event_time"] <= log_ms + AHEAD_MS)


class _Partition:
    """What has been seen of one partition."""

    def __init__(self, result: Recount) -> None:
        self._result = result
        self._counted: dict[str, tuple[dict[str, Any], Counts]] = {}
        self._waiting: dict[str, dict[str, Any]] = {}
        """Retractions that came before what they name, by its id."""
        self._highest: dict[tuple[str, str], int] = {}
        self._watermark_ms = 0

    def read(self, records: Iterable[tuple[bytes | None, int]]) -> None:
        for value, log_ms in records:
            event = readable(value, log_ms)
            fate = "dead_letter" if event is None else self._take(event)
            self._result.fates[fate] += 1
            waiting = None if event is None else self._waiting.pop(event["event_id"], None)
            if waiting is not None:
                self._result.fates["retraction_unmatched"] -= 1
                self._result.fates[self._take_back(waiting)] += 1

    def _take(self, event: dict[str, Any]) -> str:
        if event["event_id"] in self._counted:
            return "duplicate"
        late = event["event_time"] < self._watermark_ms - DAY_MS
        self._watermark_ms = max(self._watermark_ms, event["event_time"])
        counts: Counts = {} if late or event.get("is_mirror") else self._counts(event)
        self._counted[event["event_id"]] = (event, counts)
        if late:
            return self._add(event, {"late": 1}, "late")
        if event.get("is_mirror"):
            return self._add(event, {"mirrors": 1}, "mirror")
        if event["kind"] == "retraction":
            return self._take_back(event)
        self._meet(event)
        return self._add(event, counts, "applied")

    def _take_back(self, event: dict[str, Any]) -> str:
        if event["retracts"] not in self._counted:
            self._waiting.setdefault(event["retracts"], event)
            return "retraction_unmatched"
        original, counts = self._counted[event["retracts"]]
        self._add(original, {name: -value for name, value in counts.items()}, "")
        return self._add(event, {"retracted": 1}, "retraction")

    def _counts(self, event: dict[str, Any]) -> Counts:
        kind, value = event["kind"], event.get("value", 1)
        if kind in _MONEY:
            number, money = _MONEY[kind]
            return {number: 1, money: event.get("amount", 0)}
        if kind in _ONE_EACH:
            return {_ONE_EACH[kind]: 1}
        if kind in _BY_VALUE:
            return {_BY_VALUE[kind]: self._growth(event, value, value)}
        if kind == "gift":
            items = self._growth(event, value, 0) if "subject_id" in event else value
            return {"gifts": items, "gift_value": items * event.get("amount", 0)}
        if kind == "watch":
            return {"watch_seconds": value}
        if kind == "leave":
            return {"leaves": 1, "watch_seconds": value}
        if kind == "speech":
            return {"speeches": int(event.get("final", True))}
        return {}

    def _growth(self, event: dict[str, Any], value: int, baseline: int) -> int:
        """How far a running total rose over the highest seen; the first is measured from `baseline`."""
        if event["kind"] != "gift" and event.get("value_mode") != "snapshot":
            return value
        subject = (event["kind"], event["subject_id"])
        before = self._highest.get(subject, baseline)
        self._highest[subject] = max(before, value)
        return max(0, value - before)

    def _meet(self, event: dict[str, Any]) -> None:
        person = event.get("actor", {}).get("id")
        if person is None:
            return
        for scope, name in _scopes(event):
            people = self._result.people
            if "room_id" in event and not event["actor"].get("official"):
                people[scope, name, "viewers"].add(person)
            if event["kind"] in _INTERACTIONS:
                people[scope, name, "interacting"].add(person)
            kind = "payment" if event["kind"] == "refund" else event["kind"]
            if kind in _FUNNEL:
                for step in _STEPS[: _FUNNEL.index(kind) + 1]:
                    people[scope, name, step].add(person)
            if kind == "follow":
                people[scope, name, "new_followers"].add(person)
            elif kind == "unfollow":
                people[scope, name, "new_followers"].discard(person)

    def _add(self, event: dict[str, Any], counts: Counts, fate: str) -> str:
        for scope, name in _scopes(event) if fate != "late" else ():
            if any(counts.values()):
                self._result.minutes[scope, name, event["event_time"] // MINUTE_MS].update(counts)
        if "session_id" in event:
            self._result.sessions[event["session_id"]].update(counts)
        return fate


def _scopes(event: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for scope in ("brand", "platform", "room", "product"):
        name = event.get(scope if scope == "platform" else f"{scope}_id")
        if name is not None:
            yield scope, name
