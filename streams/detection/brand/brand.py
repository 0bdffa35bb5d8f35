"""A brand's detectors over its scored texts: one state, one clock, alerts as they change.

What is said about it is `talk`'s matter, what its hosts and its own posts say `compliance`'s, who says nothing
`silence`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.detection.brand.breach import Breaches, judged
from streams.detection.brand.conversation import Conversation, TalkState
from streams.detection.brand.custom_rules import AlertRules, AlertRuleState
from streams.detection.brand.windows import Windows
from streams.detection.config import DetectionConfig
from streams.detection.dedup import source_of
from streams.detection.feed_silence import FeedMonitor
from streams.detection.watermark import KeyWatermark, SourceProgress
from streams.events.schema import ScoredText
from streams.ledger.stored import Stored, StoredCodec


class BrandState(Stored):
    """All that is remembered of a brand between two records; some kilobytes."""

    brand_id: str
    clock: KeyWatermark
    minute: int
    """The last minute whose beginning was handled."""
    talk: TalkState
    breaches: Breaches = msgspec.field(default_factory=Breaches)
    feeds: FeedMonitor = msgspec.field(default_factory=FeedMonitor)
    late: int = 0
    heard_log_ms: int = 0
    drafts: dict[str, AlertRuleState] = {}


CODEC = StoredCodec(BrandState)


class Brand:
    """The running detectors of one brand. `hear` and `idle` return the alerts to be written, in order."""

    def __init__(self, state: BrandState, watch: DetectionConfig) -> None:
        self.state = state
        self._watch = watch
        self._talk = Conversation(state.brand_id, state.talk, state.minute)
        self._drafts = AlertRules(state.brand_id, watch.drafts, state.drafts)

    @classmethod
    def fresh(cls, brand_id: str, event_ms: int, watch: DetectionConfig) -> "Brand":
        minute = event_ms // MINUTE_MS
        return cls(BrandState(brand_id, KeyWatermark(event_ms), minute, TalkState(Windows(minute))), watch)

    def freeze(self) -> bytes:
        return CODEC.encode(self.state)

    @property
    def obliged(self) -> bool:
        """Whether time alone may change something: an episode runs, or a feed may fall silent."""
        return self.alerting or bool(self.state.feeds.sources)

    @property
    def alerting(self) -> bool:
        state = self.state
        return self._talk.alerting or self._drafts.alerting or bool(state.breaches.running or state.feeds.silences)

    @property
    def heard_log_ms(self) -> int:
        return self.state.heard_log_ms

    @property
    def late(self) -> int:
        return self.state.late

    def hear(self, text: ScoredText, log: SourceProgress) -> list[Alert]:
        """A text of the brand. One that is later than is allowed changes no window and is counted; a breach counts."""
        state, source = self.state, source_of(text)
        now_ms = state.clock.heard(source, text.event_time_ms, log)
        state.heard_log_ms = log.by_source[source]
        # Before time moves on, lest a feed that speaks now be called silent for the time until now.
        alerts = [] if text.room_id else list(state.feeds.hear(text.source, text.event_time_ms, now_ms))
        if now_ms // MINUTE_MS > state.minute:
            alerts += self._settle(now_ms // MINUTE_MS)
        if judged(text):
            alerts += state.breaches.judge(text, max(now_ms, text.event_time_ms))
        elif text.event_time_ms < now_ms - self._watch.lateness_ms:
            state.late += 1
        else:
            alerts += self._talk.hear(text, max(now_ms, text.event_time_ms))
            alerts += self._drafts.hear(text, max(now_ms, text.event_time_ms), self._talk.usual_per_minute)
        return alerts

    def idle(self, log: SourceProgress) -> list[Alert]:
        """The log has moved on without the brand."""
        return list(self._settle(self.state.clock.idle(log) // MINUTE_MS))

    def amend(self, text: ScoredText) -> None:
        """A text that was applied unscored has its scores now."""
        self._talk.amend(text)

    def _settle(self, now_minute: int) -> Iterator[Alert]:
        """Handle the beginnings of minutes up to now: each while an episode runs, else those at which a feed is due."""
        state, watch = self.state, self._watch
        while state.minute < now_minute:
            state.minute = min(now_minute, max(state.minute + 1, self._next_minute(now_minute)))
            now_ms = state.minute * MINUTE_MS
            self._talk.learn((now_ms - watch.lateness_ms) // MINUTE_MS, watch.lateness_ms // MINUTE_MS)
            yield from self._talk.begin(state.minute)
            yield from self._drafts.begin(state.minute, self._talk.usual_per_minute)
            yield from state.breaches.rest(now_ms)
            yield from state.feeds.listen(state.brand_id, now_ms, watch.feed_silent_ms)

    def _next_minute(self, now_minute: int) -> int:
        """The first minute at whose beginning time alone may change something; minutes before it can be skipped."""
        if self.alerting:
            return self.state.minute + 1
        due_ms = self.state.feeds.due_ms(self._watch.feed_silent_ms)
        return now_minute if due_ms is None else -(-due_ms // MINUTE_MS)


@dataclass(frozen=True, slots=True)
class Brands:
    """The keys of scored.texts."""

    watch: DetectionConfig

    @property
    def suffix(self) -> str:
        return "brands"

    def key(self, text: ScoredText) -> str:
        return text.brand_id

    def source(self, text: ScoredText) -> str:
        return source_of(text)

    def fresh(self, text: ScoredText) -> Brand:
        return Brand.fresh(text.brand_id, text.event_time_ms, self.watch)

    def thaw(self, state: bytes) -> Brand:
        return Brand(CODEC.decode(state), self.watch)
