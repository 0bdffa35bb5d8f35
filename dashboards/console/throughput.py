"""How fast the stages are: from where their ledgers stood while somebody looked."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

RATE_SECONDS = 60


@dataclass
class Throughput:
    """Records a second by stage, from where the ledgers stood over the last minute."""

    stood: deque[tuple[int, Mapping[str, int]]] = field(default_factory=deque)

    def look(self, now_ms: int, stood: Mapping[str, int]) -> dict[str, float | None]:
        """None where it was not looked at for long enough."""
        self.stood.append((now_ms, stood))
        while self.stood[0][0] < now_ms - RATE_SECONDS * 1000:
            self.stood.popleft()
        before_ms, before = self.stood[0]
        seconds = (now_ms - before_ms) / 1000
        return {
            stage: (offset - before.get(stage, 0)) / seconds if seconds >= 1 else None
            for stage, offset in stood.items()
        }
