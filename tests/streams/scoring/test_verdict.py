"""One verdict: which part says what, and what it makes alone."""

import pytest

from streams.events.schema import Finding, SaidBy, TextKind
from streams.scoring.verdict import FamilyVerdict, Outcome, agreed_flags, verdict


def finding(said_by: SaidBy, score: float | None, family: str = "medical_claim") -> Finding:
    rule = f"{family}.likeness" if said_by == "likeness" else f"{family}.cure"
    return Finding(family=family, rule=rule, article="", span=(0, 1), matched="", said_by=said_by, score=score)


@pytest.mark.parametrize(
    ("found", "flagged", "kind", "outcome"),
    [
        ([], [], "host_speech", "clean"),
        ([], ["misleading"], "host_speech", "suspected"),
        ([], ["misleading"], "comment", "clean"),
        ([], ["abuse"], "host_speech", "clean"),
        ([finding("rule", 0.1)], [], "host_speech", "breach"),
        ([finding("rule", None)], [], "comment", "breach"),
        ([finding("both", 0.9)], ["misleading"], "brand_post", "breach"),
        ([finding("likeness", 0.6)], [], "host_speech", "breach"),
        ([finding("likeness", 0.3)], [], "host_speech", "suspected"),
        ([finding("likeness", 0.3), finding("rule", None, "privacy_leak")], [], "host_speech", "breach"),
    ],
)
def test_verdict_is_the_worst_that_a_part_may_say_alone(
    found: list[Finding], flagged: list[str], kind: TextKind, outcome: Outcome
) -> None:
    assert verdict(found, {"misleading": 0.7}, flagged, kind).outcome == outcome


def test_verdict_shows_what_each_part_says_of_each_family() -> None:
    parts = verdict([finding("both", 0.9), finding("likeness", 0.2, "health_food")], {}, [], "host_speech")
    assert parts.families == (
        FamilyVerdict("medical_claim", "breach", ("medical_claim.cure",), 0.9),
        FamilyVerdict("health_food", "suspected", (), 0.2),
    )
    assert parts.misleading is None


@pytest.mark.parametrize(
    "text",
    [
        "订单号2026112900123456",
        "快递单号773012345678901 到哪了",
        "EAN 4006381333931",
        "order 114-2345678-9012345",
        "房间号 8812345",
    ],
)
def test_number_that_the_rules_know_is_no_matter_of_privacy(text: str) -> None:
    assert agreed_flags(["complaint", "privacy"], text, []) == ["complaint"]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("订单号2026112900123456，我的地址被你们泄露了", []),
        ("打***********", []),
        ("人肉他 88123456", []),
        ("my order 998877665544 and my address are on their page", []),
        ("查开房 8812345", [finding("rule", None, "privacy_leak")]),
        ("他家的照片都被发出来了", []),
    ],
)
def test_flag_of_privacy_stands_where_rule_or_text_agrees(text: str, findings: list[Finding]) -> None:
    assert agreed_flags(["privacy"], text, findings) == ["privacy"]
