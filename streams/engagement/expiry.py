"""Everything that is counted expires. To tell Redis so at each write would double its work, so a key's time to live is
set again only when some of it has run."""

from collections.abc import Iterable

from streams.clock import MINUTE_MS, Clock

REFRESH_MS = 15 * MINUTE_MS
"""A key expires at worst this much too early: a tenth of the shortest time that any is kept."""


class Expiry:
    """One partition's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: set[str] = set()
        self._told_before: set[str] = set()
        self._turn_ms = clock() + REFRESH_MS // 2

    def due(self, suffixes: Iterable[str]) -> list[str]:
        """Those whose time to live must be set with this write: they were not told of lately."""
        if self._clock() >= self._turn_ms:
            self._told_before, self._told = self._told, set()
            self._turn_ms = self._clock() + REFRESH_MS // 2
        due = [suffix for suffix in suffixes if suffix not in self._told and suffix not in self._told_before]
        self._told.update(due)
        return due
