"""A naive recount of a partition's log, written from the definitions alone: plain loops, every person by name.

It shares nothing with the worker but the schema and the names of the sums.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BLOCK = 65_536

Scoped = tuple[str, str]
"""("minute" | "hour", number) or ("session", id), and a field like r:room-1 or s."""

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


@dataclass
class Recounted:
    sums: dict[Scoped, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    people: dict[Scoped, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    viewers: dict[Scoped, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    followers: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    fates: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class Seen:
    """A record, and what was counted for it: a duplicate shares its original's."""

    block: int
    event: dict[str, Any]
    counts: dict[str, int]
    late: bool


def recount(log: list[tuple[int, dict[str, Any]]]) -> Recounted:
    """The log as (offset, event), all of them readable."""
    recounting = _Recounting()
    for offset, event in log:
        recounting.read(offset // BLOCK, event)
    return recounting.result


class _Recounting:
    def __init__(self) -> None:
        self.result = Recounted()
        self.occurred: dict[str, list[Seen]] = defaultdict(list)
        self.named: dict[str, list[Seen]] = defaultdict(list)
        """Retractions by what they name."""
        self.streaks: dict[str, _Streak] = {}
        self.watermark = 0

    def read(self, block: int, event: dict[str, Any]) -> None:
        near = [seen for seen in self.occurred[event["event_id"]] if seen.block >= block - 1]
        overtaking = [seen for seen in self.named[event["event_id"]] if seen.block >= block - 1]
        late = event["event_time"] < self.watermark - DAY_MS
        self.watermark = max(self.watermark, event["event_time"])
        seen = Seen(block, event, near[0].counts if near else {}, late)
        self.result.fates["duplicate" if near else self.count(seen)] += 1
        if overtaking and not near:
            self.take_back(seen, overtaking[0])
        self.occurred[event["event_id"]].append(seen)
        if event["kind"] == "retraction" and "retracts" in event and not late and not event.get("is_mirror"):
            self.named[event["retracts"]].append(seen)

    def count(self, seen: Seen) -> str:
        """Returns the fate."""
        event = seen.event
        if seen.late:
            seen.counts |= _counts(event) if event["kind"] == "refund" else {}
            _session_only(self.result, event, {**seen.counts, "late": 1}, 1)
            return "late"
        if event.get("is_mirror"):
            seen.counts["mirrors"] = 1
            _add(self.result, event, seen.counts, 1)
            return "applied"
        if event["kind"] == "retraction":
            return self.retract(seen)
        if _impossible(event):
            return "dead_letter"
        seen.counts |= self.grown(seen) if _runs(event) else _counts(event)
        _add(self.result, event, seen.counts, 1)
        _meet(self.result, event)
        return "applied"

    def grown(self, seen: Seen) -> dict[str, int]:
        day, value = seen.event["event_time"] // DAY_MS, seen.event.get("value", 1)
        streak = self.streaks.get(_subject(seen.event))
        if streak is None or streak.day < day - 1:
            streak = self.streaks[_subject(seen.event)] = _Streak(day, 0 if seen.event["kind"] == "gift" else value)
        growth = max(0, value - streak.highest)
        streak.day, streak.highest = max(day, streak.day), max(value, streak.highest)
        streak.reports.append(seen.event["event_id"])
        return _counts(seen.event | {"value": growth})

    def retract(self, seen: Seen) -> str:
        target = seen.event.get("retracts")
        if target is None:
            return "dead_letter"
        near = [other for other in self.occurred[target] if other.block >= seen.block - 1]
        if not near or any(other.block >= seen.block - 1 for other in self.named[target]):
            return "retraction_unmatched"
        self.take_back(near[0], seen)
        return "applied"

    def take_back(self, seen: Seen, retraction: Seen) -> None:
        _add(self.result, retraction.event, {"retracted": 1}, 1)
        if seen.late:
            _session_only(self.result, seen.event, seen.counts, -1)
        elif not _runs(seen.event) or seen.event.get("is_mirror") or _impossible(seen.event):
            _add(self.result, seen.event, seen.counts, -1)
        else:
            streak, today = self.streaks[_subject(seen.event)], self.watermark // DAY_MS
            if streak.day >= today - 1 and seen.event["event_id"] in streak.reports:
                streak.reports.remove(seen.event["event_id"])
                _add(self.result, seen.event, seen.counts, -1)


@dataclass
class _Streak:
    """A running total as it is remembered, for the day of its last report and the day after."""

    day: int
    highest: int
    reports: list[str] = field(default_factory=list)


def _runs(event: dict[str, Any]) -> bool:
    snapshot = event.get("value_mode") == "snapshot" and event["kind"] != "viewers"
    return snapshot or (event["kind"] == "gift" and "subject_id" in event)


def _impossible(event: dict[str, Any]) -> bool:
    kind, snapshot = event["kind"], event.get("value_mode") == "snapshot"
    if kind == "viewers":
        return "room_id" not in event
    if kind == "gift":
        return "subject_id" not in event and (snapshot or not event.get("final", True))
    return snapshot and kind not in VALUE_SUMS


def _counts(event: dict[str, Any]) -> dict[str, int]:
    kind, value, amount = event["kind"], event.get("value", 1), event.get("amount", 0)
    if kind in VALUE_SUMS:
        return {VALUE_SUMS[kind]: value}
    if kind in MONEY:
        number, money = MONEY[kind]
        return {number: 1, money: amount}
    if kind == "gift":
        return {"gifts": value, "gift_value": value * amount}
    if kind == "leave":
        return {"leaves": 1, "watch_seconds": value}
    if kind == "speech" and event.get("final", True):
        return {"speeches": 1}
    return {}


def _subject(event: dict[str, Any]) -> str:
    about = event.get("subject_id") or event.get("room_id") or f"brand {event['brand_id']}"
    if event["kind"] == "gift":
        about = f"{event.get('room_id')} {about}"
    return f"{event['kind']} {event['platform']} {about}"


def _scopes(event: dict[str, Any]) -> list[str]:
    named = {"r": event.get("room_id"), "p": event.get("product_id"), "b": event["brand_id"], "f": event["platform"]}
    return [f"{letter}:{name}" for letter, name in named.items() if name is not None]


def _buckets(event: dict[str, Any]) -> list[Scoped]:
    at_ms = event["event_time"]
    scoped = [(f"minute:{at_ms // MINUTE_MS}", name) for name in _scopes(event)]
    scoped += [(f"hour:{at_ms // HOUR_MS}", name) for name in _scopes(event)]
    return scoped + _session(event)


def _session(event: dict[str, Any]) -> list[Scoped]:
    if "session_id" not in event:
        return []
    bucket = f"session:{event['session_id']}"
    return [(bucket, "s")] + ([(bucket, f"p:{event['product_id']}")] if "product_id" in event else [])


def _session_only(result: Recounted, event: dict[str, Any], counts: dict[str, int], sign: int) -> None:
    for scoped in _session(event):
        for name, number in counts.items():
            result.sums[scoped][name] += sign * number


def _add(result: Recounted, event: dict[str, Any], counts: dict[str, int], sign: int) -> None:
    for scoped in _buckets(event):
        for name, number in counts.items():
            result.sums[scoped][name] += sign * number


def _meet(result: Recounted, event: dict[str, Any]) -> None:
    if event["kind"] == "viewers":
        for scoped in _buckets(event):
            if scoped[1][0] in "rs":
                result.viewers[scoped].append((event["event_time"], event.get("value", 1)))
    if "actor" not in event:
        return
    for scoped in _buckets(event):
        for group in _groups(event):
            result.people[scoped][group].add(event["actor"]["id"])
    if event["kind"] in ("follow", "unfollow") and event.get("value_mode") != "snapshot":
        _follow(result, event)


def _groups(event: dict[str, Any]) -> set[str]:
    kind = event["kind"]
    step = "payment" if kind == "refund" else kind
    groups = {"interacting"} if kind in INTERACTIONS else set()
    groups |= set(STEP_NAMES[: STEPS.index(step) + 1]) if step in STEPS else set()
    in_room = "room_id" in event and (groups or kind in VISITS)
    return groups | {"viewers"} if in_room else groups


def _follow(result: Recounted, event: dict[str, Any]) -> None:
    session = [f"session:{event['session_id']}"] if "session_id" in event else []
    for name in _scopes(event) + session:
        if event["kind"] == "follow":
            result.followers[name].setdefault(event["actor"]["id"], event["event_time"])
        else:
            result.followers[name].pop(event["actor"]["id"], None)


def decoded(log: list[tuple[int, bytes]]) -> list[tuple[int, dict[str, Any]]]:
    return [(offset, json.loads(value)) for offset, value in log]
