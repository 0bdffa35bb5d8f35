"""Feeds that are a list: cut wherever a test says, and told again from the cursor on."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from streams.ingest.protocols.received import Connected, FeedUnavailable, Item, Received


@dataclass
class ListedWayIn:
    """Messages whose cursor is their place; each connection is cut after so many of them, the last goes to the end."""

    sent: Sequence[str]
    cuts: list[int] = field(default_factory=list)
    finite: bool = True
    keeps: bool = True
    """Whether it has cursors, and tells again from one on."""
    errors: list[Exception] = field(default_factory=list)
    """Raised by the next connections, one each."""
    asked: list[str | None] = field(default_factory=list)
    """The cursors of all connections."""
    at: int = 0
    on_end: Callable[[], None] = lambda: None

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:
        self.asked.append(cursor)
        if self.errors:
            raise self.errors.pop(0)
        yield Connected()
        start = (int(cursor) + 1 if cursor is not None else 0) if self.keeps else self.at
        left = self.cuts.pop(0) if self.cuts else None
        for place in range(start, len(self.sent)):
            if left == 0:
                raise FeedUnavailable("cut")
            left = None if left is None else left - 1
            self.at = place + 1
            yield Received(self.sent[place], str(place) if self.keeps else None)
        self.on_end()
