"""What a detector of a live room is.

A new one is a class in a file of this package, a line in `DETECTORS` (room.py) with a field at the end of `RoomState`
for what it remembers, an alert kind (streams.alerts.kinds) with its runbook, and a test.
"""

from collections.abc import Iterable
from typing import Protocol

from streams.alerts.alert import Alert
from streams.detection.room_event import RoomEvent


class RoomFacts(Protocol):
    """What every detector may read of its room; a detector adds its own fields of `RoomState` to these."""

    room_id: str
    brand_id: str
    ended: bool
    """Whether the session is over."""


class RoomDetector(Protocol):
    """One detector of one room.

    It is made of the room's state and the configuration, and keeps what it remembers in that state alone, so that a
    worker that takes the room over goes on with the same alerts. Alerts are returned in the order of writing. Times are
    milliseconds, and minutes are counted from the epoch, both in the room's event time.
    """

    @property
    def alerting(self) -> bool:
        """Whether an alert is pending or firing."""

    def on_event(self, event: RoomEvent, now_ms: int) -> Iterable[Alert]:
        """Take in an event of the running stream, its `session_start` included. Mirrored and late events never come,
        nor those of a stream that is over."""

    def on_minute(self, minute: int) -> Iterable[Alert]:
        """Look at the minutes before `minute`, which begins. Minutes come in order, all of them while the room has a
        timer."""

    def running(self, now_ms: int) -> Iterable[Alert]:
        """The alerts that fire, with the figures, the words and the evidence of this moment. They are shown and not
        written to the topic, so they page nobody again. Changes no state."""

    def on_session_end(self, now_ms: int) -> Iterable[Alert]:
        """Resolve what runs and forget the stream: it ended, or another began (streams.detection.room.sessions)."""
