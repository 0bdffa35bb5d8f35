"""What is counted expires. To set each key's time to live at each write would double Redis's work, so it is set again
only when part of it has run."""

from collections.abc import Iterable

from streams.clock import MINUTE_MS, Clock

REFRESH_MS = 15 * MINUTE_MS
"""A key expires at most this much too early: a tenth of the shortest time to live."""


class Expiry:
    """Which of a partition's keys had their time to live set lately: in this half of REFRESH_MS or the one before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._set_lately: set[str] = set()
        self._set_before: set[str] = set()
        self._half_ends_ms = clock() + REFRESH_MS // 2

    def needing_ttl(self, suffixes: Iterable[str]) -> list[str]:
        """Those whose time to live must be set with this write."""
        if self._clock() >= self._half_ends_ms:
            self._set_before, self._set_lately = self._set_lately, set()
            self._half_ends_ms = self._clock() + REFRESH_MS // 2
        needing = [suffix for suffix in suffixes if suffix not in self._set_lately and suffix not in self._set_before]
        self._set_lately.update(needing)
        return needing
