"""For on-call staff: does the monitor see, how far behind is it, how fast is it, what could it not read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from dashboards.console.pages.health import MonitorHealth, monitor_health
from dashboards.console.sources import PageSources
from dashboards.console.topic_follower import ShownDeadLetter, Tails
from dashboards.lag import lags
from dashboards.readers import Readers
from streams.detection.views.reader import SourceStatus
from streams.ingest.feed_status import FeedStatus, State
from streams.topology import STAGES
from streams.untrusted import one_line

MAX_TYPES = 5
"""Types of messages that could not be read, shown of a feed."""
_WELL = frozenset({"connected", "finished", "stopped"})


class StagePace(msgspec.Struct, frozen=True):
    """A stage's backlog by topic, and its pace; None where that is not known (yet)."""

    stage: str
    behind: Mapping[str, int | None]
    partitions: int
    per_second: float | None


class Scoring(msgspec.Struct, frozen=True):
    """How long the scorer had a text in hand, over the newest texts."""

    texts: int
    unscored: int
    median_ms: int | None
    p95_ms: int | None


class DeadLetterSummary(msgspec.Struct, frozen=True):
    count: int
    by_reason: Mapping[str, int]
    newest: Sequence[ShownDeadLetter]


class TopicFreshness(msgspec.Struct, frozen=True):
    topic: str
    newest_ms: int


class Feeds(msgspec.Struct, frozen=True):
    topics: Sequence[TopicFreshness]
    sources: Sequence[SourceStatus]


class UnreadType(msgspec.Struct, frozen=True):
    """Messages of a type that could not be read, or not whole."""

    type: str
    reason: str
    count: int


class FeedConnection(msgspec.Struct, frozen=True):
    """A feed that `feeds run` runs, or ran; times are None where there was none."""

    name: str
    kind: str
    state: Literal[State, "gone"]
    """`gone`: its process wrote nothing for a while, and had not said that it ends."""
    since_ms: int
    error: str
    last_message_ms: int | None
    lag_ms: int | None
    gaps: int
    gap_ms: int
    gap_messages: int
    unread: Sequence[UnreadType]
    """The most frequent."""


class Servers(msgspec.Struct, frozen=True):
    redis: bool
    kafka: bool
    kafka_trouble: str


class OperationsPage(msgspec.Struct, frozen=True):
    """The page."""

    sight: MonitorHealth
    servers: Servers
    stages: Sequence[StagePace]
    scoring: Scoring | None
    """None until the console has read the topic's end, which it does while a page is open."""
    letters: DeadLetterSummary | None
    feeds: Feeds
    connections: Sequence[FeedConnection]


def view(sources: PageSources, _key: str = "") -> OperationsPage:
    """Raises Unavailable where Redis does not answer."""
    readers, state, tails = sources.readers, sources.topics.state, sources.topics.tails()
    return OperationsPage(
        sight=monitor_health(sources),
        servers=Servers(redis=True, kafka=state.up, kafka_trouble=state.trouble),
        stages=_stages(sources),
        scoring=_scoring(tails) if tails else None,
        letters=_dead_letters(tails) if tails else None,
        feeds=_feeds(readers),
        connections=_connections(readers),
    )


def _connections(readers: Readers) -> list[FeedConnection]:
    """Those that stand worst first."""
    found = [_connection(one, readers.clock()) for one in readers.feed_statuses()]
    return sorted(found, key=lambda one: (one.state in _WELL, one.name))


def _connection(one: FeedStatus, now_ms: int) -> FeedConnection:
    gone = one.is_gone(now_ms)
    return FeedConnection(
        name=one.name,
        kind=one.kind,
        state="gone" if gone else one.state,
        since_ms=one.written_ms if gone else one.state_since_ms,
        error=one_line(one.error),
        last_message_ms=one.last_message_ms or None,
        lag_ms=one.lag_ms,
        gaps=one.gaps,
        gap_ms=one.gap_ms,
        gap_messages=one.gap_messages,
        unread=[UnreadType(one_line(kind.type), kind.reason, kind.count) for kind in one.unread[:MAX_TYPES]],
    )


def _feeds(readers: Readers) -> Feeds:
    newest = readers.engagement.newest_event_ms()
    brands = {texts.brand_id for texts in readers.views.texts(readers.present_ms())}
    sources = readers.views.feeds(sorted(brands))
    return Feeds(
        [TopicFreshness(topic, at_ms) for topic, at_ms in sorted(newest.items())],
        sorted(sources, key=lambda feed: (not feed.silent, feed.brand_id, feed.source)),
    )


def _scoring(tails: Tails) -> Scoring:
    ordered = tails.scoring_ms
    return Scoring(tails.texts, tails.unscored, _quantile(ordered, 0.5), _quantile(ordered, 0.95))


def _dead_letters(tails: Tails) -> DeadLetterSummary:
    return DeadLetterSummary(
        tails.dead_letter_count, Counter(one.reason for one in tails.dead_letters), tails.dead_letters
    )


def _stages(sources: PageSources) -> list[StagePace]:
    state, stored = sources.topics.state, sources.readers.offsets()
    offsets = {stage: sum(by_partition.values()) for stage, by_partition in stored.items()}
    rates = sources.throughput.sample(sources.readers.clock(), offsets)
    behind: dict[str, dict[str, int | None]] = {
        stage: dict.fromkeys(facts.reads, 0 if state.up else None) for stage, facts in STAGES.items()
    }
    if state.up:
        for lag in lags(stored, state.beginnings, state.ends):
            behind[lag.stage][lag.topic] = (behind[lag.stage][lag.topic] or 0) + lag.records
    return [StagePace(stage, behind[stage], len(stored[stage]), rates[stage]) for stage in STAGES]


def _quantile(ordered: Sequence[int], share: float) -> int | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
