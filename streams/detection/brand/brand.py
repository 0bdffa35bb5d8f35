"""A brand's detectors over its scored texts: one state, one event time, alerts as they change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.detection.brand.breach import BreachDetector, BreachState
from streams.detection.brand.conversation import ConversationDetector, ConversationState, usual_per_minute
from streams.detection.brand.custom_rules import AlertRuleDetector, AlertRuleState
from streams.detection.brand.detector import BrandDetector, is_seller_text
from streams.detection.brand.upgrades import from_unversioned
from streams.detection.brand.windows import Windows
from streams.detection.config import DetectionConfig
from streams.detection.dedup import source_partition
from streams.detection.feed_silence import FeedMonitor
from streams.detection.retractions import MAX_EARLY, TakenBack
from streams.detection.views.keys import BRAND_VIEWS
from streams.detection.views.summaries import BRAND_VIEW, BrandView, FeedView
from streams.detection.watermark import KeyWatermark, SourceProgress
from streams.events.schema import ScoredText
from streams.ledger.stored import Stored, StoredCodec


class BrandState(Stored):
    """All that is remembered of a brand between two records, some kilobytes. Detectors added later append their field
    at the end."""

    UPGRADES = {0: from_unversioned}

    brand_id: str
    watermark: KeyWatermark
    minute: int
    """The last minute whose beginning was handled."""
    conversation: ConversationState
    breaches: BreachState = msgspec.field(default_factory=BreachState)
    feeds: FeedMonitor = msgspec.field(default_factory=FeedMonitor)
    late_records: int = 0
    last_log_ms: int = 0
    shadow_rules: dict[str, AlertRuleState] = {}
    taken_early: dict[str, None] = {}
    """Texts that were taken back and may still come, the oldest first (streams.detection.retractions)."""


CODEC = StoredCodec(BrandState)

DETECTORS: tuple[Callable[[BrandState, DetectionConfig], BrandDetector], ...] = (
    ConversationDetector,
    AlertRuleDetector,
    BreachDetector,
)
"""Every detector of a brand, in the order in which they evaluate a text and a minute. The brand's feeds are beside them
(`FeedMonitor`): a feed's silence ends with its record before time advances, and is looked at last."""


class Brand:
    """The running detectors of one brand (a KeyDetectors)."""

    def __init__(self, state: BrandState, config: DetectionConfig) -> None:
        self.state = state
        self._config = config
        self._detectors = tuple(detector(state, config) for detector in DETECTORS)

    @classmethod
    def create(cls, brand_id: str, event_ms: int, config: DetectionConfig) -> "Brand":
        """A brand without a past, whose time begins at `event_ms`."""
        minute = event_ms // MINUTE_MS
        return cls(BrandState(brand_id, KeyWatermark(event_ms), minute, ConversationState(Windows(minute))), config)

    def owns(self, text: ScoredText) -> bool:  # noqa: ARG002 - brands are ours, not a platform's
        return True

    def snapshot(self) -> bytes:
        return CODEC.encode(self.state)

    def view(self) -> bytes:
        conversation, feeds = self.state.conversation, self.state.feeds
        view = BrandView(
            texts_per_minute=usual_per_minute(conversation, self.state.minute) or 0.0,
            windows=conversation.volume.short.windows,
            feeds={
                name: FeedView(feed.last_ms, feed.records, name in feeds.silences)
                for name, feed in feeds.sources.items()
            },
        )
        return BRAND_VIEW.encode(view)

    @property
    def has_timer(self) -> bool:
        return self.alerting or bool(self.state.feeds.sources)

    @property
    def alerting(self) -> bool:
        return bool(self.state.feeds.silences) or any(detector.alerting for detector in self._detectors)

    @property
    def last_log_ms(self) -> int:
        return self.state.last_log_ms

    @property
    def late_records(self) -> int:
        return self.state.late_records

    def running(self) -> list[Alert]:
        now_ms = self.state.watermark.now_ms
        shown = [alert for detector in self._detectors for alert in detector.running(now_ms)]
        return [*shown, *self.state.feeds.running(now_ms)]

    def process(self, text: ScoredText, log: SourceProgress) -> list[Alert]:
        state, source = self.state, source_partition(text)
        now_ms = state.watermark.observe(source, text.event_time_ms, log)
        state.last_log_ms = log.by_source[source]
        # Before time advances, so that the gap that this text ends is not reported as silence.
        alerts = [] if text.room_id else list(state.feeds.observe(text.source, text.event_time_ms, now_ms))
        if now_ms // MINUTE_MS > state.minute:
            alerts += self._begin_minutes(now_ms // MINUTE_MS)
        if text.kind == "retraction":
            return alerts
        at_ms = max(now_ms, text.event_time_ms)
        if is_seller_text(text):
            for detector in self._detectors:
                alerts += detector.on_seller_text(text, at_ms)
        elif text.event_time_ms < now_ms - self._config.lateness_ms:
            state.late_records += 1
        else:
            for detector in self._detectors:
                alerts += detector.on_text(text, at_ms)
        return alerts

    def advance(self, log: SourceProgress) -> list[Alert]:
        return list(self._begin_minutes(self.state.watermark.advance(log) // MINUTE_MS))

    def take_back(self, taken: TakenBack) -> list[Alert]:
        """Take in a retraction, after its record; returns the alerts that it changes."""
        now_ms, early = self.state.watermark.now_ms, self.state.taken_early
        unscored = any(not counted.tally.scored for counted in taken.counted)
        if taken.text_id is not None and (unscored or not taken.counted):
            early[taken.text_id] = None
            if len(early) > MAX_EARLY:
                del early[next(iter(early))]
        return [alert for detector in self._detectors for alert in detector.on_retraction(taken, now_ms)]

    def was_taken_back(self, text_id: str) -> bool:
        """Whether a text's retraction came before it, or before its scores."""
        return text_id in self.state.taken_early

    def amend(self, text: ScoredText) -> None:
        """Take in the scores of a text that was unscored when it came."""
        for detector in self._detectors:
            detector.on_amendment(text)

    def _begin_minutes(self, now_minute: int) -> Iterator[Alert]:
        """Begin the minutes up to now: each while an alert runs, else those at which a feed is due."""
        state = self.state
        while state.minute < now_minute:
            state.minute = min(now_minute, max(state.minute + 1, self._next_minute(now_minute)))
            for detector in self._detectors:
                yield from detector.on_minute(state.minute)
            yield from state.feeds.check(state.brand_id, state.minute * MINUTE_MS, self._config.feed_silent_ms)

    def _next_minute(self, now_minute: int) -> int:
        """The first minute at whose beginning time alone may change something; minutes before it can be skipped."""
        if self.alerting:
            return self.state.minute + 1
        deadline_ms = self.state.feeds.deadline_ms(self._config.feed_silent_ms)
        return now_minute if deadline_ms is None else -(-deadline_ms // MINUTE_MS)


@dataclass(frozen=True, slots=True)
class Brands:
    """The keys of scored.texts (a KeySpec)."""

    config: DetectionConfig

    @property
    def suffix(self) -> str:
        return "brands"

    @property
    def view_suffix(self) -> str:
        return BRAND_VIEWS

    def key(self, text: ScoredText) -> str:
        return text.brand_id

    def source(self, text: ScoredText) -> str:
        return source_partition(text)

    def other_key(self, text: ScoredText) -> str:
        return text.brand_id

    def create(self, text: ScoredText, key: str | None = None) -> Brand:  # noqa: ARG002 - a brand has no other name
        return Brand.create(text.brand_id, text.event_time_ms, self.config)

    def restore(self, state: bytes) -> Brand:
        return Brand(CODEC.decode(state), self.config)
