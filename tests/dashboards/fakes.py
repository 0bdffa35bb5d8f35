"""Readers that hold what they are told, and servers that do not answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dashboards.figures import TextCount
from dashboards.lag import Offsets
from streams.alerting.alert import Alert
from streams.engagement.vocabulary import Scope, Window
from streams.errors import Unavailable


@dataclass
class HeldRooms:
    """Sums by room; the viewers of a room stand among them."""

    rooms: dict[str, dict[str, int]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    asked_at_ms: int = 0

    def ids(self, scope: Scope) -> Iterable[str]:
        return self.rooms

    def sums(self, scope: Scope, scope_id: str, window: Window, at_ms: int) -> Mapping[str, int]:
        self.asked_at_ms = at_ms
        return {name: value for name, value in self.rooms[scope_id].items() if name != "viewers_now"}

    def gauges(self, scope: Scope, scope_id: str, window: Window, at_ms: int) -> Mapping[str, int]:
        return {name: value for name, value in self.rooms[scope_id].items() if name == "viewers_now"}

    def newest_event_ms(self) -> Mapping[str, int]:
        return self.newest


class NoRooms(HeldRooms):
    """Redis is away."""

    def newest_event_ms(self) -> Mapping[str, int]:
        raise Unavailable("Redis does not answer: refused")


@dataclass
class HeldDetections:
    alerts: Sequence[Alert] = ()
    over: Sequence[Alert] = ()
    counts: Sequence[TextCount] = ()

    def active(self) -> Sequence[Alert]:
        return self.alerts

    def resolved(self) -> Sequence[Alert]:
        return self.over

    def texts(self, at_ms: int) -> Sequence[TextCount]:
        return self.counts


@dataclass
class HeldLog:
    beginnings: Offsets = field(default_factory=dict)
    ends: Offsets = field(default_factory=dict)

    def read(self) -> tuple[Offsets, Offsets]:
        return self.beginnings, self.ends


class NoLog(HeldLog):
    """Kafka is away."""

    def read(self) -> tuple[Offsets, Offsets]:
        raise Unavailable("Kafka does not answer at nowhere")
