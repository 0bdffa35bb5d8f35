"""The contract of a protocol: what comes in, from where it goes on, and what is known to be missing.

    messages(cursor) ─► Connected, Received, Received, Gap, Received, …

A cursor is the protocol's own text: nobody else reads it. It is kept once everything up to its message is in Kafka, so
that after a kill the same messages come again, and none is left out.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from streams.clock import system_clock
from streams.errors import Unavailable, UsageError

MESSAGE_BYTES: Final = 8_000_000
"""A longer message is skipped, and a gap of one."""

FROM_NOW: Final = ""
"""The cursor of a source that is gone on with at whatever it tells next."""

GapReason = Literal["cursor_too_old", "no_cursor", "lost", "too_large"]
"""Why something is missing; a metric label. `cursor_too_old` the server keeps less than was missed · `no_cursor` it
keeps nothing, and told something while nobody listened · `lost` it says itself that it left something out · `too_large`
a message beyond the bound was skipped."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came over the wire."""

    message: bytes | str
    """Raw, as the decoder reads it."""
    cursor: str | None = None
    """Where to go on once this message is done with; None where the source has no cursor here."""
    received_ms: int = 0
    """0: the runner stamps it."""
    missed: int | None = None
    """Messages known to be lost before this one; None where nothing is known to be."""
    place: str = ""
    """Where it stood, for people who look for it: a file and line with what is wrong there, a topic and offset."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time whose messages cannot be had any more. `missed` is their number, None where nobody knows it."""

    from_ms: int
    to_ms: int
    missed: int | None
    reason: GapReason
    cursor: str | None = None
    """Where to go on behind it; None where the next message says so, FROM_NOW where that is with what comes next."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The source answers: what it tells from now on is heard. A protocol that says nothing is connected with its first
    message. The runner itself counts the gap before it where messages have no cursor."""


Item = Received | Gap | Connected


def skipped(cursor: str | None = None, now_ms: int | None = None) -> Gap:
    """A message that was too large, as what is missing."""
    at_ms = system_clock() if now_ms is None else now_ms
    return Gap(at_ms, at_ms, 1, "too_large", cursor)


class FeedUnavailable(Unavailable):
    """The source does not answer, or ended the connection: try again, no sooner than it asks for."""

    def __init__(self, message: str, after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class FeedRefused(UsageError):
    """The source answers that it will not: wrong credentials, an address that is not there. Somebody must mend it."""


class WayIn(Protocol):
    """A way in. Immutable: `messages` may be called again, and each call is a connection of its own."""

    @property
    def finite(self) -> bool:
        """Whether it ends by itself, as files do. A stream that ends is connected anew."""

    def messages(self, cursor: str | None) -> AsyncIterator[Item]:
        """What comes from just after the cursor; from where the source begins, without one. Ends, or raises
        FeedUnavailable, where the connection does; raises FeedRefused. What was told before may be told again."""
