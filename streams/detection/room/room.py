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
from streams.detection.feed_time import FeedTime
from streams.detection.room.collapse import CollapseDetector, RoomMinute
from streams.detection.room.detector import RoomDetector
from streams.detection.room.disclosure import DisclosureDetector, DisclosureSession
from streams.detection.room.fake_traffic import FakeTrafficDetector, TrafficWindow
from streams.detection.room.feed import RoomFeed
from streams.detection.room.sessions import StreamSession
from streams.detection.room_event import RoomEvent
from streams.detection.views.keys import ROOM_VIEWS
from streams.detection.views.summaries import ROOM_VIEW, RoomView
from streams.detection.watermark import KeyWatermark, SourceProgress
from streams.events.identity import qualified
from streams.events.schema import Platform
from streams.ledger.stored import Stored, StoredCodec

MAX_SOURCES = 8
"""Of a room; the clocks of others are not measured."""
LOG = "live"
"""All rooms of a partition share its log."""


class RoomState(Stored):
    """All that is remembered of a room between two events. Detectors added later append their field at the end."""

    room_id: str
    """The room's name (streams.events.identity): its id, with the platform where another has it too."""
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
    session: StreamSession = msgspec.field(default_factory=StreamSession)
    platform: Platform | None = None
    """None in states from before it was stored, until the next event."""
    times: dict[str, FeedTime] = {}
    """By the source's name."""
    names_hidden: bool = False
    """Whether the platform hid somebody of the session."""


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
        if state.session.session_id is None and not state.session.began_ms:  # stored before sessions were
            state.session.session_id = state.disclosures.session_id
        self._lateness_ms = config.lateness_ms
        self._feed = RoomFeed(state, config)
        self._detectors = tuple(detector(state, config) for detector in DETECTORS)

    @classmethod
    def create(cls, event: RoomEvent, config: DetectionConfig, name: str | None = None) -> "Room":
        """A room that was never seen before this event, under its id or another name."""
        at_ms = min(event.event_time_ms, event.log_time_ms) if event.log_time_ms > 0 else event.event_time_ms
        state = RoomState(
            room_id=name or event.room_id,
            brand_id=event.brand_id,
            watermark=KeyWatermark(at_ms),
            minute=at_ms // MINUTE_MS,
            activity=FeedActivity(at_ms, at_ms),
            source=event.source,
            session=StreamSession(event.session_id, at_ms),
            platform=event.platform,
        )
        return cls(state, config)

    def snapshot(self) -> bytes:
        return CODEC.encode(self.state)

    def view(self) -> bytes:
        state = self.state
        shares = state.traffic.shares()
        view = RoomView(state.brand_id, state.source, state.ended, shares, state.platform or "", state.names_hidden)
        return ROOM_VIEW.encode(view)

    def owns(self, event: RoomEvent) -> bool:
        """Whether an event is of this room, and not of one with its id on another platform."""
        return self.state.platform in (None, event.platform)

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
        arrived_ms = state.last_log_ms = log.by_source[LOG]
        event = _corrected(event, state.times, arrived_ms, in_doubt=log.in_doubt)
        now_ms = state.watermark.observe(LOG, min(event.event_time_ms, arrived_ms), log)
        alerts = list(self._begin_minutes(arrived_ms)) if now_ms // MINUTE_MS > state.minute else []
        if event.is_mirror:
            return alerts
        if event.event_time_ms < now_ms - self._lateness_ms:
            state.late_records += 1
            return alerts
        state.platform = event.platform
        if not state.session.is_earlier(event):
            alerts += self._of_stream(event, now_ms)
        return alerts

    def _of_stream(self, event: RoomEvent, now_ms: int) -> Iterator[Alert]:
        """Take in what is not of an earlier stream: it ends the running one, begins another, or is part of it."""
        state = self.state
        if event.kind == "session_end":
            if event.event_time_ms >= state.session.began_ms:
                yield from self._end_session(event.event_time_ms, now_ms)
            return
        if state.session.begins(event, ended=state.ended):
            yield from self._begin_session(event, now_ms)
        state.session.name(event)
        if state.ended:
            return
        state.names_hidden |= event.actor is not None and event.actor.masked
        yield from self._feed.on_event(event, now_ms)
        for detector in self._detectors:
            yield from detector.on_event(event, now_ms)

    def advance(self, log: SourceProgress) -> list[Alert]:
        self.state.watermark.advance(log)
        return list(self._begin_minutes(log.by_source[LOG]))

    def forget_feeds(self) -> list[Alert]:
        """Learn anew whether the feed is regular: the room's records may come by another partition from now on."""
        return list(self._feed.forget(self.state.watermark.now_ms))

    def _begin_minutes(self, arrived_ms: int) -> Iterator[Alert]:
        """Begin each minute up to now; a room without a timer begins the last one alone. The log is at `arrived_ms`."""
        state, now_minute = self.state, self.state.watermark.now_ms // MINUTE_MS
        while state.minute < now_minute:
            state.minute = state.minute + 1 if self.has_timer else now_minute
            for detector in self._detectors:
                yield from detector.on_minute(state.minute)
            behind_ms = state.watermark.now_ms - state.minute * MINUTE_MS
            if not state.ended and self._feed.is_over(arrived_ms - behind_ms):
                yield from self._end_session(state.activity.heard_ms, state.minute * MINUTE_MS)
            else:
                yield from self._feed.on_minute(state.minute, arrived_ms - behind_ms)

    def _begin_session(self, event: RoomEvent, now_ms: int) -> Iterator[Alert]:
        state = self.state
        if not state.ended:
            yield from self._end_session(event.event_time_ms, now_ms)
        state.ended, state.names_hidden, state.source = False, False, event.source
        state.session.begin(event)
        state.activity = FeedActivity(state.last_log_ms, state.last_log_ms, event_ms=event.event_time_ms)

    def _end_session(self, ended_ms: int, now_ms: int) -> Iterator[Alert]:
        self.state.session.ended_ms = ended_ms
        yield from self._feed.on_session_end(now_ms)
        for detector in self._detectors:
            yield from detector.on_session_end(now_ms)
        self.state.ended = True


def _corrected(event: RoomEvent, times: dict[str, FeedTime], arrived_ms: int, *, in_doubt: bool) -> RoomEvent:
    """The event with the time at which it happened, by the corrected clock of its source."""
    if event.source not in times and len(times) < MAX_SOURCES:
        times[event.source] = FeedTime(arrived_ms)
    feed = times.get(event.source, FeedTime(arrived_ms))
    happened_ms = feed.correct(event.event_time_ms, arrived_ms, in_doubt=in_doubt, stamp_ms=event.log_time_ms)
    return event if happened_ms == event.event_time_ms else msgspec.structs.replace(event, event_time_ms=happened_ms)


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

    def other_key(self, event: RoomEvent) -> str:
        return qualified(event.room_id, event.platform)

    def source(self, event: RoomEvent) -> str:  # noqa: ARG002 - all rooms of a partition share its log
        return LOG

    def create(self, event: RoomEvent, key: str | None = None, arrived_ms: int | None = None) -> Room:
        room = Room.create(event, self.config, key)
        if arrived_ms is not None:
            state, began_ms = room.state, min(event.event_time_ms, arrived_ms)
            state.watermark.now_ms, state.minute = began_ms, began_ms // MINUTE_MS
            state.activity.first_ms = state.activity.last_ms = arrived_ms
        return room

    def restore(self, state: bytes) -> Room:
        return Room(CODEC.decode(state), self.config)
