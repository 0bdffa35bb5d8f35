"""THE METRICS: a metric is one entry here, and what counts, stores, reads or shows it follows from the entry.

To add one that is counted: its id in a Literal and an entry in METRICS; then what emits it in streams.simulate, and
tests/oracle, which says the same a second time. A rate has its formula in streams.engagement.kpis.

    a Sum       adds up over events: what each kind of event adds, and its slot in the stored totals
    an Audience counts people once: the groups whose union it is
    a Gauge     is the concurrent viewers, as feeds report them
    a Rate      is computed from these when it is read
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from streams.events.schema import Kind

Scope = Literal["room", "product", "brand", "platform"]
Window = Literal["1m", "5m", "60m", "24h", "session"]
"""The last 1, 5, 60 whole-or-begun minutes and 24 hours of event time; `session` is one live session of a room, or of
a product in it."""

SumMetric = Literal[
    "exposures", "views", "leaves", "watch_seconds", "likes", "comments", "gifts", "gift_value", "follows", "unfollows",
    "shares", "collects", "posts", "reviews", "speeches", "notices", "product_shown", "product_clicks", "carts",
    "orders", "order_value", "payments", "paid_value", "refunds", "refund_value", "mirrors", "late", "retracted",
]  # fmt: skip
AudienceMetric = Literal[
    "viewers", "interacting", "new_followers", "shown", "clickers", "carters", "orderers", "payers"
]
GaugeMetric = Literal["viewers_now", "viewers_peak"]
RateMetric = Literal[
    "stay_seconds", "interaction_rate", "follow_rate", "entry_rate", "click_rate", "conversion_rate", "created_gmv",
    "paid_gmv", "net_gmv", "gpm_pv", "gpm_uv", "viewer_value", "buyer_value", "refund_rate", "refund_value_rate",
]  # fmt: skip

Unit = Literal["count", "seconds", "minor_units", "people", "share"]
"""`minor_units` are of the money's currency (分, cents); `people` of an Audience are unique and estimated; a `share` is
0 to 1, or None where its denominator is 0."""
Screen = Literal["tile", "comparison", "report", "exporter"]
"""A tile of a room's page; its last ten minutes beside the ten before; a campaign's page and report; the exporter's
`pulsewatch_room_events` (sums) and `pulsewatch_room_people` (audiences), by room."""

Measure = Literal["one", "value", "amount", "worth"]
"""What an event adds: 1, its value, its amount, or value × amount."""
MEASURES: tuple[Measure, ...] = get_args(Measure)

AudienceGroup = Literal["present", "interacting", "shown", "clicked", "carted", "ordered", "paid"]
"""How far an event shows its actor to have come. A person is stored in the group of each event, in no other; an
audience is a union of groups, formed when it is read. So the funnel is monotone by construction."""
GROUPS: tuple[AudienceGroup, ...] = get_args(AudienceGroup)
"""A group's position is its code in stored logs: append only."""
OUTSIDE_ROOM = 8
"""Added to a group's code where the event happened outside any room: such people interact, but view nothing."""
NO_GROUP = -1

GROUP_OF: Mapping[Kind, AudienceGroup] = MappingProxyType({
    "enter": "present", "leave": "present", "watch": "present", "unfollow": "present",
    "like": "interacting", "comment": "interacting", "reply": "interacting", "gift": "interacting",
    "follow": "interacting", "share": "interacting", "collect": "interacting", "post": "interacting",
    "repost": "interacting", "review": "interacting",
    "product_shown": "shown", "product_click": "clicked", "add_to_cart": "carted", "order": "ordered",
    "payment": "paid", "refund": "paid",
})  # fmt: skip
"""The actor's group by kind of event; other kinds say nothing about their actor. A refund's actor counts as a payer."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What every metric has: its words in English and simplified Chinese (the traditional form is made of it), and the
    screens that show it."""

    en: str
    zh: str
    shown: tuple[Screen, ...] = ()


@dataclass(frozen=True)
class Sum(Metric):
    """`adds` says what each kind of event adds. `slot` is its number in stored totals: it never changes, and a new
    metric takes the next one that is free."""

    id: SumMetric
    slot: int
    adds: Mapping[Kind, Measure]
    unit: Unit = "count"


@dataclass(frozen=True)
class Audience(Metric):
    """People in any of these groups; `in_room` leaves out those who were outside any room. No groups: counted exactly,
    from the followers' sorted sets."""

    id: AudienceMetric
    groups: tuple[AudienceGroup, ...]
    in_room: bool = False
    unit: Unit = "people"


@dataclass(frozen=True)
class Gauge(Metric):
    """Concurrent viewers of a room or session."""

    id: GaugeMetric
    unit: Unit = "people"


@dataclass(frozen=True)
class Rate(Metric):
    """A field of `streams.engagement.kpis.Kpis`. `of`: the audiences that it divides, where it is a share of people."""

    id: RateMetric
    unit: Unit
    of: tuple[AudienceMetric, AudienceMetric] | None = None


METRICS: tuple[Sum | Audience | Gauge | Rate, ...] = (
    # -- the audience
    Audience("viewers", GROUPS, in_room=True, en="Unique viewers", zh="观看人数", shown=("tile", "report")),
    Gauge("viewers_now", en="In the room", zh="在线人数", shown=("tile",)),
    Gauge("viewers_peak", en="Peak concurrent viewers", zh="在线峰值", shown=("tile", "report")),
    Sum("exposures", 0, {"exposure": "value"}, en="Exposures", zh="曝光", shown=("report",)),
    Sum("views", 1, {"enter": "value"}, en="Enters", zh="进入", shown=("tile", "comparison", "report", "exporter")),
    Rate("entry_rate", "share", en="Entry rate", zh="曝光进入率"),
    Sum("leaves", 2, {"leave": "one"}, en="Leaves", zh="离开"),
    Sum(
        "watch_seconds", 3, {"leave": "value", "watch": "value"}, "seconds",
        en="Watch time", zh="观看时长",
    ),
    Rate("stay_seconds", "seconds", en="Average stay", zh="平均停留", shown=("tile", "report")),
    # -- what viewers do
    Audience("interacting", ("interacting",), en="Interacting viewers", zh="互动人数"),
    Rate(
        "interaction_rate", "share", ("interacting", "viewers"),
        en="Interaction rate", zh="互动率", shown=("tile", "report"),
    ),
    Sum(
        "comments", 5, {"comment": "value", "reply": "value"},
        en="Comments", zh="评论", shown=("tile", "comparison", "report", "exporter"),
    ),
    Sum("likes", 4, {"like": "value"}, en="Likes", zh="点赞", shown=("tile", "comparison", "report", "exporter")),
    Sum("follows", 8, {"follow": "value"}, en="Follows", zh="关注", shown=("comparison", "exporter")),
    Sum("unfollows", 9, {"unfollow": "value"}, en="Unfollows", zh="取消关注"),
    Audience("new_followers", (), en="New followers", zh="新增关注", shown=("tile",)),
    Sum("shares", 10, {"share": "value"}, en="Shares", zh="分享", shown=("comparison", "report", "exporter")),
    Rate("follow_rate", "share", ("new_followers", "viewers"), en="Follow rate", zh="转粉率", shown=("tile", "report")),
    Sum("collects", 11, {"collect": "value"}, en="Favourites", zh="收藏"),
    Sum("posts", 12, {"post": "value", "repost": "value"}, en="Posts", zh="发帖", shown=("report",)),
    Sum("reviews", 13, {"review": "value"}, en="Reviews", zh="评价"),
    Sum("gifts", 6, {"gift": "value"}, en="Gifts", zh="礼物", shown=("tile", "comparison", "exporter")),
    Sum(
        "gift_value", 7, {"gift": "worth"}, "minor_units",
        en="Gift value", zh="礼物价值", shown=("tile", "comparison", "exporter"),
    ),
    # -- the funnel: a later step's people are in every earlier one
    Sum("product_shown", 16, {"product_shown": "value"}, en="Product impressions", zh="商品曝光"),
    Audience("shown", GROUPS[2:], en="Shown the product", zh="看到商品", shown=("report",)),
    Sum(
        "product_clicks", 17, {"product_click": "value"},
        en="Product clicks", zh="商品点击", shown=("comparison", "exporter"),
    ),
    Audience("clickers", GROUPS[3:], en="Clicked", zh="点击", shown=("report", "exporter")),
    Rate("click_rate", "share", ("clickers", "shown"), en="Click rate", zh="商品点击率"),
    Sum("carts", 18, {"add_to_cart": "value"}, en="Added to cart", zh="加购次数"),
    Audience("carters", GROUPS[4:], en="In cart", zh="加购", shown=("report",)),
    Sum("orders", 19, {"order": "one"}, en="Orders", zh="订单", shown=("tile", "comparison", "exporter")),
    Audience("orderers", GROUPS[5:], en="Ordered", zh="下单", shown=("report",)),
    Sum("payments", 21, {"payment": "one"}, en="Payments", zh="支付订单", shown=("tile", "exporter")),
    Audience("payers", GROUPS[6:], en="Paid", zh="支付", shown=("report", "exporter")),
    Rate(
        "conversion_rate", "share", ("payers", "clickers"),
        en="Click-to-pay conversion", zh="点击成交转化率", shown=("report",),
    ),
    # -- money
    Sum("order_value", 20, {"order": "amount"}, "minor_units", en="Order value", zh="下单金额", shown=("exporter",)),
    Sum(
        "paid_value", 22, {"payment": "amount"}, "minor_units",
        en="Paid value", zh="支付金额", shown=("comparison", "exporter"),
    ),
    Rate("created_gmv", "minor_units", en="Created GMV", zh="下单 GMV", shown=("report",)),
    Rate("paid_gmv", "minor_units", en="Paid GMV", zh="支付 GMV", shown=("tile", "report")),
    Rate("net_gmv", "minor_units", en="Net GMV", zh="净 GMV", shown=("report",)),
    Rate("gpm_pv", "minor_units", en="GPM (per 1000 enters)", zh="千次观看成交", shown=("tile", "report")),
    Rate("gpm_uv", "minor_units", en="GPM (per 1000 viewers)", zh="千人观看成交", shown=("tile",)),
    Rate("viewer_value", "minor_units", en="UV value", zh="UV 价值", shown=("tile", "report")),
    Rate("buyer_value", "minor_units", en="Value per buyer", zh="客单价"),
    Sum("refunds", 23, {"refund": "one"}, en="Refunds", zh="退款订单", shown=("exporter",)),
    Sum("refund_value", 24, {"refund": "amount"}, "minor_units", en="Refunded value", zh="退款金额"),
    Rate("refund_rate", "share", en="Refund rate", zh="退款率", shown=("report",)),
    Rate("refund_value_rate", "share", en="Refund rate by value", zh="退款金额率", shown=("report",)),
    # -- the stream itself
    Sum("speeches", 14, {"speech": "one"}, en="Captions", zh="主播字幕"),
    Sum("notices", 15, {"notice": "value"}, en="Platform notices", zh="平台违规通知"),
    Sum("retracted", 27, {"retraction": "one"}, en="Retractions", zh="撤回"),
    Sum("mirrors", 25, {}, en="Mirrored events", zh="镜像事件"),  # of any kind: MIRROR below
    Sum("late", 26, {}, en="Late events", zh="迟到事件"),  # of any kind, in a session alone: too late for a window
)  # fmt: skip
"""In the order in which screens show them. Orders, payments and refunds count orders: one that is paid in parts,
refunded in parts or told of product by product counts once (streams.engagement.orders)."""

# -- What follows from the entries, made once when this module is imported.

SCOPES: tuple[Scope, ...] = get_args(Scope)
_SUMS = sorted((metric for metric in METRICS if isinstance(metric, Sum)), key=lambda metric: metric.slot)
SUMS: tuple[SumMetric, ...] = tuple(metric.id for metric in _SUMS)
"""By slot."""
SLOTS: Mapping[SumMetric, int] = {metric.id: metric.slot for metric in _SUMS}
PEOPLE: tuple[AudienceMetric, ...] = get_args(AudienceMetric)
PEAK_SLOT, LAST_AT_SLOT, LAST_SLOT, CAME_SLOT = 60, 61, 62, 63
"""Beside the sums: the most concurrent viewers, the latest number of them with its event time, and how many ever came
in by the platform's own count."""
LIKED_AT_SLOT, LIKED_SLOT = 65, 66
"""The platform's latest total of likes with its event time."""
SAMPLED_SLOT = 59
"""Likes that were told as a sample, with no total beside them: it adds up, as all below PEAK_SLOT does."""
PEOPLE_SLOT = 64
"""No number: the bucket's people while they are few, as a log (streams.engagement.hyperloglog)."""

assert [metric.slot for metric in _SUMS] == list(range(len(get_args(SumMetric))))
assert {metric.id for metric in METRICS} == {
    *get_args(SumMetric), *get_args(AudienceMetric), *get_args(GaugeMetric), *get_args(RateMetric)
}  # fmt: skip


SHARES: Mapping[RateMetric, tuple[AudienceMetric, AudienceMetric]] = {
    metric.id: metric.of for metric in METRICS if isinstance(metric, Rate) and metric.of
}
"""The rates that are shares of people: who does it, among whom."""


class Contribution(NamedTuple):
    """What one event of a kind adds to the sums, and its actor's group."""

    adds: tuple[tuple[SumMetric, Measure], ...] = ()
    group: AudienceGroup | None = None


_KINDS: tuple[Kind, ...] = get_args(Kind)
CONTRIBUTIONS: Mapping[Kind, Contribution] = {
    kind: Contribution(
        tuple((metric.id, metric.adds[kind]) for metric in _SUMS if kind in metric.adds), GROUP_OF.get(kind)
    )
    for kind in _KINDS
}
MIRROR = Contribution((("mirrors", "one"),))
"""An event that was seen from another room, whatever its kind."""
LATE: SumMetric = "late"


def group_code(group: AudienceGroup | None, in_room: bool) -> int:
    """How a group is stored; NO_GROUP where the event says nothing about its actor."""
    if group is None or (group == "present" and not in_room):
        return NO_GROUP
    return GROUPS.index(group) + (0 if in_room else OUTSIDE_ROOM)


def _codes(audience: Audience) -> frozenset[int]:
    inside = {GROUPS.index(group) for group in audience.groups}
    return frozenset(inside if audience.in_room else inside | {code + OUTSIDE_ROOM for code in inside})


COUNTED_AS: Mapping[AudienceMetric, frozenset[int]] = {
    metric.id: _codes(metric) for metric in METRICS if isinstance(metric, Audience) and metric.groups
}
"""The stored codes whose union an audience is; `new_followers` are exact, and kept apart."""


def shown_on(screen: Screen) -> tuple[Sum | Audience | Gauge | Rate, ...]:
    """The metrics of a screen, in its order."""
    return tuple(metric for metric in METRICS if screen in metric.shown)


def sums_on(screen: Screen) -> tuple[SumMetric, ...]:
    """The sums among them."""
    return tuple(metric.id for metric in shown_on(screen) if isinstance(metric, Sum))


def audiences_on(screen: Screen) -> tuple[AudienceMetric, ...]:
    """The audiences among them."""
    return tuple(metric.id for metric in shown_on(screen) if isinstance(metric, Audience))


def words() -> dict[str, tuple[str, str]]:
    """Every metric's words by id, as (English, simplified Chinese)."""
    return {metric.id: (metric.en, metric.zh) for metric in METRICS}
