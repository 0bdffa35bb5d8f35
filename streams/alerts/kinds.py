"""THE ALERT KINDS: a kind is one entry here, and whatever shows, routes or explains alerts reads it from here.

Read or generated from this table: the Prometheus rules (deploy/prometheus/rules/detections.yml), the words of
messages and of the console, the exporter's closed label sets, the reference page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

AlertKind = Literal[
    "crisis", "cyber_violence", "opportunity", "surge", "compliance", "privacy", "room_collapse", "fake_traffic",
    "feed_silent", "feed_time",
]  # fmt: skip
"""`surge`: far more talk than usual that is neither harm nor praise (yet). `opportunity` and `surge` page nobody."""

Route = Literal["brand-desk", "compliance-desk", "live-desk", "digest"]
"""The receiver of a warning; `critical` goes to on-call as well, `info` to the digest."""


@dataclass(frozen=True)
class Kind:
    """What there is to say about every alert of a kind."""

    id: AlertKind
    prometheus: str
    """Its alert's name in Prometheus and Alertmanager."""
    runbook: str
    """A page below dashboards/runbooks."""
    en: str
    zh: str
    """Simplified Chinese; the traditional form is made of it."""
    key_figure: str | None
    """The figure among `Alert.observed` that says how bad it is; None where a share of several figures does."""
    route: Route


KINDS: Mapping[AlertKind, Kind] = MappingProxyType(
    {
        kind.id: kind
        for kind in (
            Kind("crisis", "Crisis", "crisis.md", "Crisis", "舆情危机", "texts", "brand-desk"),
            Kind(
                "cyber_violence", "CyberViolence", "cyber-violence.md", "Violence against a person", "网络暴力",
                "texts", "brand-desk",
            ),
            Kind("opportunity", "Opportunity", "opportunity.md", "Burst of praise", "好评爆发", "texts", "digest"),
            Kind("surge", "Surge", "surge.md", "Surge of talk", "声量激增", "texts", "digest"),
            Kind("compliance", "Compliance", "compliance.md", "Breach", "违规", "findings", "compliance-desk"),
            Kind("privacy", "Privacy", "privacy.md", "Personal data", "泄露个人信息", "findings", "compliance-desk"),
            Kind(
                "room_collapse", "RoomCollapse", "room-collapse.md", "Room collapse", "直播间骤降",
                "viewers", "live-desk",
            ),
            Kind("fake_traffic", "FakeTraffic", "fake-traffic.md", "Fake traffic", "虚假流量", None, "live-desk"),
            Kind(
                "feed_silent", "FeedSilent", "feed-silent.md", "Feed silent", "数据源静默",
                "quiet_minutes", "brand-desk",
            ),
            Kind(
                "feed_time", "FeedTime", "feed-time.md", "Feed's clock is off", "数据源时钟偏差",
                "offset_minutes", "brand-desk",
            ),
        )
    }
)  # fmt: skip
assert tuple(KINDS) == get_args(AlertKind)
