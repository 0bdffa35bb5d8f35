"""The topics: names, keys and what the broker is told about each."""

from dataclasses import dataclass

SOCIAL = "social.interactions"
LIVE = "live.events"
SCORED = "scored.texts"
ALERTS = "alerts"
DEAD_LETTERS = "dead.letters"

MAX_RECORD_BYTES = 20_000_000
"""Larger than any sane event, so that an insane one reaches a dead letter instead of blocking its feed."""


@dataclass(frozen=True)
class Topic:
    """A topic as `pulsewatch topics create` makes it."""

    name: str
    key: str
    compacted: bool = False
    longest_days: int | None = None
    """Kept for no longer, however long the other topics are."""


TOPICS = (
    Topic(SOCIAL, key="brand_id"),
    Topic(LIVE, key="room_id"),
    Topic(SCORED, key="brand_id"),
    Topic(ALERTS, key="fingerprint", compacted=True),
    Topic(DEAD_LETTERS, key="topic:partition:offset", longest_days=7),
)
