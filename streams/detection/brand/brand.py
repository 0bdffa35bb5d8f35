"""A brand's detectors over its scored texts: one state, one event time, alerts as they change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.detection.brand.breach import BreachDetector, BreachState
from streams.detection.brand.conversation import ConversationDetector, ConversationState, usual_per_minute
from streams.detection.brand.crisis import tally
from streams.detection.brand.custom_rules import AlertRuleDetector, AlertRuleState
from streams.detection.brand.detector import BrandDetector, is_seller_text
from streams.detection.brand.poll import Move, Poll
from streams.detection.brand.upgrades import from_unversioned
from streams.detection.brand.windows import Tally, Windows
from streams.detection.config import DetectionConfig
from streams.detection.dedup import source_partition
from streams.detection.evidence import text_id_of
from streams.detection.feed_silence import FeedMonitor
from streams.detection.feed_time import CLOCK_AHEAD_MS, FeedTimes
from streams.detection.retractions import MAX_EARLY, CountedText, TakenBack, place_of
from streams.detection.views.keys import BRAND_VIEWS
from streams.detection.views.labels import platform_labels
from streams.detection.views.summaries import BRAND_VIEW, BrandView, FeedTimeView, FeedView
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

    times: FeedTimes = msgspec.field(default_factory=FeedTimes)
    names_hidden_ms: int = 0
    """When the newest text happened whose author the platform hides; 0 while there was none."""
    polls: dict[str, Poll] = {}
    """What the feeds said at the moment that measures their clocks, by source."""


CODEC = StoredCodec(BrandState)


def window_tally(text: ScoredText) -> Tally:
    """What a text adds to its minute of the brand's windows: a seller's nothing."""
    return Tally() if is_seller_text(text) else tally(text)


DETECTORS: tuple[Callable[[BrandState, DetectionConfig], BrandDetector], ...] = (
    ConversationDetector,
    AlertRuleDetector,
    BreachDetector,
)
"""Every detector of a brand, in the order in which they evaluate a text and a minute. The brand's feeds are beside them
(`FeedMonitor`, `FeedTimes`): what a record says of its feed is known before time advances, and silence is looked at
last."""


class Brand:
    """The running detectors of one brand (a KeyDetectors)."""

    def __init__(self, state: BrandState, config: DetectionConfig) -> None:
        self.state = state
        self._config = config
        self._detectors = tuple(detector(state, config) for detector in DETECTORS)
        self.happened_ms = 0
        """When the text happened that was taken in last."""
        self.moved: list[Move] = []
        """What it moved to other minutes of the windows."""

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
            texts_per_minute=usual_per_minute(
                conversation, self.state.minute, self._config.zone_of(self.state.brand_id)
            )
            or 0.0,
            windows=conversation.volume.short.windows,
            feeds={
                name: FeedView(feed.last_ms, feed.records, name in feeds.silences)
                for name, feed in feeds.sources.items()
            },
            times={
                name: FeedTimeView(time.offset_ms, time.needed_ms, time.late_records, time.ahead_records)
                for name, time in self.state.times.feeds.items()
            },
            names_hidden_ms=self.state.names_hidden_ms,
        )
        return BRAND_VIEW.encode(view)

    @property
    def has_timer(self) -> bool:
        return self.alerting or bool(self.state.feeds.sources)

    @property
    def alerting(self) -> bool:
        about_feeds = bool(self.state.feeds.silences or self.state.times.episodes)
        return about_feeds or any(detector.alerting for detector in self._detectors)

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
        arrived_ms = state.last_log_ms = log.by_source[source]
        offset_ms = state.times.offset_ms(text.source)
        happened_ms = self.happened_ms = state.times.correct(
            text.source, text.event_time_ms, arrived_ms, in_doubt=log.in_doubt, stamp_ms=text.log_time_ms
        )
        told_ms, alerts = text.event_time_ms, list[Alert]()
        self.moved = []
        if state.times.offset_ms(text.source) < offset_ms:
            alerts += self._count_anew(text.source, arrived_ms)
        if state.times.offset_ms(text.source) > offset_ms:
            # What only the clock passed over were no quiet hours.
            state.conversation.windows.begin_no_earlier_than(happened_ms // MINUTE_MS)
        alerts += list(state.times.clock_alerts(state.brand_id, text.source, arrived_ms))
        if happened_ms != text.event_time_ms:
            text = msgspec.structs.replace(text, event_time_ms=happened_ms)
        now_ms = state.watermark.observe(source, min(happened_ms, arrived_ms), log)
        if not text.room_id and not log.in_doubt:
            # Before time advances, so that the gap that this text ends is not reported as silence.
            alerts += state.feeds.observe(text.source, text.event_time_ms, arrived_ms, source, now_ms)
        if now_ms // MINUTE_MS > state.minute:
            alerts += self._begin_minutes(now_ms // MINUTE_MS, log)
        if text.kind == "retraction":
            return alerts
        is_timed = told_ms - arrived_ms <= CLOCK_AHEAD_MS or state.times.offset_ms(text.source) < 0
        alerts += self._told(text, now_ms, is_timed=is_timed)
        if not log.in_doubt:
            self._note_poll(text, told_ms)
        return alerts

    def _note_poll(self, text: ScoredText, told_ms: int) -> None:
        """Note where a text was counted while all that measures its feed's clock came at one moment."""
        state, source = self.state, text.source
        feed, minute = state.times.feeds.get(source), text.event_time_ms // MINUTE_MS
        since_ms = None if feed is None else feed.clock.at_once_since_ms
        if since_ms is None:
            state.polls.pop(source, None)
        elif is_seller_text(text) or minute in state.conversation.windows.minutes:
            if source not in state.polls or state.polls[source].since_ms != since_ms:
                state.polls[source] = Poll(since_ms)
            labels = {} if is_seller_text(text) else platform_labels(text)
            state.polls[source].add(told_ms, minute, window_tally(text), labels, place_of(text))

    def is_polled_ahead(self, source: str) -> bool:
        """Whether a feed's last poll has texts that are counted earlier than they say."""
        poll = self.state.polls.get(source)
        return poll is not None and any(minute.by_clock > minute.minute for minute in poll.minutes)

    def polled(self, source: str) -> Iterator[tuple[int, str]]:
        """Where the texts are kept that may move with the next of a feed."""
        feed, poll = self.state.times.feeds.get(source), self.state.polls.get(source)
        if feed is not None and poll is not None and poll.since_ms == feed.clock.at_once_since_ms:
            for minute in poll.minutes:
                yield from minute.held

    def _count_anew(self, source: str, arrived_ms: int) -> Iterator[Alert]:
        """The feed's clock is further ahead than what came just before says."""
        state = self.state
        feed, poll = state.times.feeds.get(source), state.polls.get(source)
        if feed is not None and poll is not None and poll.since_ms == feed.clock.at_once_since_ms:
            self.moved = poll.count_anew(
                state.conversation.windows, lambda told_ms: feed.happened_ms(told_ms, arrived_ms)
            )
            for detector in self._detectors:
                yield from detector.on_recount(self.moved, state.watermark.now_ms)

    def _told(self, text: ScoredText, now_ms: int, *, is_timed: bool) -> list[Alert]:
        """Tell the detectors of a text, each in its own way."""
        state, late_ms = self.state, now_ms - text.event_time_ms
        at_ms, alerts = max(now_ms, text.event_time_ms), list[Alert]()
        if is_seller_text(text):
            for detector in self._detectors:
                alerts += detector.on_seller_text(text, at_ms)
            return alerts
        if text.actor is not None and text.actor.masked:
            state.names_hidden_ms = max(state.names_hidden_ms, text.event_time_ms)
        if state.times.is_late(text.source, late_ms, now_ms, self._config):
            state.late_records += 1
        for detector in self._detectors:
            alerts += detector.on_text(text, at_ms, is_timed=is_timed)
        return alerts

    def forget_feeds(self) -> list[Alert]:
        """Learn anew which feeds are regular: the brand's records may come by another partition from now on."""
        return list(self.state.feeds.forget(self.state.watermark.now_ms))

    def advance(self, log: SourceProgress) -> list[Alert]:
        state, now_ms = self.state, self.state.watermark.advance(log)
        return [*self._begin_minutes(now_ms // MINUTE_MS, log), *state.times.forget_gone(log)]

    def take_back(self, taken: TakenBack) -> list[Alert]:
        """Take in a retraction, after its record; returns the alerts that it changes."""
        now_ms, early = self.state.watermark.now_ms, self.state.taken_early
        held = [*zip(taken.counted_ids, taken.counted, strict=True)]
        awaited = [text_id for text_id, counted in held if not counted.tally.scored]
        if taken.text_id is not None and not held:
            awaited.append(taken.text_id)
        for text_id in awaited:
            early[text_id] = None
            if len(early) > MAX_EARLY:
                del early[next(iter(early))]
        for poll in self.state.polls.values():
            for text_id, counted in held:
                poll.take_back(text_id, counted.tally)
        return [alert for detector in self._detectors for alert in detector.on_retraction(taken, now_ms)]

    def was_taken_back(self, text_id: str) -> bool:
        """Whether a text's retraction came before it, or before its scores."""
        return text_id in self.state.taken_early

    def corrected(self, text: ScoredText) -> ScoredText:
        """A text with the time that its feed would have said, were its clock right: as screens show it."""
        arrived_ms = text.log_time_ms if text.log_time_ms > 0 else self.state.last_log_ms
        happened_ms = self.state.times.happened_ms(text.source, text.event_time_ms, arrived_ms)
        return text if happened_ms == text.event_time_ms else msgspec.structs.replace(text, event_time_ms=happened_ms)

    def amend(self, text: ScoredText, counted: CountedText | None = None) -> None:
        """Take in the scores of a text that was unscored when it came. `counted` is what it counted then; where that is
        not held any more, it is taken to lie where its feed's clock says now."""
        after = window_tally(text)
        if counted is None:
            minute = min(self.corrected(text).event_time_ms, self.state.last_log_ms) // MINUTE_MS
            before = Tally(texts=after.texts, followers=after.followers)
        else:
            minute, before = counted.minute, counted.tally
            if text.source in self.state.polls:
                self.state.polls[text.source].amend(text_id_of(text), before, after)
        for detector in self._detectors:
            detector.on_amendment(minute, before, after)

    def _begin_minutes(self, now_minute: int, log: SourceProgress) -> Iterator[Alert]:
        """Begin the minutes up to now: each while an alert runs, else the last alone."""
        state = self.state
        while state.minute < now_minute:
            state.minute = state.minute + 1 if self.alerting else now_minute
            for detector in self._detectors:
                yield from detector.on_minute(state.minute)
            minute_ms = state.minute * MINUTE_MS
            yield from state.feeds.check(
                state.brand_id,
                log,
                minute_ms,
                self._config.feed_silent_ms,
                behind_ms=max(0, state.watermark.now_ms - minute_ms),
            )


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

    def create(self, text: ScoredText, key: str | None = None, arrived_ms: int | None = None) -> Brand:  # noqa: ARG002 - a brand has no other name
        event_ms = text.event_time_ms if arrived_ms is None else min(text.event_time_ms, arrived_ms)
        return Brand.create(text.brand_id, event_ms, self.config)

    def restore(self, state: bytes) -> Brand:
        return Brand(CODEC.decode(state), self.config)
