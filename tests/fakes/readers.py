"""Readers that hold what they are told, and servers that do not answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from streams.alerts.alert import Alert
from streams.detection.room.fake_traffic import TrafficFigure
from streams.detection.views.reader import BrandTexts, RoomSummary
from streams.engagement.dictionary import AudienceMetric, Scope, SumMetric
from streams.engagement.reader import ScopeTotals
from streams.errors import Unavailable
from streams.kafka.bounds import Offsets


@dataclass
class HeldRooms:
    """Sums by room; the viewers of a room stand among them."""

    rooms: dict[str, dict[str, int]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    asked_at_ms: int = 0
    people: Mapping[str, Mapping[AudienceMetric, int]] = field(default_factory=dict)

    def newest_event_ms(self) -> Mapping[str, int]:
        return self.newest

    def all_scopes(self, scope: Scope, minutes: int, at_ms: int) -> Mapping[str, ScopeTotals]:
        self.asked_at_ms = at_ms
        return {name: _line(dict(counts)) for name, counts in self.rooms.items()}

    def people_so_far(self, room_ids: Iterable[str]) -> Mapping[str, Mapping[AudienceMetric, int]]:
        return {room_id: self.people[room_id] for room_id in room_ids if room_id in self.people}


def _line(counts: dict[str, int]) -> ScopeTotals:
    viewers = counts.pop("viewers_now", None)
    return ScopeTotals(cast(dict[SumMetric, int], counts), viewers)


class NoRooms(HeldRooms):
    """Redis is away."""

    def newest_event_ms(self) -> Mapping[str, int]:
        raise Unavailable("Redis does not answer: refused")


@dataclass
class HeldAlerts:
    alerts: Sequence[Alert] = ()
    over: Sequence[Alert] = ()

    def active(self) -> Sequence[Alert]:
        return self.alerts

    def resolved(self) -> Sequence[Alert]:
        return self.over


@dataclass
class HeldViews:
    counts: Sequence[BrandTexts] = ()
    fakes: Mapping[str, Mapping[TrafficFigure, float]] = field(default_factory=dict)
    brand_id: str = "b-1"

    def texts(self, at_ms: int) -> Sequence[BrandTexts]:
        return self.counts

    def rooms(self, room_ids: Sequence[str]) -> Mapping[str, RoomSummary]:
        return {
            room_id: RoomSummary(room_id, self.brand_id, "feed", False, self.fakes[room_id])
            for room_id in room_ids
            if room_id in self.fakes
        }


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
