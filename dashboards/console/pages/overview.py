"""The first page: what goes on now, the worst first."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from dashboards.alert_order import gravest_first
from dashboards.console.pages.health import MonitorHealth, monitor_health
from dashboards.console.pages.shared import AlertSummary, summaries
from dashboards.console.sources import PageSources
from dashboards.readers import Readers
from dashboards.snapshot import by_brand, text_count
from streams.alerts.alert import SEVERITIES, Alert, Severity
from streams.control.decisions import Decision, ends
from streams.engagement.reader import ScopeTotals

ROOM_MINUTES = 5
MAX_ROOMS = 100
MAX_BRANDS = 60
MAX_ALERTS = 60
MAX_RESOLVED = 6


class RoomLine(msgspec.Struct, frozen=True):
    """A room's last five minutes."""

    room_id: str
    brand_id: str
    source: str
    ended: bool
    viewers: int | None
    comments: int
    likes: int
    orders: int
    paid_value: int


class BrandLine(msgspec.Struct, frozen=True):
    """A brand's last hour of scored texts."""

    brand_id: str
    texts: int
    sentiments: Mapping[str, int]
    risks: Mapping[str, int]
    firing: int


class OverviewAlerts(msgspec.Struct, frozen=True):
    """Firing ones, those that were called false alarms, then those that resolved lately; with what people decided.

    The gravest come first, and with each the others of its room (of its brand, where it has no room).
    """

    shown: Sequence[AlertSummary]
    firing: int
    """Without false alarms, which are over for people."""
    by_severity: Mapping[Severity, int]
    """Those that fire, by severity, the gravest first."""
    hidden: int
    """Those of them that are not among `shown`: the least grave."""
    decided: Mapping[str, Decision]


class OverviewPage(msgspec.Struct, frozen=True):
    """The page."""

    sight: MonitorHealth
    alerts: OverviewAlerts
    rooms: Sequence[RoomLine]
    brands: Sequence[BrandLine]


def view(sources: PageSources, _key: str = "") -> OverviewPage:
    """Raises Unavailable."""
    readers = sources.readers
    present_ms = readers.present_ms()
    active = [alert for alert in readers.alerts.active() if alert.state == "firing"]
    return OverviewPage(
        sight=monitor_health(sources),
        alerts=_alerts(readers, active),
        rooms=_rooms(readers, present_ms),
        brands=_brands(readers, present_ms, readers.decisions.alarming(active)),
    )


def _alerts(readers: Readers, active: Sequence[Alert]) -> OverviewAlerts:
    resolved = gravest_first(readers.alerts.resolved())[:MAX_RESOLVED]
    decided = readers.decisions.standing([alert.fingerprint for alert in [*active, *resolved]])
    false = [alert for alert in active if ends(decided.get(alert.fingerprint))]
    active = [alert for alert in active if alert not in false]
    firing = by_place(gravest_first(active, decided)[:MAX_ALERTS])
    counts = Counter(alert.severity for alert in active)
    return OverviewAlerts(
        shown=summaries([*firing, *gravest_first(false)[:MAX_RESOLVED], *resolved], decided),
        firing=len(active),
        by_severity={name: counts[name] for name in reversed(SEVERITIES) if counts[name]},
        hidden=len(active) - len(firing),
        decided=decided,
    )


def by_place(alerts: Sequence[Alert]) -> list[Alert]:
    """The alerts of a room together, where its first one stood."""
    places: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        places.setdefault((alert.brand_id, alert.room_id or ""), []).append(alert)
    return [alert for together in places.values() for alert in together]


def _rooms(readers: Readers, present_ms: int) -> list[RoomLine]:
    lines = readers.engagement.all_scopes("room", ROOM_MINUTES, present_ms)
    largest = sorted(lines, key=lambda room: (-(lines[room].viewers_now or 0), -_going_on(lines[room]), room))
    heads = readers.views.rooms(largest[:MAX_ROOMS])
    rows = []
    for room_id in largest[:MAX_ROOMS]:
        head, line = heads.get(room_id), lines[room_id]
        rows.append(
            RoomLine(
                room_id, head.brand_id if head else "", head.source if head else "", head.ended if head else False,
                line.viewers_now, line.sums["comments"], line.sums["likes"], line.sums["orders"],
                line.sums["paid_value"],
            )
        )  # fmt: skip
    return rows


def _going_on(line: ScopeTotals) -> int:
    return sum(line.sums.values())


def _brands(readers: Readers, present_ms: int, alarming: Sequence[Alert]) -> list[BrandLine]:
    counted = by_brand(text_count(texts) for texts in readers.views.texts(present_ms))
    firing = [alert.brand_id for alert in alarming]
    return [
        BrandLine(brand.brand_id, brand.texts, brand.sentiments, brand.risks, firing.count(brand.brand_id))
        for brand in counted[:MAX_BRANDS]
    ]
