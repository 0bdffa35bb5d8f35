"""What time it is for a brand or a room: its own events' time, and while it is idle the log's.

A replay of last year's records and a live feed give the same alerts, since nothing here asks the machine for the time.
A brand's texts come by several partitions of their sources, and scoring may be minutes behind in one of them. A brand's
time is the minimum over these partitions, so that texts of a lagging one are not late, but never more than
MAX_SOURCE_LAG_MS behind the maximum.

    record of A (event 12:00:00, log 18:00:00)   the brand's time is 12:00:00
    record of B (event 12:00:10, log 18:00:10)   12:00:00: A may have more to say
    record of A (event 12:00:40, log 18:00:40)   12:00:10: now B may
    other brands' records in A and B, 18:05:40   12:05:40: neither has said anything for five minutes of its log
"""

from streams.clock import MINUTE_MS
from streams.ledger.stored import Stored

MAX_SOURCE_LAG_MS = 40 * MINUTE_MS
"""A partition that is further behind is not waited for. While one is behind, bursts are still found in the texts that
have come; only what needs all texts (baselines, recovery, silence) waits."""


class SourceProgress(Stored):
    """How far the log has come, by source partition: shared by all keys of a partition of the detector's input."""

    by_source: dict[str, int] = {}
    in_doubt: bool = False
    """Whether the arrival of the last record is not known (streams.detection.arrival)."""

    def observe(self, source: str, log_ms: int) -> None:
        """Take in a record's log time. A source that falls too far behind is kept, since other keys still need it."""
        self.by_source[source] = max(log_ms, self.by_source.get(source, 0))

    @property
    def low_ms(self) -> int:
        """The log time that every source has passed which is not too far behind; 0 before the first record."""
        gone_ms = max(self.by_source.values(), default=0) - MAX_SOURCE_LAG_MS
        return min((at_ms for at_ms in self.by_source.values() if at_ms >= gone_ms), default=0)


class Head(Stored):
    """The newest that a key has from one source."""

    event_ms: int
    log_ms: int

    def projected_ms(self, log_ms: int) -> int:
        """The key's time by this source when the source's log is at `log_ms`."""
        return self.event_ms + max(0, log_ms - self.log_ms)


class KeyWatermark(Stored):
    """The running time of one key; never goes back."""

    now_ms: int
    heads: dict[str, Head] = {}

    @property
    def newest_ms(self) -> int:
        """The newest event so far; the key's time goes on from there while it is idle."""
        return max((head.event_ms for head in self.heads.values()), default=self.now_ms)

    def observe(self, source: str, event_ms: int, log: SourceProgress) -> int:
        """Take in a record of the key, after `log` has; returns the key's time."""
        self.advance(log)
        head = self.heads.setdefault(source, Head(event_ms, 0))
        head.event_ms, head.log_ms = max(head.event_ms, event_ms), log.by_source.get(source, head.log_ms)
        self._forget(log)
        return self.advance(log)

    def advance(self, log: SourceProgress) -> int:
        """Follow the log, which may have moved on without the key; returns the key's time."""
        projections_ms = self._projections_ms(log)
        if projections_ms:
            low_ms, high_ms = min(projections_ms.values()), max(projections_ms.values())
            self.now_ms = max(self.now_ms, low_ms, high_ms - MAX_SOURCE_LAG_MS)
        return self.now_ms

    def _projections_ms(self, log: SourceProgress) -> dict[str, int]:
        return {name: head.projected_ms(log.by_source.get(name, head.log_ms)) for name, head in self.heads.items()}

    def _forget(self, log: SourceProgress) -> None:
        projections_ms = self._projections_ms(log)
        gone_ms = max(projections_ms.values()) - MAX_SOURCE_LAG_MS
        for name in [name for name, at_ms in projections_ms.items() if at_ms < gone_ms]:
            del self.heads[name]
