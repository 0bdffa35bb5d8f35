"""What one event of a kind adds to the sums, and what it makes of its actor."""

from typing import Literal, NamedTuple, get_args

from streams.engagement.dictionary import SUMS, AudienceMetric, SumMetric
from streams.events.schema import Kind

Measure = Literal["one", "value", "amount", "worth"]
"""What is added: 1, the event's value, its amount, or value × amount."""
MEASURES: tuple[Measure, ...] = get_args(Measure)
AudienceGroup = Literal["present", "interacting", "shown", "clicked", "carted", "ordered", "paid"]
"""The furthest that an event shows its actor to have come. Each person is stored in the group of the event alone; who
is counted where is a union at reading, so the funnel is monotone by construction."""

GROUPS: tuple[AudienceGroup, ...] = ("present", "interacting", "shown", "clicked", "carted", "ordered", "paid")
OUTSIDE_ROOM = 8
"""Added to a group's code where the event happened outside of any room: such people interact, but view nothing."""
NO_GROUP = -1


class Contribution(NamedTuple):
    adds: tuple[tuple[SumMetric, Measure], ...] = ()
    group: AudienceGroup | None = None


CONTRIBUTIONS: dict[Kind, Contribution] = {
    "session_start": Contribution(),
    "session_end": Contribution(),
    "exposure": Contribution((("exposures", "value"),)),
    "enter": Contribution((("views", "value"),), "present"),
    "leave": Contribution((("leaves", "one"), ("watch_seconds", "value")), "present"),
    "watch": Contribution((("watch_seconds", "value"),), "present"),
    "viewers": Contribution(),
    "like": Contribution((("likes", "value"),), "interacting"),
    "comment": Contribution((("comments", "value"),), "interacting"),
    "reply": Contribution((("comments", "value"),), "interacting"),
    "gift": Contribution((("gifts", "value"), ("gift_value", "worth")), "interacting"),
    "follow": Contribution((("follows", "value"),), "interacting"),
    "unfollow": Contribution((("unfollows", "value"),), "present"),
    "share": Contribution((("shares", "value"),), "interacting"),
    "collect": Contribution((("collects", "value"),), "interacting"),
    "post": Contribution((("posts", "value"),), "interacting"),
    "repost": Contribution((("posts", "value"),), "interacting"),
    "review": Contribution((("reviews", "value"),), "interacting"),
    "product_shown": Contribution((("product_shown", "value"),), "shown"),
    "product_click": Contribution((("product_clicks", "value"),), "clicked"),
    "add_to_cart": Contribution((("carts", "value"),), "carted"),
    "order": Contribution((("orders", "one"), ("order_value", "amount")), "ordered"),
    "payment": Contribution((("payments", "one"), ("paid_value", "amount")), "paid"),
    "refund": Contribution((("refunds", "one"), ("refund_value", "amount")), "paid"),
    "speech": Contribution((("speeches", "one"),)),
    "notice": Contribution((("notices", "value"),)),
    "retraction": Contribution((("retracted", "one"),)),
}
"""Whoever is paid back has paid: a refund's actor is in the group of payers."""

MIRROR = Contribution((("mirrors", "one"),))
LATE: SumMetric = "late"

SLOTS: dict[SumMetric, int] = {name: slot for slot, name in enumerate(SUMS)}
"""A sum's number in what Redis holds: positions in SUMS, so names may be added at its end only."""
PEAK_SLOT, LAST_AT_SLOT, LAST_SLOT = 60, 61, 62
"""Beside the sums: the most concurrent viewers, and the latest number of them with its event time."""


def group_code(group: AudienceGroup | None, in_room: bool) -> int:
    """How a group is stored; NOBODY where the event says nothing about its actor."""
    if group is None or (group == "present" and not in_room):
        return NO_GROUP
    return GROUPS.index(group) + (0 if in_room else OUTSIDE_ROOM)


def _codes(*groups: AudienceGroup, elsewhere: bool) -> frozenset[int]:
    inside = {GROUPS.index(group) for group in groups}
    return frozenset(inside | {code + OUTSIDE_ROOM for code in inside} if elsewhere else inside)


COUNTED_AS: dict[AudienceMetric, frozenset[int]] = {
    "viewers": _codes(*GROUPS, elsewhere=False),
    "interacting": _codes("interacting", elsewhere=True),
    "shown": _codes(*GROUPS[2:], elsewhere=True),
    "clickers": _codes(*GROUPS[3:], elsewhere=True),
    "carters": _codes(*GROUPS[4:], elsewhere=True),
    "orderers": _codes(*GROUPS[5:], elsewhere=True),
    "payers": _codes(*GROUPS[6:], elsewhere=True),
}
"""The groups that are counted as each kind of people; `new_followers` are exact, and kept apart."""
