"""The metric dictionary: what Redis holds can be read for ever, and every table that follows from it is whole."""

from dataclasses import fields
from itertools import pairwise

from streams.engagement.dictionary import (
    COUNTED_AS,
    GROUPS,
    METRICS,
    PEOPLE,
    SUMS,
    Rate,
    group_code,
    shown_on,
    sums_on,
    words,
)
from streams.engagement.kpis import FUNNEL, Kpis

STORED_SUMS = (
    "exposures", "views", "leaves", "watch_seconds", "likes", "comments", "gifts", "gift_value", "follows", "unfollows",
    "shares", "collects", "posts", "reviews", "speeches", "notices", "product_shown", "product_clicks", "carts",
    "orders", "order_value", "payments", "paid_value", "refunds", "refund_value", "mirrors", "late", "retracted",
)  # fmt: skip
STORED_GROUPS = ("present", "interacting", "shown", "clicked", "carted", "ordered", "paid")


def test_slots_and_group_codes_are_those_that_redis_holds() -> None:
    """A new metric is appended here too; nothing else may change."""
    assert SUMS == STORED_SUMS
    assert GROUPS == STORED_GROUPS
    assert [group_code(group, in_room=False) for group in GROUPS] == [-1, 9, 10, 11, 12, 13, 14]


def test_rates_are_fields_of_the_kpis() -> None:
    names = {field.name for field in fields(Kpis)}
    assert {metric.id for metric in METRICS if isinstance(metric, Rate)} <= names


def test_each_step_of_the_funnel_holds_the_next() -> None:
    steps = [COUNTED_AS[step] for step in FUNNEL]
    assert all(later < earlier for earlier, later in pairwise(steps))


def test_every_metric_has_words_and_every_audience_its_codes() -> None:
    assert [name for name, (en, zh) in words().items() if not en or not zh] == []
    assert {*COUNTED_AS, "new_followers"} == set(PEOPLE)


def test_screens_show_sums_in_the_order_of_the_dictionary() -> None:
    assert sums_on("comparison") == (
        "views", "comments", "likes", "follows", "shares", "gifts", "gift_value", "product_clicks", "orders",
        "paid_value",
    )  # fmt: skip
    assert [metric.id for metric in shown_on("report")][:4] == ["viewers", "viewers_peak", "exposures", "views"]
