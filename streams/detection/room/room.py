"""A live room's detectors over what is done in it: one state, one event time, alerts as they change.

What viewers write and hosts say in the room is evaluated with its brand (brand.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode
from streams.clock import MINUTE_MS
from streams.detection.config import DetectionConfig
from streams.detection.feed_silence import FeedActivity
from streams.detection.room.collapse import CollapseDetector, RoomMinute
from streams.detection.room.detector import RoomDetector
from streams.detection.room.disclosure import DisclosureDetector, DisclosureSession
from streams.detection.room.fake_traffic import FakeTrafficDetector, TrafficWindow
from streams.detection.room.feed import RoomFeed
from streams.detection.room_event import RoomEvent
from streams.detection.views.keys import ROOM_VIEWS
from streams.detection.views.summaries import ROOM_VIEW, RoomView
from streams.detection.watermark import KeyWatermark, SourceProgress
from streams.ledger.stored import Stored, StoredCodec

LOG = "live"
"""All rooms of a partition share its log."""


class RoomState(Stored):
    """All that is remembered of a room between two events. Detectors added later append their field at the end."""

    room_id: str
    brand_id: str
    watermark: KeyWatermark
    minute: int
    """The last minute whose beginning was handled."""
    activity: FeedActivity
    source: str
    minutes: dict[int, RoomMinute] = {}
    ended: bool = False
    collapse: Episode | None = None
    silence: Episode | None = None
    late_records: int = 0
    last_log_ms: int = 0
    traffic: TrafficWindow = msgspec.field(default_factory=TrafficWindow)
    fake_traffic: Episode | None = None
    disclosures: DisclosureSession = msgspec.field(default_factory=DisclosureSession)


CODEC = StoredCodec(RoomState)

DETECTORS: tuple[Callable[[RoomState, DetectionConfig], RoomDetector], ...] = (
    CollapseDetector,
    FakeTrafficDetector,
    DisclosureDetector,
)
"""Every detector of a room, in the order in which they evaluate a minute. The feed's silence is beside them
(`RoomFeed`): it is over before they see an event, and it can end the session."""


class Room:
    """The running detectors of one room (a KeyDetectors)."""

    def __init__(self, state: RoomState, config: DetectionConfig) -> None:
        self.state = state
        self._lateness_ms = config.lateness_ms
        self._feed = RoomFeed(state, config)
        self._detectors = tuple(detector(state, config) for detector in DETECTORS)

    @classmethod
    def create(cls, event: RoomEvent, config: DetectionConfig) -> "Room":
        """A room that was never seen before this event."""
        at_ms = event.event_time_ms
        state = RoomState(
            room_id=event.room_id,
            brand_id=event.brand_id,
            watermark=KeyWatermark(at_ms),
            minute=at_ms // MINUTE_MS,
            activity=FeedActivity(at_ms, at_ms),
            source=event.source,
        )
        return cls(state, config)

    def snapshot(self) -> bytes:
        return CODEC.encode(self.state)

    def view(self) -> bytes:
        state = self.state
        return ROOM_VIEW.encode(RoomView(state.brand_id, state.source, state.ended, state.traffic.shares()))

    @property
    def has_timer(self) -> bool:
        return not self.state.ended or self.alerting

    @property
    def alerting(self) -> bool:
        return self._feed.alerting or any(detector.alerting for detector in self._detectors)

    @property
    def last_log_ms(self) -> int:
        return self.state.last_log_ms

    @property
    def late_records(self) -> int:
        return self.state.late_records

    def running(self) -> list[Alert]:
        now_ms = self.state.watermark.now_ms
        shown = [alert for detector in self._detectors for alert in detector.running(now_ms)]
        return [*shown, *self._feed.running(now_ms)]

    def process(self, event: RoomEvent, log: SourceProgress) -> list[Alert]:
        state = self.state
        now_ms = state.watermark.observe(LOG, event.event_time_ms, log)
        state.last_log_ms = log.by_source[LOG]
        alerts = list(self._begin_minutes()) if now_ms // MINUTE_MS > state.minute else []
        if event.is_mirror:
            return alerts
        if event.event_time_ms < now_ms - self._lateness_ms:
            state.late_records += 1
            return alerts
        if event.kind == "session_end":
            alerts += self._end_session(now_ms)
            return alerts
        if event.kind == "session_start":
            state.ended = False
        if found := self._feed.on_event(event, now_ms):
            alerts += found
        for detector in self._detectors:
            if found := detector.on_event(event, now_ms):
                alerts += found
        return alerts

    def advance(self, log: SourceProgress) -> list[Alert]:
        self.state.watermark.advance(log)
        return list(self._begin_minutes())

    def _begin_minutes(self) -> Iterator[Alert]:
        """Begin each minute up to now; a room without a timer begins the last one alone."""
        state, now_minute = self.state, self.state.watermark.now_ms // MINUTE_MS
        while state.minute < now_minute:
            state.minute = state.minute + 1 if self.has_timer else now_minute
            for detector in self._detectors:
                yield from detector.on_minute(state.minute)
            if self._feed.is_forgotten(state.minute):
                yield from self._end_session(state.minute * MINUTE_MS)
            else:
                yield from self._feed.on_minute(state.minute)

    def _end_session(self, now_ms: int) -> Iterator[Alert]:
        yield from self._feed.on_session_end(now_ms)
        for detector in self._detectors:
            yield from detector.on_session_end(now_ms)
        self.state.ended = True


@dataclass(frozen=True, slots=True)
class Rooms:
    """The keys of live.events (a KeySpec)."""

    config: DetectionConfig

    @property
    def suffix(self) -> str:
        return "rooms"

    @property
    def view_suffix(self) -> str:
        return ROOM_VIEWS

    def key(self, event: RoomEvent) -> str:
        return event.room_id

    def source(self, event: RoomEvent) -> str:  # noqa: ARG002 - all rooms of a partition share its log
        return LOG

    def create(self, event: RoomEvent) -> Room:
        return Room.create(event, self.config)

    def restore(self, state: bytes) -> Room:
        return Room(CODEC.decode(state), self.config)
