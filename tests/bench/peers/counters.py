"""The engagement counters as a plain program would keep them: added up in the process, then one Redis pipeline a poll.

The peers write them, and the recount is made of them; Pulsewatch's worker shares no line with this.

    <namespace>:<bucket>:<field>                    hash  sum → number
    <namespace>:people:<bucket>:<field>:<group>     HyperLogLog

Buckets are minutes, hours and sessions; fields the room, product, brand and platform of an event. What such a program
leaves out: the offset that goes with the counters (a crash counts twice), duplicates by id, retractions, gift streaks
and snapshots, who newly follows, late events, concurrent viewers, dead letters.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Literal

from streams.clock import HOUR_MS, MINUTE_MS
from streams.events.schema import Event, Kind

ADDS: dict[Kind, tuple[tuple[str, Literal["one", "value", "amount", "worth"]], ...]] = {
    "enter": (("views", "value"),),
    "leave": (("leaves", "one"), ("watch_seconds", "value")),
    "watch": (("watch_seconds", "value"),),
    "like": (("likes", "value"),),
    "comment": (("comments", "value"),),
    "gift": (("gifts", "value"), ("gift_value", "worth")),
    "follow": (("follows", "value"),),
    "unfollow": (("unfollows", "value"),),
    "share": (("shares", "value"),),
    "product_shown": (("product_shown", "value"),),
    "product_click": (("product_clicks", "value"),),
    "add_to_cart": (("carts", "value"),),
    "order": (("orders", "one"), ("order_value", "amount")),
    "payment": (("payments", "one"), ("paid_value", "amount")),
    "refund": (("refunds", "one"), ("refund_value", "amount")),
}
GROUPS: dict[Kind, str] = {
    "enter": "present", "leave": "present", "watch": "present", "unfollow": "present",
    "like": "interacting", "comment": "interacting", "gift": "interacting", "follow": "interacting",
    "share": "interacting",
    "product_shown": "shown", "product_click": "clicked", "add_to_cart": "carted", "order": "ordered",
    "payment": "paid", "refund": "paid",
}  # fmt: skip
"""The furthest that the event shows its actor to have come."""
KEPT_SECONDS = {"minute": 150 * 60, "hour": 26 * 3600, "session": 14 * 86_400}

Where = tuple[int, str, str, str | None, str | None, str | None]
Bucket = tuple[str, str]
"""A bucket's name and the field in it."""


class Counters:
    """What was counted since the last flush."""

    def __init__(self) -> None:
        self._sums: dict[Where, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._people: dict[tuple[Where, str], set[str]] = defaultdict(set)
        self._expiring: set[str] = set()

    def add(self, event: Event) -> None:
        kind = event.kind
        minute = event.event_time_ms // MINUTE_MS
        where = (minute, event.platform, event.brand_id, event.room_id, event.product_id, event.session_id)
        sums = self._sums[where]
        for name, measure in ADDS.get(kind, ()):
            if measure == "value":
                sums[name] += event.value
            elif measure == "one":
                sums[name] += 1
            elif measure == "amount":
                sums[name] += event.amount
            else:
                sums[name] += event.value * event.amount
        group = GROUPS.get(kind)
        if group is not None and event.actor is not None:
            self._people[where, group].add(event.actor.id)

    def take(self) -> tuple[dict[Bucket, dict[str, int]], dict[tuple[Bucket, str], set[str]]]:
        """The sums by bucket, and the people by bucket and group; counting begins anew."""
        sums: dict[Bucket, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        people: dict[tuple[Bucket, str], set[str]] = defaultdict(set)
        for where, added in self._sums.items():
            for bucket in buckets(where):
                total = sums[bucket]
                for name, number in added.items():
                    total[name] += number
        for (where, group), ids in self._people.items():
            for bucket in buckets(where):
                people[bucket, group] |= ids
        self._sums.clear()
        self._people.clear()
        return sums, people

    def flush(self, redis: Any, namespace: str) -> None:
        """Write everything in one pipeline. `redis` is a synchronous client."""
        sums, people = self.take()
        pipeline = redis.pipeline(transaction=False)
        for bucket, added in sums.items():
            key = key_of(namespace, bucket)
            for name, number in added.items():
                pipeline.hincrby(key, name, number)
            self._expire(pipeline, key, bucket)
        for (bucket, group), ids in people.items():
            key = people_key_of(namespace, bucket, group)
            pipeline.pfadd(key, *ids)
            self._expire(pipeline, key, bucket)
        pipeline.execute()

    def _expire(self, pipeline: Any, key: str, bucket: Bucket) -> None:
        if key not in self._expiring:
            self._expiring.add(key)
            pipeline.expire(key, KEPT_SECONDS[bucket[0].partition(":")[0]])


def buckets(where: Where) -> Iterator[Bucket]:
    """Every bucket that an event counts in."""
    minute, platform, brand, room, product, session = where
    fields = [f"b:{brand}", f"f:{platform}"]
    fields += [f"{letter}:{name}" for letter, name in (("r", room), ("p", product)) if name is not None]
    for field in fields:
        yield f"minute:{minute}", field
        yield f"hour:{minute * MINUTE_MS // HOUR_MS}", field
        if session is not None and field[0] in "rp":
            yield f"session:{session}", field


def key_of(namespace: str, bucket: Bucket) -> str:
    """The hash of a bucket's field."""
    return f"{namespace}:{bucket[0]}:{bucket[1]}"


def people_key_of(namespace: str, bucket: Bucket, group: str) -> str:
    """The HyperLogLog of a bucket's field and a group of people."""
    return f"{namespace}:people:{bucket[0]}:{bucket[1]}:{group}"
