"""What time it is for a brand or a room: its own events' time, and while it is idle the log's.

A replay of last year's records and a live feed give the same alerts, since nothing here asks the machine for the time.
A brand's texts come by several partitions of their sources, and scoring may be minutes behind in one of them: the time
of the brand is that of the partition that lags, lest its texts be late, but at most HOLD_MS behind the one that leads.

    record of A (event 12:00:00, log 18:00:00)   the brand's time is 12:00:00
    record of B (event 12:00:10, log 18:00:10)   12:00:00: A may have more to say
    record of A (event 12:00:40, log 18:00:40)   12:00:10: now B may
    other brands' records in A and B, 18:05:40   12:05:40: neither has said anything for five minutes of its log
"""

from streams.clock import MINUTE_MS
from streams.ledger.stored import Stored

MAX_SOURCE_LAG_MS = 40 * MINUTE_MS
"""A partition that is further behind has nothing more to say, or too late. While one is behind, bursts are still seen
in the texts that have come; only what needs the whole (baselines, recovery, silence) waits."""


class SourceProgress(Stored):
    """How far the log has come, by source partition: of all keys that share a partition of the detector's input."""

    by_source: dict[str, int] = {}

    def heard(self, source: str, log_ms: int) -> None:
        """A record. A source that falls too far behind is kept: its keys' time must not depend on who looked when."""
        self.by_source[source] = max(log_ms, self.by_source.get(source, 0))

    @property
    def low_ms(self) -> int:
        """What every source has passed that is not too far behind; 0 where nothing was heard."""
        gone_ms = max(self.by_source.values(), default=0) - MAX_SOURCE_LAG_MS
        return min((at_ms for at_ms in self.by_source.values() if at_ms >= gone_ms), default=0)


class Head(Stored):
    """The newest that a key has from one source."""

    event_ms: int
    log_ms: int

    def reading_ms(self, log_ms: int) -> int:
        """The key's time by this source, which runs on with the source's log."""
        return self.event_ms + max(0, log_ms - self.log_ms)


class KeyWatermark(Stored):
    """The running time of one key; never goes back."""

    now_ms: int
    heads: dict[str, Head] = {}

    def heard(self, source: str, event_ms: int, log: SourceProgress) -> int:
        """A record of the key, which the log has taken in; returns the key's time."""
        self.idle(log)
        head = self.heads.setdefault(source, Head(event_ms, 0))
        head.event_ms, head.log_ms = max(head.event_ms, event_ms), log.by_source.get(source, head.log_ms)
        self._forget(log)
        return self.idle(log)

    def idle(self, log: SourceProgress) -> int:
        """The log has moved on, perhaps without the key; returns the key's time."""
        readings_ms = self._readings_ms(log)
        if readings_ms:
            low_ms, high_ms = min(readings_ms.values()), max(readings_ms.values())
            self.now_ms = max(self.now_ms, low_ms, high_ms - MAX_SOURCE_LAG_MS)
        return self.now_ms

    def _readings_ms(self, log: SourceProgress) -> dict[str, int]:
        return {name: head.reading_ms(log.by_source.get(name, head.log_ms)) for name, head in self.heads.items()}

    def _forget(self, log: SourceProgress) -> None:
        readings_ms = self._readings_ms(log)
        gone_ms = max(readings_ms.values()) - MAX_SOURCE_LAG_MS
        for name in [name for name, at_ms in readings_ms.items() if at_ms < gone_ms]:
            del self.heads[name]
