"""The alerts topic in memory: every record of each alert, for its timeline and for links to alerts long resolved.

Texts that an alert quoted and that were deleted since are quoted in none of its records (streams.alerts.withdrawn)."""

import threading
from collections.abc import Sequence

import msgspec

from streams.alerts.alert import Alert
from streams.alerts.withdrawn import without

MAX_ALERTS = 5_000
MAX_RECORDS = 300
"""Of one alert: its first records and its last one."""
_decode = msgspec.json.Decoder(Alert).decode


class AlertLog:
    """The thread that follows Kafka appends; any thread reads. `version` grows with each new record."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, list[Alert]] = {}
        self.version = 0

    def append(self, values: Sequence[bytes | None]) -> None:
        """Add records in the topic's order. A repeated or unreadable one adds nothing."""
        for value in values:
            try:
                alert = _decode(value or b"")
            except (ValueError, RecursionError):
                continue
            self._add(alert)

    def history(self, fingerprint: str) -> list[Alert]:
        """The records of one alert, oldest first; empty for an unknown one."""
        with self._lock:
            return list(self._records.get(fingerprint, ()))

    def latest(self) -> list[Alert]:
        """The last record of every alert that ever fired, the latest first."""
        with self._lock:
            last = [records[-1] for records in self._records.values()]
        return sorted(
            (alert for alert in last if alert.fired_at is not None),
            key=lambda alert: (alert.updated_at, alert.fingerprint),
            reverse=True,
        )

    def _add(self, alert: Alert) -> None:
        with self._lock:
            records = self._records.setdefault(alert.fingerprint, [])
            if alert in records:
                return
            if alert.withdrawn:
                records[:] = [without(earlier, alert.withdrawn) for earlier in records]
            if len(records) >= MAX_RECORDS:
                records.pop()
            records.append(alert)
            if len(self._records) > MAX_ALERTS:
                oldest = min(self._records, key=lambda name: self._records[name][-1].updated_at)
                del self._records[oldest]
            self.version += 1
