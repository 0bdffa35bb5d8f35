"""A recording as a run would read it: what comes of each message, or why nothing does. Nothing is written anywhere."""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from streams.clock import Clock, system_clock
from streams.errors import UsageError
from streams.ingest.feed_entry import FeedEntry
from streams.ingest.translator import Translation, Translator

GZIP: Final = b"\x1f\x8b"
MOST_BYTES: Final = 500_000_000


@dataclass(frozen=True, slots=True)
class Tried:
    """One message."""

    number: int
    translation: Translation
    unread: list[str]
    """What of it could not be read, each with its reason."""

    def why_nothing(self) -> list[str]:
        """Each reason for which something of it goes nowhere."""
        done = self.translation
        reasons = [*self.unread, *(f"{reason}: {detail}" for reason, detail in done.refused)]
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

    def add(self, one: Tried) -> None:
        self.messages += 1
        self.kinds.update(event.kind for event in one.translation.events)
        self.brands.update(event.brand_id for event in one.translation.events)
        self.reasons.update(one.why_nothing())


def unpacked(data: bytes) -> bytes:
    """A recording, without gzip where it has it. Raises UsageError."""
    if not data.startswith(GZIP):
        return data
    try:
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        whole = unpacker.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise UsageError(f"not a whole gzip file ({error})") from None
    return whole if unpacker.unconsumed_tail == b"" and not unpacker.unused_data else gzip.decompress(data)


def tried(entry: FeedEntry, translator: Translator, recording: bytes, clock: Clock = system_clock) -> Iterator[Tried]:
    """Each message of a recording, in order."""
    return _tried(translator, entry.recorded(recording), clock)


def _tried(translator: Translator, messages: Iterable[bytes], clock: Clock) -> Iterator[Tried]:
    unread = translator.feed.unread
    for number, message in enumerate(messages, 1):
        before = {key: one.count for key, one in unread.items()}
        done = translator.translate(message, clock())
        notes = [
            f"{type_name or 'no type'}: {reason} ({one.detail})"
            for (type_name, reason), one in unread.items()
            if one.count != before.get((type_name, reason), 0)
        ]
        yield Tried(number, done, notes)
