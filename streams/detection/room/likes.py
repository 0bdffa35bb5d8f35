"""A room's likes by its platform's own running total, where the messages themselves are a sample.

    total told       1000   1010      –   1020        each message brought 3 likes; one told no total
    likes counted       3     10      3      7

The first total is a baseline. A lower one is noise, or another collector's; FALLS of them running, each sent after the
highest, are a total that begins anew. What a total grew by in more than a minute is not of this minute: then the
message counts as it is.
"""

from streams.clock import MINUTE_MS
from streams.detection.room_event import MAX_VALUE
from streams.ledger.stored import Stored

FALLS = 3


class RoomLikes(Stored):
    """How far a room's total was heard in its session, and the likes heard beside it that it has yet to tell."""

    total: int | None = None
    at_ms: int = 0
    beside: int = 0
    falls: int = 0

    def grown(self, likes: int, total: int | None, at_ms: int) -> int:
        """How many likes a message tells of that were not heard of before."""
        if total is None:
            self.beside = min(MAX_VALUE, self.beside + likes)
            return likes
        if self.total is None:
            self._begin(total - likes, at_ms)
        elif total < self.total:
            self.falls += at_ms > self.at_ms
            if self.falls < FALLS:
                return 0
            self._begin(total - likes, at_ms)
        grown, lately = total - (self.total or 0), at_ms - self.at_ms <= MINUTE_MS
        new, self.beside = max(0, grown - self.beside), max(0, self.beside - grown)
        self.total, self.at_ms, self.falls = total, max(self.at_ms, at_ms), 0
        return new if lately else min(new, likes)

    def _begin(self, total: int, at_ms: int) -> None:
        self.total, self.at_ms, self.beside = max(0, total), at_ms, 0
