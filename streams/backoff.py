"""Waiting longer each time, up to a limit, for a server that does not answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits of 0.2 s, 0.4 s, 0.8 s … up to 10 s."""

    first_seconds: float = 0.2
    max_seconds: float = 10.0
    factor: float = 2.0

    def after(self, seconds: float) -> float:
        """The wait that follows one of `seconds`."""
        return min(seconds * self.factor, self.max_seconds)
