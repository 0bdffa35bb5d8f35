"""Everything that is counted expires. To tell Redis so at each write would double its work, so a key's time to live is
set again only when some of it has run."""

from collections.abc import Iterable

from streams.clock import Clock

REFRESH_PART = 8
"""A key's time to live is set again after an eighth of it, so it expires that much early at worst."""
SUFFIXES_HELD = 200_000


class Expiry:
    """One partition's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due_ms: dict[str, int] = {}

    def due(self, suffixes: Iterable[str], ttl_seconds: int) -> dict[str, int]:
        """Those whose time to live must be set with this write."""
        now_ms, due_ms = self._clock(), self._due_ms
        if len(due_ms) > SUFFIXES_HELD:
            due_ms.clear()
        due = [suffix for suffix in suffixes if due_ms.get(suffix, 0) <= now_ms]
        next_ms = now_ms + ttl_seconds * 1000 // REFRESH_PART
        due_ms.update(dict.fromkeys(due, next_ms))
        return dict.fromkeys(due, ttl_seconds)
