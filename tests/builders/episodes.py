"""Episodes as Redis has them: what messages are written from."""

from typing import Any

import msgspec

from streams.alerts.alert import Alert, Evidence
from streams.control.decisions import Decision, Verdict
from streams.events.schema import Coordinates, Finding
from streams.notification.sentences import KnownAlert

MINUTE_MS = 60_000
ONSET_MS = 1_796_032_800_000
"""2026-11-30 10:00 UTC."""
NOW_MS = ONSET_MS + 12 * MINUTE_MS


def said(text: str, count: int = 1, **facts: Any) -> Evidence:
    origin = Coordinates("social.interactions", 0, 7)
    return Evidence(origin, ONSET_MS, text, platform="weibo", count=count, **facts)


def crisis(**changes: Any) -> Alert:
    """A crisis that grew, twelve minutes in."""
    facts: dict[str, Any] = {
        "fingerprint": "f1", "kind": "crisis", "severity": "critical", "state": "firing", "brand_id": "山野",
        "started_at": ONSET_MS, "updated_at": NOW_MS, "fired_at": ONSET_MS + MINUTE_MS, "summary": "",
        "explanation": "", "runbook": "crisis.md", "first_severity": "warning", "window_minutes": 5,
        "observed": {"texts": 392.0, "harmful": 310.0, "positive": 4.0}, "baseline": {"texts": 12.4, "harmful": 0.8},
        "present": {"texts": 61.0, "texts_per_minute": 8.0},
        "evidence": [said("喝完上吐下泻，打 13812345678 没人接", 41)],
    }  # fmt: skip
    return Alert(**(facts | changes))


def breach(**changes: Any) -> Alert:
    """A medical claim in a room, nine times."""
    finding = Finding("medical_claim", "medical_claim.cure", "广告法 17", (0, 4), "根治湿疹", "warning")
    facts: dict[str, Any] = {
        "fingerprint": "f2", "kind": "compliance", "severity": "warning", "state": "firing", "brand_id": "acme",
        "room_id": "room-105", "platform": "douyin", "family": "medical_claim", "started_at": ONSET_MS,
        "updated_at": NOW_MS, "fired_at": ONSET_MS, "summary": "", "explanation": "", "runbook": "compliance.md",
        "first_severity": "warning", "observed": {"findings": 9.0}, "baseline": {"findings": 0.0},
        "evidence": [said("三天根治湿疹，不用再吃药了", 3, findings=[finding])],
    }  # fmt: skip
    return Alert(**(facts | changes))


def of_room(kind: str, **changes: Any) -> Alert:
    """An alert of a room, with the figures of its kind."""
    figures: dict[str, dict[str, Any]] = {
        "room_collapse": {
            "observed": {"viewers": 90.0}, "baseline": {"viewers": 1500.0}, "present": {"viewers": 130.0},
            "factors": {"lost": 0.94},
        },
        "fake_traffic": {"factors": {"likes": 0.62, "enters": 0.31}},
        "feed_silent": {
            "source": "douyin-live", "observed": {"quiet_minutes": 21.0}, "baseline": {"largest_gap_minutes": 1.5},
        },
    }  # fmt: skip
    plain = msgspec.structs.replace(breach(), kind=kind, family=None, evidence=[], observed={}, baseline={})
    return msgspec.structs.replace(plain, **(figures[kind] | changes))


def known(alert: Alert, verdict: Verdict | None = None) -> dict[str, KnownAlert]:
    """What Redis has of the alert, by its fingerprint."""
    decision = None
    if verdict is not None:
        decision = Decision(verdict, "Lin", NOW_MS, alert.kind, alert.severity, alert.brand_id)
    return {alert.fingerprint: KnownAlert(alert, decision)}
