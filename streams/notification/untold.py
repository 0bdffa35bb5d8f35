"""Alerts of which people miss the beginning or the end: handed to Alertmanager once, under the name that they would
have had.

    alert         F F F F F F R                       fires and resolves
    Prometheus    . . . . . . . . . ^ ^ ^             away, then it sees nothing of it
    relay                           │ hands it over: one message that it began and ended

    alert         F F F F F F F F F R                 fires, is acknowledged, resolves
    Alertmanager  t ─ ─ ─ silence ─ ─ ─ ─             has forgotten that it told anybody, and so tells no end
    relay                           │ hands it over: one message that it is over

What somebody was told, by whatever way, is in `told` (streams.notification.records) and is not handed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streams.alerts.alert import Alert
from streams.alerts.kinds import KINDS
from streams.clock import DAY_MS
from streams.notification.alertmanager import written_time
from streams.notification.records import Told

WAIT_MS = 150_000
"""So long the usual way may take: a scrape, an evaluation, the longest group_wait of a desk, and tries."""
LASTS_MS = 120_000
"""So long an alert that is over fires in Alertmanager, so that it is told."""
FORGOTTEN_MS = DAY_MS
"""What was over earlier is no news."""


@dataclass
class UntoldAlerts:
    """Remembers since when an alert has waited to be told; times are the machine's, for alerts of a replay too."""

    wait_ms: int = WAIT_MS
    _seen_ms: dict[str, int] = field(default_factory=dict)
    _handed: set[str] = field(default_factory=set)
    """Those that were handed over while they fired: Alertmanager hears of them until they are over."""

    def due(self, alerts: Sequence[Alert], told: Told, now_ms: int) -> list[Alert]:
        """Those that fired, of which nobody was told what is the case, and that have waited long enough."""
        waiting = [alert for alert in alerts if _is_news(alert, now_ms) and _is_missed(alert, told)]
        self._seen_ms = {alert.fingerprint: self._seen_ms.get(alert.fingerprint, now_ms) for alert in waiting}
        late = [alert for alert in waiting if now_ms - self._seen_ms[alert.fingerprint] >= self.wait_ms]
        firing = {alert.fingerprint for alert in alerts if alert.state == "firing"}
        again = self._handed & firing - {alert.fingerprint for alert in late}
        self._handed = again | firing & {alert.fingerprint for alert in late}
        return [*late, *(alert for alert in alerts if alert.fingerprint in again)]


def as_alertmanager_has_it(alert: Alert, now_ms: int) -> Mapping[str, Any]:
    """The alert with the labels and annotations that Prometheus' rules give it (deploy/prometheus/rules)."""
    labels = {
        "alertname": KINDS[alert.kind].prometheus, "kind": alert.kind, "severity": alert.severity,
        "brand": alert.brand_id, "room": alert.room_id or "", "platform": alert.platform or "",
        "family": alert.family or "", "fingerprint": alert.fingerprint, "runbook": alert.runbook,
        "first_severity": alert.first_severity or alert.severity,
    }  # fmt: skip
    annotations = {"summary": alert.summary, "runbook": f"dashboards/runbooks/{alert.runbook}"}
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": annotations,
        "startsAt": written_time(min(alert.started_at, now_ms)),
        "endsAt": written_time(now_ms + LASTS_MS),
    }


def _is_missed(alert: Alert, told: Told) -> bool:
    return alert.fingerprint not in (told.over if alert.state == "resolved" else told.of)


def _is_news(alert: Alert, now_ms: int) -> bool:
    """Whether people are told of such an alert; `info` is for the digest, which may miss one."""
    over_ms = alert.resolved_at if alert.resolved_at is not None else now_ms
    return alert.fired_at is not None and alert.severity != "info" and over_ms > now_ms - FORGOTTEN_MS
