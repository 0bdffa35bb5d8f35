"""When a stream begins and ends in a room, from what platforms really say.

    session_start, or the first life with a session id that is new       a stream begins
    session_end                                                          it ends
    life again, five minutes or more after an end                        another begins, whatever its id
    an hour without a word, or longer where the feed had such gaps       it has ended, though nobody said so

Life is what only a running stream has; orders are paid and refunded for days. Several feeds of a room may call the
stream by names of their own: a name that was met before begins nothing.
"""

from streams.clock import MINUTE_MS
from streams.detection.room_event import RoomEvent
from streams.ledger.stored import Stored

LIFE = frozenset({"session_start", "viewers", "enter", "watch", "like", "comment", "gift", "follow", "share", "speech"})
LINGERING_MS = 5 * MINUTE_MS
"""How long the audience of a stream that is over may go on talking, and a repeated message begin the same stream."""
UNSAID_END_MS = 60 * MINUTE_MS
MAX_NAMES = 8


class StreamSession(Stored):
    """The stream that runs in a room, or ran last. Times are milliseconds of event time."""

    session_id: str | None = None
    began_ms: int = 0
    ended_ms: int = 0
    """When it ended; said or not. 0 while it runs."""
    earlier: list[str] = []
    """Session ids that were met before this one, the latest last."""

    def begins(self, event: RoomEvent, *, ended: bool) -> bool:
        """Whether an event is the first of another stream."""
        if event.kind not in LIFE or (event.kind == "viewers" and not event.value):
            return False
        at_ms, new = event.event_time_ms, self._is_new(event)
        if at_ms < self.began_ms:
            return False
        if ended and at_ms - self.ended_ms >= LINGERING_MS:
            return True
        if event.kind == "session_start":
            return ended or new or (event.session_id is None and at_ms - self.began_ms >= LINGERING_MS)
        return new and at_ms >= self.ended_ms

    def is_earlier(self, event: RoomEvent) -> bool:
        """Whether an event belongs to a stream that ran before this one."""
        return event.session_id in self.earlier and event.event_time_ms < self.began_ms

    def begin(self, event: RoomEvent) -> None:
        if self.session_id is not None and self.session_id != event.session_id:
            self.earlier = [*self.earlier, self.session_id][-MAX_NAMES:]
        self.session_id, self.began_ms, self.ended_ms = event.session_id, event.event_time_ms, 0

    def name(self, event: RoomEvent) -> None:
        """Take the id of an event of this stream, where none was known."""
        if self.session_id is None and event.session_id is not None:
            self.session_id = event.session_id

    def _is_new(self, event: RoomEvent) -> bool:
        known = (None, self.session_id, *self.earlier)
        return self.session_id is not None and event.session_id not in known
