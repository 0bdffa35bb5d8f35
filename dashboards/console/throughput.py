"""How fast the stages are, from their ledgers' offsets at the readings of the last minute."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

RATE_SECONDS = 60


@dataclass
class Throughput:
    """Records a second by stage. Holds the samples of the last RATE_SECONDS: (time in milliseconds, sum of a stage's
    offsets)."""

    samples: deque[tuple[int, Mapping[str, int]]] = field(default_factory=deque)

    def sample(self, now_ms: int, offsets: Mapping[str, int]) -> dict[str, float | None]:
        """Add a sample and return the rates since the oldest one; None until there is a second between the two."""
        self.samples.append((now_ms, offsets))
        while self.samples[0][0] < now_ms - RATE_SECONDS * 1000:
            self.samples.popleft()
        before_ms, before = self.samples[0]
        seconds = (now_ms - before_ms) / 1000
        return {
            stage: (offset - before.get(stage, 0)) / seconds if seconds >= 1 else None
            for stage, offset in offsets.items()
        }
