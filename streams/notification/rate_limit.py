"""A receiver's rate limit, kept on our side: a receiver that throttles us takes nothing for minutes."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limit:
    """At most `messages` in any span of `seconds`."""

    messages: int
    seconds: float


@dataclass
class RateLimiter:
    """Says when the next message may go; `now` is in seconds of a monotonic clock.

    Two a second:   sent at 0.0 and 0.3    asked at 0.4 → wait 0.6    asked at 1.0 → 0.0
    """

    limits: Sequence[Limit]
    _sent: deque[float] = field(default_factory=deque)

    def wait_seconds(self, now: float) -> float:
        """Seconds to wait at `now`; 0 where a message may go at once."""
        waits = [self._sent[-limit.messages] + limit.seconds - now for limit in self.limits if self._full(limit)]
        return max(0.0, *waits) if waits else 0.0

    def sent(self, now: float) -> None:
        """Record that a message was sent at `now`, whatever the answer."""
        self._sent.append(now)
        while len(self._sent) > max((limit.messages for limit in self.limits), default=0):
            self._sent.popleft()

    def _full(self, limit: Limit) -> bool:
        return len(self._sent) >= limit.messages
