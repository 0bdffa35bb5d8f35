"""A clock that stands still between sleeps, and a sink that remembers: a feed's surroundings without a server."""

from dataclasses import dataclass, field

from streams.ingest.player import TimedRecord


@dataclass
class Wall:
    """A clock that only sleeping moves on."""

    now_ms: int = 1_790_000_000_000
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> int:
        return self.now_ms

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_ms += round(seconds * 1000)


@dataclass
class ListSink:
    """Keeps records with the wall time at which they came."""

    wall: Wall
    sent: list[tuple[int, TimedRecord]] = field(default_factory=list)
    flushed: int = 0

    def send(self, record: TimedRecord) -> None:
        self.sent.append((self.wall(), record))

    def flush(self) -> None:
        self.flushed = len(self.sent)
