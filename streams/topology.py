"""The flow as data: the topics, what the broker is told about each, and which stage reads and writes what.

`python -m streams.topology` prints the flow as the README shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

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
    holds: str
    """One record, in words."""
    compacted: bool = False
    max_days: int | None = None
    """Kept for no longer, however long the other topics are."""


TOPICS = (
    Topic(SOCIAL, key="brand_id", holds="a post, comment or reaction about a brand"),
    Topic(LIVE, key="room_id", holds="an event of a live room, its orders included"),
    Topic(SCORED, key="brand_id", holds="a text with its scores and findings"),
    Topic(ALERTS, key="fingerprint", holds="an alert as it is now", compacted=True),
    Topic(DEAD_LETTERS, key="topic:partition:offset", holds="a record that could not be read, and why", max_days=7),
)

StageName = Literal["engagement", "scoring", "detection"]
ENGAGEMENT: StageName = "engagement"
SCORING: StageName = "scoring"
DETECTION: StageName = "detection"


@dataclass(frozen=True)
class Stage:
    """A Faust app with a consumer group of its own: each is scaled by itself."""

    name: StageName
    does: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    keeps: str
    """What it keeps in Redis, beside its offsets."""


STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        stage.name: stage
        for stage in (
            Stage(
                ENGAGEMENT, "counts every event",
                reads=(SOCIAL, LIVE), writes=(DEAD_LETTERS,), keeps="engagement counters",
            ),
            Stage(
                SCORING, "judges every text: transformer and rules",
                reads=(SOCIAL, LIVE), writes=(SCORED,), keeps="texts that wait for a score",
            ),
            Stage(
                DETECTION, "finds crises, breaches, fake traffic",
                reads=(SCORED, LIVE), writes=(ALERTS, DEAD_LETTERS), keeps="detectors, alerts, views",
            ),
        )
    }
)  # fmt: skip
assert tuple(STAGES) == get_args(StageName)
