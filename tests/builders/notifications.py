"""Notifications as Alertmanager sends them."""

from typing import Any

import msgspec

from streams.notification.alertmanager import Notification

HOSTILE = "a<b>&*_`[x](http://evil.example)@all<!channel><at id=all></at>\n# h\u202e\x1b[2J"
"""Markup of every receiver, a mention, an address, a line break, a reversal of the reading direction, a terminal's."""


def notice(
    fingerprint: str = "f1", status: str = "firing", severity: str = "critical", **labels: str
) -> dict[str, Any]:
    told = {"alertname": "Crisis", "severity": severity, "brand": "b1", "fingerprint": fingerprint, **labels}
    return {
        "status": status,
        "labels": told,
        "annotations": {"summary": f"crisis: brand {told['brand']}", "runbook": "dashboards/runbooks/crisis.md"},
        "startsAt": "2026-11-25T10:00:00.123Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": f"am-{fingerprint}",
    }


def sent(*alerts: dict[str, Any], status: str = "firing", truncated: int = 0) -> dict[str, Any]:
    """The body of the webhook."""
    return {
        "version": "4", "groupKey": "{}:{alertname=Crisis}", "receiver": "on-call", "status": status,
        "alerts": list(alerts), "truncatedAlerts": truncated, "groupLabels": {"alertname": "Crisis"},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://alertmanager",
    }  # fmt: skip


def notification(*alerts: dict[str, Any], status: str = "firing", truncated: int = 0) -> Notification:
    return msgspec.convert(sent(*alerts, status=status, truncated=truncated), Notification)
