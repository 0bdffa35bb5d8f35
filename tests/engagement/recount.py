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


def recount(log: list[tuple[int, dict[str, Any]]]) -> Recounted:
    """The log as (offset, event), all of them readable."""
    result = Recounted()
    occurred: dict[str, list[tuple[int, dict[str, Any], dict[str, int]]]] = defaultdict(list)
    taken: dict[str, int] = {}
    highest: dict[str, tuple[int, int]] = {}
    watermark = 0
    for offset, event in log:
        block = offset // BLOCK
        near = [entry for entry in occurred[event["event_id"]] if entry[0] // BLOCK >= block - 1]
        late = event["event_time"] < watermark - DAY_MS
        watermark = max(watermark, event["event_time"])
        counts: dict[str, int] = {}
        if near:
            result.fates["duplicate"] += 1
        elif late:
            result.fates["late"] += 1
            _session_only(result, event, _counts(event) if event["kind"] == "refund" else {})
        elif event.get("is_mirror"):
            counts = {"mirrors": 1}
            _add(result, event, counts, 1)
            result.fates["applied"] += 1
        elif event["kind"] == "retraction":
            _retract(result, occurred, taken, offset, event)
        elif _impossible(event):
            result.fates["dead_letter"] += 1
        else:
            counts = _grown(event, highest) if _runs(event) else _counts(event)
            _add(result, event, counts, 1)
            _meet(result, event)
            result.fates["applied"] += 1
        occurred[event["event_id"]].append((offset, event, counts))
    return result


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


def _grown(event: dict[str, Any], highest: dict[str, tuple[int, int]]) -> dict[str, int]:
    about = event.get("subject_id") or event.get("room_id") or f"brand {event['brand_id']}"
    if event["kind"] == "gift":
        about = f"{event.get('room_id')} {about}"
    subject, day = f"{event['kind']} {event['platform']} {about}", event["event_time"] // DAY_MS
    value = event.get("value", 1)
    known_day, before = highest.get(subject, (-9, 0))
    if known_day < day - 1:
        before = 0 if event["kind"] == "gift" else value
    growth = max(0, value - before)
    highest[subject] = (max(day, known_day), max(before, value))
    return _counts(event | {"value": growth})


def _retract(
    result: Recounted, occurred: dict[str, Any], taken: dict[str, int], offset: int, event: dict[str, Any]
) -> None:
    target, block = event.get("retracts"), offset // BLOCK
    if target is None:
        result.fates["dead_letter"] += 1
        return
    near = [entry for entry in occurred[target] if entry[0] // BLOCK >= block - 1]
    if not near or taken.get(target, -9) >= block - 1:
        result.fates["retraction_unmatched"] += 1
        return
    taken[target] = block
    _, original, counts = near[0]
    _add(result, original, counts, -1)
    _add(result, event, {"retracted": 1}, 1)
    result.fates["applied"] += 1


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


def _session_only(result: Recounted, event: dict[str, Any], counts: dict[str, int]) -> None:
    for scoped in _session(event):
        for name, number in {**counts, "late": 1}.items():
            result.sums[scoped][name] += number


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
