"""When a record arrived: its stamp in Kafka, unless that is a feed's word which the records around it contradict.

The broker stamps the records of the topics that we make, and its clock goes on evenly. In older topics each feed stamps
its own, and one of them may be wrong. So a stamp far beyond the log so far moves time only when it is confirmed: by
another feed, or by three records of one feed in a row. A record near the log so far refutes it, and a feed that was
refuted by others is not asked again while they speak:

    stamps of A     10:00   10:01           10:02           10:03
    stamps of B                     11:05           11:06          refuted at 10:02; 11:06 is not even pending
    the log is at   10:00   10:01   10:01   10:02   10:02   10:03

What is far depends on the partition's pace: where a record comes every ten minutes, half an hour is not.
"""

from streams.clock import HOUR_MS, MINUTE_MS
from streams.ledger.stored import Stored

JUMP_MS = 2 * MINUTE_MS
JUMP_PACES = 4.0
CONFIRMING_FEEDS = 2
CONFIRMING_RECORDS = 3
"""In a row, by one feed."""
OVERRULING_RECORDS = 50
"""In a row, by feeds that were refuted: those who refuted them are gone."""
_PACE_STEP = 1 / 8
_MAX_FEEDS = 64
_MAX_PACE_MS = HOUR_MS


class Arrivals(Stored):
    """The running time of one partition of a topic, in milliseconds; never goes back."""

    now_ms: int = 0
    pace_ms: float = 0.0
    """How far a record moves time, smoothed."""
    pending: dict[str, int] = {}
    """Records beyond a jump since the last one before it, by feed."""
    pending_ms: list[int] = []
    """The stamps of these."""
    refuted: dict[str, None] = {}
    """Feeds whose jumps other feeds have refuted, oldest first."""
    in_doubt: bool = False
    """Whether the last record's arrival is not known: its stamp is far beyond the log so far, and may be right."""

    def observe(self, feed: str, stamp_ms: int) -> int:
        """Take in a record's stamp; returns the time at which it arrived, as far as that is known."""
        self.in_doubt = False
        if not self.now_ms:
            self.now_ms = stamp_ms
        elif stamp_ms > self.now_ms + self._jump_ms:
            self._jump(feed, stamp_ms)
        else:
            self._refute(feed, stamp_ms)
            self._advance(max(stamp_ms, self.now_ms))
        return self.now_ms

    @property
    def _jump_ms(self) -> int:
        return max(JUMP_MS, int(JUMP_PACES * self.pace_ms))

    def _jump(self, feed: str, stamp_ms: int) -> None:
        self.pending[feed] = self.pending.get(feed, 0) + 1
        self.pending_ms.append(stamp_ms)
        if self._confirmed():
            self._follow(sorted(self.pending_ms))
        else:
            self.in_doubt = feed not in self.refuted

    def _follow(self, confirmed_ms: list[int]) -> None:
        """Go on to stamps that confirm each other, but for the last, which may be a stray; their pace is the log's."""
        self.now_ms = confirmed_ms[-2]
        self.pace_ms = min((confirmed_ms[-1] - confirmed_ms[0]) / (len(confirmed_ms) - 1), _MAX_PACE_MS)
        self._drop_pending()

    def _drop_pending(self) -> None:
        self.pending, self.pending_ms = {}, []

    def _confirmed(self) -> bool:
        trusted = [records for feed, records in self.pending.items() if feed not in self.refuted]
        return (
            len(trusted) >= CONFIRMING_FEEDS
            or max(trusted, default=0) >= CONFIRMING_RECORDS
            or sum(self.pending.values()) >= OVERRULING_RECORDS
        )

    def _refute(self, feed: str, stamp_ms: int) -> None:
        if stamp_ms < self.now_ms - self._jump_ms:
            return  # it is itself far from the log so far
        self.refuted.pop(feed, None)
        for ahead in self.pending:
            if ahead != feed:
                self.refuted[ahead] = None
        while len(self.refuted) > _MAX_FEEDS:
            del self.refuted[next(iter(self.refuted))]
        self._drop_pending()

    def _advance(self, to_ms: int) -> None:
        self.pace_ms += _PACE_STEP * (to_ms - self.now_ms - self.pace_ms)
        self.now_ms = to_ms
