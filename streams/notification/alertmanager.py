"""What Alertmanager's webhook sends (version 4), and times as it writes them."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

Status = Literal["firing", "resolved"]


class AlertmanagerAlert(
    msgspec.Struct,
    frozen=True,
    rename={"starts_at": "startsAt", "ends_at": "endsAt", "generator_url": "generatorURL"},
):
    """One alert."""

    status: Status
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str
    fingerprint: str
    ends_at: str = "0001-01-01T00:00:00Z"
    generator_url: str = ""

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")

    @property
    def severity(self) -> str:
        return self.labels.get("severity", "")

    @property
    def episode(self) -> str:
        """The fingerprint of the episode in our records; empty for what has none, or shares a series with others."""
        fingerprint = self.labels.get("fingerprint", "")
        return "" if fingerprint == "other" else fingerprint

    @property
    def key(self) -> str:
        """What names it for a receiver: the episode, which keeps its name when its severity or kind changes."""
        return self.episode or self.fingerprint


class Notification(
    msgspec.Struct,
    frozen=True,
    rename={
        "group_key": "groupKey",
        "truncated_alerts": "truncatedAlerts",
        "group_labels": "groupLabels",
        "common_labels": "commonLabels",
        "common_annotations": "commonAnnotations",
        "external_url": "externalURL",
    },
):
    """A group of alerts that is sent at once."""

    receiver: str
    status: Status
    alerts: list[AlertmanagerAlert]
    group_key: str
    version: str = "4"
    truncated_alerts: int = 0
    group_labels: dict[str, str] = {}
    common_labels: dict[str, str] = {}
    common_annotations: dict[str, str] = {}
    external_url: str = ""


_decode = msgspec.json.Decoder(Notification).decode


def read(body: bytes) -> Notification:
    """The notification in a request's body. Raises ValueError where it is none, or has no alerts."""
    try:
        notification = _decode(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not notification.alerts:
        raise ValueError("a notification without alerts")
    return notification


def written_time(at_ms: int, precision: Literal["seconds", "milliseconds"] = "milliseconds") -> str:
    """A time as Alertmanager writes it: RFC 3339, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def read_time(written: str) -> int | None:
    """Milliseconds since the epoch of a time that it wrote, with whatever offset; None where it is none."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
