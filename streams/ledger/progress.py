"""What this process has stored, and whether it waits for a server: what a watchdog must know of all ledgers in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Progress:
    """One for a process. Its loop writes, any thread reads."""

    stored: dict[tuple[str, int], int] = field(default_factory=dict)
    """The stored offset by topic and partition, as this process stored it last."""
    waiting: int = 0
    """Calls that a server which is away keeps waiting."""

    @contextmanager
    def wait(self) -> Iterator[None]:
        """While a call waits for a server."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1


PROGRESS = Progress()
