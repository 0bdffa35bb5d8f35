"""A live room's detectors over what is done in it: collapse, fake traffic, silence, and no disclosure where it sells.

What else is said in the room is its brand's matter (brand.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode
from streams.clock import MINUTE_MS
from streams.detection import feed_silence as silence
from streams.detection.config import DetectionConfig
from streams.detection.feed_silence import FeedActivity
from streams.detection.room import collapse, fake_traffic
from streams.detection.room.collapse import RoomMinute
from streams.detection.room.disclosure import TIMER_EVENT_KINDS, Disclosures
from streams.detection.room.fake_traffic import TrafficWindow
from streams.detection.room_event import RoomEvent
from streams.detection.watermark import KeyWatermark, SourceProgress
from streams.ledger.stored import Stored, StoredCodec

KEPT_MINUTES = 16
LOG = "live"
"""Rooms are read from their own partition: there is one log."""
INTERACTIONS = frozenset({"like", "comment", "gift", "follow", "share"})


class RoomState(Stored):
    room_id: str
    brand_id: str
    clock: KeyWatermark
    minute: int
    heard: FeedActivity
    source: str
    minutes: dict[int, RoomMinute] = {}
    ended: bool = False
    fall: Episode | None = None
    silence: Episode | None = None
    late: int = 0
    heard_log_ms: int = 0
    traffic: TrafficWindow = msgspec.field(default_factory=TrafficWindow)
    fake: Episode | None = None
    disclosures: Disclosures = msgspec.field(default_factory=Disclosures)


CODEC = StoredCodec(RoomState)


class Room:
    """The running detectors of one room. `hear` and `idle` return the alerts to be written, in order."""

    def __init__(self, state: RoomState, watch: DetectionConfig) -> None:
        self.state = state
        self._watch = watch

    @classmethod
    def fresh(cls, event: RoomEvent, watch: DetectionConfig) -> "Room":
        at_ms = event.event_time_ms
        clock = KeyWatermark(at_ms)
        return cls(
            RoomState(
                event.room_id, event.brand_id, clock, at_ms // MINUTE_MS, FeedActivity(at_ms, at_ms), event.source
            ),
            watch,
        )

    def freeze(self) -> bytes:
        return CODEC.encode(self.state)

    @property
    def obliged(self) -> bool:
        """Whether time alone may change something."""
        return not self.state.ended or self.alerting

    @property
    def alerting(self) -> bool:
        state = self.state
        episodes = (state.fall, state.silence, state.fake)
        return any(episode is not None for episode in episodes) or state.disclosures.alerting

    @property
    def heard_log_ms(self) -> int:
        return self.state.heard_log_ms

    @property
    def late(self) -> int:
        return self.state.late

    def hear(self, event: RoomEvent, log: SourceProgress) -> list[Alert]:
        """An event of the room; `session_end` closes all that runs."""
        state = self.state
        now_ms = state.clock.heard(LOG, event.event_time_ms, log)
        state.heard_log_ms = log.by_source[LOG]
        alerts = list(self._settle()) if now_ms // MINUTE_MS > state.minute else []
        if event.is_mirror:
            return alerts
        if event.event_time_ms < now_ms - self._watch.lateness_ms:
            state.late += 1
            return alerts
        alerts += self._break_silence(now_ms)
        if event.kind == "session_end":
            return alerts + list(self._end(now_ms))
        if event.kind == "session_start":
            state.ended, state.minutes, state.heard = False, {}, FeedActivity(event.event_time_ms, event.event_time_ms)
            state.traffic = TrafficWindow()
        state.heard.hear(event.event_time_ms)
        self._count(event)
        if event.kind in TIMER_EVENT_KINDS:
            alerts += state.disclosures.hear(event, self._watch, now_ms)
        return alerts

    def idle(self, log: SourceProgress) -> list[Alert]:
        """The log has moved on without the room."""
        self.state.clock.idle(log)
        return list(self._settle())

    def _count(self, event: RoomEvent) -> None:
        minute = self.state.minutes.setdefault(event.event_time_ms // MINUTE_MS, RoomMinute())
        if event.kind == "viewers":
            minute.viewers = event.value
        elif event.kind in INTERACTIONS:
            minute.interactions += 1
        self._count_traffic(event)

    def _count_traffic(self, event: RoomEvent) -> None:
        traffic, account = self.state.traffic, event.actor.id if event.actor else None
        match event.kind:
            case "viewers":
                traffic.see(event.value)
            case "enter":
                traffic.enter(event.value)
            case "leave":
                traffic.leave(event.value)
            case "like" if event.value_mode != "snapshot":
                traffic.like(account, event.value)
            case "comment":
                traffic.comment(account, event.text or "", event.event_time_ms)

    def _settle(self) -> Iterator[Alert]:
        state, now_minute = self.state, self.state.clock.now_ms // MINUTE_MS
        while state.minute < now_minute:
            state.minute = state.minute + 1 if self.obliged else now_minute
            yield from self._compare(state.minute)
            yield from self._judge_traffic(state.minute)
            yield from state.disclosures.rest(self._watch, state.minute * MINUTE_MS)
            yield from self._listen(state.minute * MINUTE_MS)
        for old in [at for at in state.minutes if at < now_minute - KEPT_MINUTES]:
            del state.minutes[old]

    def _compare(self, minute: int) -> Iterator[Alert]:
        state, now_ms = self.state, minute * MINUTE_MS
        now = collapse.lately(state.minutes, minute)
        if now is None or state.ended:
            return
        if state.fall is None:
            before = collapse.usual(state.minutes, minute)
            if before is not None and collapse.fallen(before, now):
                state.fall = collapse.opened(state.brand_id, state.room_id, before, now, now_ms)
                yield state.fall.alert
            return
        yield from self._follow(state.fall, now, now_ms)

    def _follow(self, fall: Episode, now: collapse.Figures, now_ms: int) -> Iterator[Alert]:
        before = collapse.before(fall.alert)
        settled = now_ms - fall.alert.started_at >= collapse.NEW_NORMAL_MS
        calm = settled or collapse.recovered(before, now)
        if fall.step(now_ms, holds=collapse.fallen(before, now) and not settled, calm=calm, patience=collapse.PATIENCE):
            yield fall.alert
        if fall.over:
            self.state.fall = None

    def _judge_traffic(self, minute: int) -> Iterator[Alert]:
        state, now_ms = self.state, minute * MINUTE_MS
        if state.ended:
            return
        state.traffic.close(minute - 1)
        state.fake, changed = fake_traffic.update_episode(
            state.fake, state.traffic, state.brand_id, state.room_id, now_ms
        )
        if state.fake is not None and changed:
            yield state.fake.alert
        if state.fake is not None and state.fake.over:
            state.fake = None

    def _listen(self, now_ms: int) -> Iterator[Alert]:
        state = self.state
        if state.heard.forgotten(now_ms):
            yield from self._end(now_ms)
        elif state.silence is None and not state.ended and state.heard.silent(now_ms, self._watch.feed_silent_ms):
            state.silence = silence.fired(state.brand_id, state.room_id, state.source, state.heard, now_ms)
            yield state.silence.alert

    def _break_silence(self, now_ms: int) -> Iterator[Alert]:
        if self.state.silence is not None:
            self.state.silence.resolve(now_ms)
            yield self.state.silence.alert
            self.state.silence = None

    def _end(self, now_ms: int) -> Iterator[Alert]:
        """The session is over, or forgotten: nothing is missed any more."""
        yield from self._break_silence(now_ms)
        if self.state.fall is not None:
            self.state.fall.resolve(now_ms)
            yield self.state.fall.alert
            self.state.fall = None
        if self.state.fake is not None:
            self.state.fake.resolve(now_ms)
            yield self.state.fake.alert
            self.state.fake = None
        yield from self.state.disclosures.end(now_ms)
        self.state.ended = True
        self.state.minutes, self.state.traffic = {}, TrafficWindow()


@dataclass(frozen=True, slots=True)
class Rooms:
    """The keys of live.events."""

    watch: DetectionConfig

    @property
    def suffix(self) -> str:
        return "rooms"

    def key(self, event: RoomEvent) -> str:
        return event.room_id

    def source(self, event: RoomEvent) -> str:  # noqa: ARG002 - all of a partition's rooms share its log
        return LOG

    def fresh(self, event: RoomEvent) -> Room:
        return Room.fresh(event, self.watch)

    def thaw(self, state: bytes) -> Room:
        return Room(CODEC.decode(state), self.watch)
