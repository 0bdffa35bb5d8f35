"""What becomes of a record that cannot be read: its bytes go to dead.letters, with its coordinates and the reason. Of a
huge record only the beginning goes there, and of a batch that was not unpacked nothing but where it is.

A dead letter is written before the ledger moves past its record, so a crash in between writes it again: the two have
the same key, and readers keep the first. A letter that was redriven is marked by a tombstone with the same key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, get_args

from streams.events.codec import Reason, Unreadable
from streams.events.schema import Coordinates

Headers = list[tuple[str, bytes]]
TRUNCATED = "truncated"
SIZE = "size"
REDRIVEN = "redriven"
_TEXTS = ("topic", "reason", "detail", "stage")
_NUMBERS = ("partition", "offset")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a stage could not use."""

    origin: Coordinates
    reason: Reason
    detail: str
    stage: str
    value: bytes | None
    truncated: bool = False
    """The value is only the beginning of the record's, or nothing of it; the origin tells where it is."""
    size_bytes: int | None = None
    """Of a record whose beginning is here: how large it is."""

    @property
    def key(self) -> bytes:
        return str(self.origin).encode()

    @property
    def headers(self) -> Headers:
        """Kafka's record headers; texts in UTF-8, numbers in decimal digits."""
        fields = {
            "topic": self.origin.topic,
            "partition": str(self.origin.partition),
            "offset": str(self.origin.offset),
            "reason": self.reason,
            "detail": self.detail,
            "stage": self.stage,
        }
        headers = [(name, text.encode(errors="replace")) for name, text in fields.items()]
        size = [] if self.size_bytes is None else [(SIZE, b"%d" % self.size_bytes)]
        return [*headers, (TRUNCATED, b"1"), *size] if self.truncated else headers


def dead_letter(headers: Headers, value: bytes | None) -> DeadLetter:
    """The letter that a record of dead.letters holds. Raises ValueError where the headers are not a letter's."""
    given = dict(headers)
    missing = [name for name in (*_TEXTS, *_NUMBERS) if name not in given]
    if missing:
        raise ValueError(f"not a dead letter: no header {', '.join(missing)}")
    topic, reason, detail, stage = (given[name].decode(errors="replace") for name in _TEXTS)
    partition, offset = (int(given[name]) for name in _NUMBERS)
    size = int(given[SIZE]) if SIZE in given else None
    for known in get_args(Reason):
        if reason == known:
            origin = Coordinates(topic, partition, offset)
            return DeadLetter(origin, known, detail, stage, value, TRUNCATED in given, size)
    raise ValueError(f"not a dead letter: unknown reason {reason[:40]!r}")


def dead_letters_for(topic: str, partition: int, stage: str, unreadable: Sequence[Unreadable]) -> list[DeadLetter]:
    """A batch's unreadable records as dead letters."""
    return [
        DeadLetter(
            Coordinates(topic, partition, record.offset),
            record.reason,
            record.detail,
            stage,
            record.value,
            truncated=record.records is not None,
        )
        for record in unreadable
    ]


class DeadLetterSink(Protocol):
    """Where dead letters go."""

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        """Returns when every letter is stored for good. Raises Unavailable; the same call may be made again."""

    async def close(self) -> None:
        """Let go of connections; a later `send` connects again."""


class MemoryDeadLetterSink:
    """Keeps the letters in this process, one for each record."""

    def __init__(self) -> None:
        self.letters: dict[Coordinates, DeadLetter] = {}

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            self.letters.setdefault(letter.origin, letter)

    async def close(self) -> None:
        """Nothing to close."""
