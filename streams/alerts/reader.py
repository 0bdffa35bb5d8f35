"""Alerts for the exporter and screens: those that run, the last that resolved, and those of rules in shadow.

A client is a synchronous one that returns bytes. Every call raises Unavailable where Redis does not answer.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from streams.alerts.alert import Alert
from streams.alerts.keys import ACTIVE, RESOLVED, SHADOW
from streams.ledger.reader import ShardDirectory, answers
from streams.topology import DETECTION

_alert = msgspec.json.Decoder(Alert).decode


class AlertReader:
    """Over all partitions of the stage."""

    def __init__(self, client: Any, namespace: str, directory: ShardDirectory | None = None) -> None:
        self._client = client
        self._directory = directory or ShardDirectory(client, namespace)

    def active(self) -> list[Alert]:
        """Pending and firing alerts, the first begun first."""
        return self._alerts(ACTIVE)

    def resolved(self) -> list[Alert]:
        """Alerts that fired and resolved, as many as are kept."""
        return self._alerts(RESOLVED)

    def shadow(self) -> list[Alert]:
        """The last alerts of draft rules, whatever their state; `active` and `resolved` have none of them."""
        return self._alerts(SHADOW)

    def find(self, fingerprints: Sequence[str]) -> dict[str, Alert]:
        """These alerts as they are now or were last, of those that are kept."""
        if not fingerprints:
            return {}
        keys = [prefix + suffix for suffix in (RESOLVED, ACTIVE) for prefix in self._prefixes()]
        replies = answers(self._client, (("HMGET", key, *fingerprints) for key in keys))
        alerts = [_alert(value) for values in replies for value in values if value is not None]
        return {alert.fingerprint: alert for alert in alerts}

    def _alerts(self, hash_suffix: str) -> list[Alert]:
        replies = answers(self._client, (("HVALS", prefix + hash_suffix) for prefix in self._prefixes()))
        alerts = [_alert(value) for values in replies for value in values]
        return sorted(alerts, key=lambda alert: (alert.started_at, alert.fingerprint))

    def _prefixes(self) -> list[str]:
        held = self._directory.partitions(DETECTION)
        return [self._directory.prefix(DETECTION, topic, number) for topic, number in held]
