"""A model that knows a few words, a topic in memory, and events to score."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from models.runtime import Scores
from streams.errors import Unavailable
from streams.events.schema import Event, ScoredText
from streams.transport.batch import Batch

NOW_MS = 1_760_000_000_000


@dataclass
class WordClassifier:
    """Negative where a text says `bad`; None for `strange`; None for all while it is `down`."""

    down: bool = False
    asked: list[list[str]] = field(default_factory=list)

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        self.asked.append(list(texts))
        return [None if self.down or "strange" in text else _scores(text) for text in texts]


def _scores(text: str) -> Scores:
    bad = 0.9 if "bad" in text else 0.1
    sentiment = "negative" if bad > 0.5 else "neutral"
    flagged = ["complaint"] if bad > 0.5 else []
    return Scores(sentiment, {"negative": bad, "neutral": 1 - bad, "positive": 0.0}, {"complaint": bad}, flagged)


@dataclass
class MemoryTexts:
    """The topic scored.texts. `refusals` calls raise Unavailable before the next one is taken."""

    records: list[tuple[str, bytes]] = field(default_factory=list)
    refusals: int = 0

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("the topic is away")
        self.records += records

    @property
    def texts(self) -> list[ScoredText]:
        return [msgspec.json.decode(value, type=ScoredText) for _, value in self.records]


def comment(number: int, text: str, **fields: object) -> Event:
    """A viewer's comment; `fields` make it anything else."""
    event = Event(
        event_id=f"e{number}",
        source="test-live",
        platform="douyin",
        kind="comment",
        brand_id="acme",
        event_time_ms=NOW_MS + number,
        ingest_time_ms=NOW_MS + number,
        room_id="room1",
        text=text,
    )
    return msgspec.structs.replace(event, **fields)


def batch(*events: Event | bytes, topic: str = "live.events", first_offset: int = 0) -> Batch:
    """Records of partition 0, one offset apart."""
    values = [event if isinstance(event, bytes) else msgspec.json.encode(event) for event in events]
    offsets = range(first_offset, first_offset + len(values))
    return Batch(topic, 0, offsets, [NOW_MS + 1000 + offset for offset in offsets], values)
