"""A room whose feed falls silent while its session goes on (streams.detection.feed_silence has the rule)."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode
from streams.clock import MINUTE_MS
from streams.detection.config import DetectionConfig
from streams.detection.feed_silence import FeedActivity, silence_as_of, silence_episode
from streams.detection.room.detector import RoomFacts
from streams.detection.room.sessions import UNSAID_END_MS
from streams.detection.room_event import RoomEvent


class FedRoom(RoomFacts, Protocol):
    """The room's state as this detector reads and writes it."""

    source: str
    last_log_ms: int
    activity: FeedActivity
    silence: Episode | None


class RoomFeed:
    """Beside the RoomDetectors, whose minutes are of event time: silence is of arrival."""

    def __init__(self, room: FedRoom, config: DetectionConfig) -> None:
        self._room = room
        self._min_silence_ms = config.feed_silent_ms

    @property
    def alerting(self) -> bool:
        return self._room.silence is not None

    def is_over(self, arrived_ms: int) -> bool:
        """Whether nothing came for so long when the log is there that the stream must have ended, though no feed said
        so: an hour, half an hour of silence of a feed with long gaps, a day at most."""
        activity = self._room.activity
        quiet_ms = max(UNSAID_END_MS, activity.bearable_ms(self._min_silence_ms) + UNSAID_END_MS // 2)
        return activity.is_forgotten(arrived_ms) or (activity.is_regular and arrived_ms - activity.last_ms >= quiet_ms)

    def on_event(self, event: RoomEvent, now_ms: int) -> Iterable[Alert]:
        self._room.activity.observe(self._room.last_log_ms, event_ms=event.event_time_ms)
        return () if self._room.silence is None else self.on_session_end(now_ms)

    def on_minute(self, minute: int, arrived_ms: int) -> Iterator[Alert]:
        """Look at the feed when a minute of the room's time begins and the log is at `arrived_ms`."""
        room, now_ms = self._room, minute * MINUTE_MS
        if room.silence is None and not room.ended and room.activity.is_silent(arrived_ms, self._min_silence_ms):
            room.silence = _perhaps_over(
                silence_episode(room.brand_id, room.room_id, room.source, room.activity, now_ms), now_ms
            )
            yield room.silence.alert

    def running(self, now_ms: int) -> Iterator[Alert]:
        if self._room.silence is not None:
            yield silence_as_of(self._room.silence, self._room.activity, now_ms)

    def forget(self, now_ms: int) -> Iterator[Alert]:
        """Learn anew whether the feed is regular."""
        self._room.activity = FeedActivity(self._room.last_log_ms, self._room.last_log_ms)
        yield from self.on_session_end(now_ms)

    def on_session_end(self, now_ms: int) -> Iterator[Alert]:
        room = self._room
        if room.silence is not None:
            room.silence.resolve(now_ms)
            yield room.silence.alert
            room.silence = None


def _perhaps_over(silence: Episode, now_ms: int) -> Episode:
    alert = silence.alert
    silence.revise(
        now_ms,
        summary=f"{alert.summary}; perhaps the stream ended",
        explanation=f"{alert.explanation} Not every platform says that a stream has ended; after an hour without a word"
        " this one counts as ended.",
    )
    return silence
