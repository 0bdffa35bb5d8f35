"""What time it is for a brand or a room: its own events' time, and while it is idle the log's.

A replay of last year's records and a live feed give the same alerts, since nothing here asks the machine for the time:

    record (event 12:00:00, log 18:00:00)   the key's time is 12:00:00
    record (event 12:00:40, log 18:00:02)   12:00:40
    record (event 12:00:10, log 18:00:03)   12:00:41: out of order, and a second of the log has passed
    another key's record at log 18:05:02    12:05:40: the key was idle for five minutes of log time
"""

import msgspec


class EventClock(msgspec.Struct, array_like=True):
    """The running time of one key; never goes back."""

    now_ms: int
    log_ms: int

    def heard(self, event_ms: int, log_ms: int) -> int:
        """A record of the key; returns the key's time."""
        self.idle(log_ms)
        self.now_ms = max(self.now_ms, event_ms)
        return self.now_ms

    def idle(self, log_ms: int) -> int:
        """The log has come to `log_ms` without a record of the key; returns the key's time."""
        passed_ms = log_ms - self.log_ms
        if passed_ms > 0:
            self.now_ms += passed_ms
            self.log_ms = log_ms
        return self.now_ms
