"""Alerts through a Redis that was emptied or restored: what fired before is not over, it is unknown.

Detection reads its topics again from where Redis stands now, and finds the same alerts anew. Until a partition's offset
has come back to where it was seen, what fired is held, since an alert that is missing for a scrape is told as resolved:

    offset seen     200   210 |  0    90   180   210        emptied at |
    alerts           A B   A B|            A     A
    told             A B   A B|  A B  A B  A B   A
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from streams.alerts.alert import Alert

log = logging.getLogger(__name__)

HELD_SECONDS = 3_600.0
"""Held for no longer: a topic that was made anew never comes back to the offset."""
Offsets = Mapping[tuple[str, int], int]


class HeldAlerts:
    """`held()` gives the alerts of a scrape, from any thread. Both readings may raise Unavailable."""

    def __init__(
        self,
        active: Callable[[], Sequence[Alert]],
        offsets: Callable[[], Offsets],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._active = active
        self._offsets = offsets
        self._seconds = seconds
        self._lock = threading.Lock()
        self._highest: dict[tuple[str, int], int] = {}
        self._told: Sequence[Alert] = ()
        self._behind_since: float | None = None

    def __call__(self) -> Sequence[Alert]:
        # Offsets last: what is emptied between the two readings shows in them.
        active, offsets = self._active(), self._offsets()
        with self._lock:
            return self._held(active, offsets)

    def _held(self, active: Sequence[Alert], offsets: Offsets) -> Sequence[Alert]:
        if not self._is_behind(offsets):
            self._highest.update(offsets)
            self._told = active
            return active
        known = {alert.fingerprint for alert in active}
        return [*active, *(alert for alert in self._told if alert.fingerprint not in known)]

    def _is_behind(self, offsets: Offsets) -> bool:
        behind = any(offsets.get(where, 0) < highest for where, highest in self._highest.items())
        if behind and self._behind_since is None:
            self._behind_since = self._seconds()
            log.warning(
                "Redis was emptied or restored: %d firing alerts are held until detection has caught up",
                sum(alert.state == "firing" for alert in self._told),
            )
        elif not behind and self._behind_since is not None:
            log.warning("Detection has caught up with where Redis was; alerts are as it finds them")
            self._behind_since = None
        if self._behind_since is not None and self._seconds() - self._behind_since > HELD_SECONDS:
            self._highest, self._behind_since = {}, None
            return False
        return behind
