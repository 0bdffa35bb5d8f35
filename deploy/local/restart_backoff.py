"""When a server that ended is started again: after a second, then later and later."""

from dataclasses import dataclass, field

from streams.backoff import Backoff

WAITS = Backoff(first_seconds=1.0, max_seconds=30.0)
HEALTHY_SECONDS = 60.0


@dataclass
class RestartBackoff:
    """The backoff of one server; seconds are those of a monotonic clock that is passed in.

    ended at     0 s   10 s   20 s   30 s   100 s (after a minute of life)
    started at   1     12     24     38     101
    """

    wait_seconds: float = WAITS.first_seconds
    due_seconds: float | None = None
    started_seconds: float = field(default=float("-inf"))

    def ended(self, now_seconds: float) -> None:
        """The server was found ended at `now_seconds`; may be called again until it is started."""
        if self.due_seconds is not None:
            return
        if now_seconds - self.started_seconds > HEALTHY_SECONDS:
            self.wait_seconds = WAITS.first_seconds
        self.due_seconds = now_seconds + self.wait_seconds
        self.wait_seconds = WAITS.after(self.wait_seconds)

    def due(self, now_seconds: float) -> bool:
        """Whether the server is to be started at `now_seconds`."""
        return self.due_seconds is not None and now_seconds >= self.due_seconds

    def started(self, now_seconds: float) -> None:
        """The server was started at `now_seconds`."""
        self.due_seconds = None
        self.started_seconds = now_seconds
