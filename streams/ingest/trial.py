"""A recording as a run would read it: what comes of each message, or why nothing does. Nothing is written anywhere."""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from streams.clock import Clock, system_clock
from streams.errors import UsageError
from streams.ingest.feed_list import AnyFeed
from streams.ingest.translator import Translation, Translator

GZIP: Final = b"\x1f\x8b"
MAX_BYTES: Final = 500_000_000


@dataclass(frozen=True, slots=True)
class Tried:
    """One message."""

    number: int
    place: str
    """Where it stands in the recording, with what is wrong there."""
    translation: Translation

    def why_nothing(self) -> list[str]:
        """Each reason for which something of it goes nowhere."""
        done = self.translation
        reasons = [f"{part.type or 'no type'}: {part.reason} ({part.detail})" for part in done.unread]
        reasons += [f"{reason}: {detail}" for reason, detail in done.refused]
        if done.unmatched:
            reasons.append("about no brand")
        if done.repeated:
            reasons.append("told before")
        return reasons or ([] if done.events else ["means nothing here"])


@dataclass
class Totals:
    """A whole recording."""

    messages: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    brands: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    first_places: dict[str, str] = field(default_factory=dict)
    """Of each reason, where it was met first."""

    def add(self, one: Tried) -> None:
        self.messages += 1
        self.kinds.update(event.kind for event in one.translation.events)
        self.brands.update(event.brand_id for event in one.translation.events)
        for reason in one.why_nothing():
            self.reasons[reason] += 1
            self.first_places.setdefault(reason, one.place)


def unpacked(data: bytes) -> bytes:
    """A recording, without gzip where it has it. Raises UsageError."""
    if not data.startswith(GZIP):
        return data
    try:
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        whole = unpacker.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise UsageError(f"not a whole gzip file ({error})") from None
    return whole if unpacker.unconsumed_tail == b"" and not unpacker.unused_data else gzip.decompress(data)


def tried(entry: AnyFeed, translator: Translator, recording: bytes, clock: Clock = system_clock) -> Iterator[Tried]:
    """Each message of a recording, in order."""
    for number, one in enumerate(entry.recorded(recording), 1):
        done = translator.translate(one.message, clock(), one.place)
        yield Tried(number, one.place, done)
