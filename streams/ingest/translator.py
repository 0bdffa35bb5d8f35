"""From a feed's raw messages to the records that Kafka gets: read, told once, given to its brands, checked.

    raw ─► Feed ─► told before? ─► brands ─► would a stage take it? ─► (topic, key, value)

`feeds run` and `feeds try` have it in common, so that a trial shows what a run does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from streams.events.codec import Reason, Unreadable, contradiction, decode_one
from streams.events.schema import Event
from streams.ingest.feed import Feed, UnreadPart
from streams.ingest.feed_memory import FeedMemory
from streams.ingest.routing import route

_encode = msgspec.json.Encoder().encode
BrandsOf = Callable[[Event], list[Event]]
"""The event of each of its brands."""


@dataclass(slots=True)
class Translation:
    """What became of one message."""

    events: list[Event] = field(default_factory=list)
    records: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(topic, key, value) of each event."""
    unmatched: int = 0
    repeated: int = 0
    refused: list[tuple[Reason, str]] = field(default_factory=list)
    """Why no stage would take an event, with a detail for people."""
    unread: Sequence[UnreadPart] = ()
    """What of the message could not be read."""


class Translator:
    """One feed's. Never raises."""

    def __init__(self, feed: Feed, brands_of: BrandsOf, memory: FeedMemory, *, retells: bool = False) -> None:
        self.feed = feed
        self.memory = memory
        self._brands_of = brands_of
        self._retells = retells

    def translate(self, raw: bytes | str, received_ms: int, place: str = "") -> Translation:
        """`received_ms` is the present: what is more than a day ahead is refused."""
        done = Translation()
        for event in self.feed.read(raw, received_ms, place):
            if self._was_told(event.event_id):
                done.repeated += 1
                continue
            of_brands = self._brands_of(event)
            done.unmatched += not of_brands
            for one in of_brands:
                self._check(one, received_ms, done)
        done.unread = self.feed.not_read
        return done

    def _was_told(self, event_id: str) -> bool:
        if not self._retells:
            return False
        told = self.memory.get("told", event_id) is not None
        self.memory.put("told", event_id)
        return told

    def _check(self, event: Event, now_ms: int, done: Translation) -> None:
        value = _encode(event)
        read = decode_one(value, 0, now_ms)
        if isinstance(read, Unreadable):
            done.refused.append((read.reason, read.detail))
        elif against := contradiction(read):
            done.refused.append(against)
        else:
            done.events.append(event)
            done.records.append((*route(event), value))
