"""The words of the engagement counters: which sums, which people, by which scope, over which windows."""

from typing import Literal, get_args

Scope = Literal["room", "product", "brand", "platform"]
Window = Literal["1m", "5m", "60m", "24h", "session"]
"""The last 1, 5, 60 whole-or-begun minutes and 24 hours of event time; `session` is one live session of a room, or of
a product in it."""

SumMetric = Literal[
    "exposures", "views", "leaves", "watch_seconds", "likes", "comments", "gifts", "gift_value", "follows", "unfollows",
    "shares", "collects", "posts", "reviews", "speeches", "notices", "product_shown", "product_clicks", "carts",
    "orders", "order_value", "payments", "paid_value", "refunds", "refund_value", "mirrors", "late", "retracted",
]  # fmt: skip
"""Sums of values. `views` are enters (PV); `order_value` is created GMV, `paid_value` paid GMV, both in minor units;
`gift_value` items × unit price; `orders`, `payments`, `refunds` count orders, not items; `posts` posts and reposts;
`comments` comments and replies; `retracted` retractions that took something back; `late` events too late for their
window, told for sessions only."""

AudienceMetric = Literal[
    "viewers", "interacting", "new_followers", "shown", "clickers", "carters", "orderers", "payers"
]
"""Unique people. `viewers` entered or did anything in a room; `interacting` liked, commented, gifted, followed, shared,
collected, posted or reviewed, in a room or elsewhere; `new_followers` follow now and did not before (exact, not
estimated); the funnel shown → clickers → carters → orderers → payers is monotone: whoever is in a later step is in
every earlier one, and whoever was paid back has paid."""

GaugeMetric = Literal["viewers_now", "viewers_peak"]

SCOPES: tuple[Scope, ...] = get_args(Scope)
WINDOWS: tuple[Window, ...] = get_args(Window)
SUMS: tuple[SumMetric, ...] = get_args(SumMetric)
PEOPLE: tuple[AudienceMetric, ...] = get_args(AudienceMetric)
