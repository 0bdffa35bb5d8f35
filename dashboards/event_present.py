"""The events' own present: windows end there, not at the wall clock, so that a replay of last year's stream has live
rooms too."""

from dataclasses import dataclass


@dataclass
class EventPresent:
    """The newest event time, which goes on with the wall clock while nothing comes, and is never beyond it: nothing has
    happened yet that a feed says happens in an hour. All times are milliseconds.

    newest event    10:00 ·  10:05 ·  ·  ·        wall    15:00 15:01 15:02 15:03 15:04
    the present     10:00 10:01 10:05 10:06 10:07
    """

    newest_ms: int = 0
    received_at_ms: int = 0
    ahead_ms: int = 0
    """The last event time that was beyond the wall clock; when the clock reaches it, it is no news."""

    def present_ms(self, newest_ms: int, now_ms: int) -> int:
        """The present, given the newest event time and the wall clock."""
        if newest_ms > now_ms:
            self.ahead_ms = newest_ms
            self.newest_ms = self.received_at_ms = now_ms
        elif newest_ms > max(self.newest_ms, self.ahead_ms):
            self.newest_ms, self.received_at_ms = newest_ms, now_ms
        return self.newest_ms + max(0, now_ms - self.received_at_ms)
