"""What one event of a kind adds to the sums, and what it makes of its actor."""

from typing import Literal, NamedTuple, get_args

from streams.engagement.dictionary import SUMS, People, Sum
from streams.events.schema import Kind

Measure = Literal["one", "value", "amount", "worth"]
"""What is added: 1, the event's value, its amount, or value × amount."""
MEASURES: tuple[Measure, ...] = get_args(Measure)
Group = Literal["present", "interacting", "shown", "clicked", "carted", "ordered", "paid"]
"""The furthest that an event shows its actor to have come. Each person is stored in the group of the event alone; who
is counted where is a union at reading, so the funnel is monotone by construction."""

GROUPS: tuple[Group, ...] = ("present", "interacting", "shown", "clicked", "carted", "ordered", "paid")
ELSEWHERE = 8
"""Added to a group's code where the event happened outside of any room: such people interact, but view nothing."""
NOBODY = -1


class Meaning(NamedTuple):
    adds: tuple[tuple[Sum, Measure], ...] = ()
    group: Group | None = None


MEANINGS: dict[Kind, Meaning] = {
    "session_start": Meaning(),
    "session_end": Meaning(),
    "exposure": Meaning((("exposures", "value"),)),
    "enter": Meaning((("views", "value"),), "present"),
    "leave": Meaning((("leaves", "one"), ("watch_seconds", "value")), "present"),
    "watch": Meaning((("watch_seconds", "value"),), "present"),
    "viewers": Meaning(),
    "like": Meaning((("likes", "value"),), "interacting"),
    "comment": Meaning((("comments", "value"),), "interacting"),
    "reply": Meaning((("comments", "value"),), "interacting"),
    "gift": Meaning((("gifts", "value"), ("gift_value", "worth")), "interacting"),
    "follow": Meaning((("follows", "value"),), "interacting"),
    "unfollow": Meaning((("unfollows", "value"),), "present"),
    "share": Meaning((("shares", "value"),), "interacting"),
    "collect": Meaning((("collects", "value"),), "interacting"),
    "post": Meaning((("posts", "value"),), "interacting"),
    "repost": Meaning((("posts", "value"),), "interacting"),
    "review": Meaning((("reviews", "value"),), "interacting"),
    "product_shown": Meaning((("product_shown", "value"),), "shown"),
    "product_click": Meaning((("product_clicks", "value"),), "clicked"),
    "add_to_cart": Meaning((("carts", "value"),), "carted"),
    "order": Meaning((("orders", "one"), ("order_value", "amount")), "ordered"),
    "payment": Meaning((("payments", "one"), ("paid_value", "amount")), "paid"),
    "refund": Meaning((("refunds", "one"), ("refund_value", "amount")), "paid"),
    "speech": Meaning((("speeches", "one"),)),
    "notice": Meaning((("notices", "value"),)),
    "retraction": Meaning((("retracted", "one"),)),
}
"""Whoever is paid back has paid: a refund's actor is in the group of payers."""

MIRROR = Meaning((("mirrors", "one"),))
LATE: Sum = "late"

SLOTS: dict[Sum, int] = {name: slot for slot, name in enumerate(SUMS)}
"""A sum's number in what Redis holds: positions in SUMS, so names may be added at its end only."""
PEAK_SLOT, LAST_AT_SLOT, LAST_SLOT = 60, 61, 62
"""Beside the sums: the most concurrent viewers, and the latest number of them with its event time."""


def group_code(group: Group | None, in_room: bool) -> int:
    """How a group is stored; NOBODY where the event says nothing about its actor."""
    if group is None or (group == "present" and not in_room):
        return NOBODY
    return GROUPS.index(group) + (0 if in_room else ELSEWHERE)


def _codes(*groups: Group, elsewhere: bool) -> frozenset[int]:
    inside = {GROUPS.index(group) for group in groups}
    return frozenset(inside | {code + ELSEWHERE for code in inside} if elsewhere else inside)


COUNTED_AS: dict[People, frozenset[int]] = {
    "viewers": _codes(*GROUPS, elsewhere=False),
    "interacting": _codes("interacting", elsewhere=True),
    "shown": _codes(*GROUPS[2:], elsewhere=True),
    "clickers": _codes(*GROUPS[3:], elsewhere=True),
    "carters": _codes(*GROUPS[4:], elsewhere=True),
    "orderers": _codes(*GROUPS[5:], elsewhere=True),
    "payers": _codes(*GROUPS[6:], elsewhere=True),
}
"""The groups that are counted as each kind of people; `new_followers` are exact, and kept apart."""
