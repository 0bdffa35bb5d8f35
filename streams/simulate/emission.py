"""One thing that happened, with what it adds to the counters, stated by the code that made it happen.

The meaning is written down beside the cause (a streak that grows from 3 to 5 says "two gifts"), so the truth needs no
reading of records, and no rule of the workers is repeated.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from streams.engagement.dictionary import AudienceMetric, SumMetric
from streams.events.schema import Actor, Event, Kind, Platform
from streams.simulate.scenario import Brand, Room, SocialFeed

Fate = Literal["applied", "duplicate", "late", "mirror", "retraction", "retraction_unmatched"]
FollowChange = Literal["joins", "leaves"]

SHOWN: tuple[AudienceMetric, ...] = ("viewers", "shown")
CLICKED: tuple[AudienceMetric, ...] = (*SHOWN, "clickers")
CARTED: tuple[AudienceMetric, ...] = (*CLICKED, "carters")
ORDERED: tuple[AudienceMetric, ...] = (*CARTED, "orderers")
PAID: tuple[AudienceMetric, ...] = (*ORDERED, "payers")
INTERACTING: tuple[AudienceMetric, ...] = ("viewers", "interacting")
VIEWING: tuple[AudienceMetric, ...] = ("viewers",)


@dataclass(frozen=True, slots=True)
class Emission:
    """An event, when it arrives, and its meaning."""

    event: Event
    arrives_ms: int
    counts: Mapping[SumMetric, int] = field(default_factory=dict)
    people: tuple[AudienceMetric, ...] = ()
    fate: Fate = "applied"
    follow: FollowChange | None = None
    takes_back: "Emission | None" = None
    """What a retraction retracts."""
    fake: bool = False
    """Inauthentic: bots made it."""


class EventRecorder:
    """Records what happens in one room's session, or in one brand's feed, as events of that feed."""

    def __init__(self, rng: random.Random, prefix: str, fixed: dict[str, Any]) -> None:
        self._rng, self._prefix, self._fixed = rng, prefix, fixed
        self._numbers = count(1)
        self.emissions: list[Emission] = []

    def record(
        self,
        kind: Kind,
        at_ms: int,
        *,
        actor: Actor | None = None,
        counts: Mapping[SumMetric, int] | None = None,
        people: Iterable[AudienceMetric] = (),
        follow: FollowChange | None = None,
        delay_ms: int | None = None,
        fake: bool = False,
        **fields: Any,
    ) -> Emission:
        """Record an event and its meaning. It arrives some tenths of a second later; `delay_ms` fixes that where order
        matters."""
        delay_ms = self._delay_ms() if delay_ms is None else delay_ms
        event = Event(
            event_id=f"{self._prefix}-{next(self._numbers)}",
            kind=kind,
            actor=actor,
            event_time_ms=at_ms,
            ingest_time_ms=at_ms + delay_ms,
            **self._fixed,
            **fields,
        )
        emission = Emission(event, event.ingest_time_ms, counts or {}, tuple(people), follow=follow, fake=fake)
        self.emissions.append(emission)
        return emission

    def _delay_ms(self) -> int:
        return 20 + min(int(self._rng.expovariate(1 / 300)), 2_500)


def room_recorder(rng: random.Random, room: Room, session_id: str) -> EventRecorder:
    fixed = {"source": room.source, "platform": room.platform, "brand_id": room.brand_id}
    return EventRecorder(rng, session_id, {**fixed, "room_id": room.room_id, "session_id": session_id})


def feed_recorder(rng: random.Random, brand: Brand, feed: SocialFeed) -> EventRecorder:
    fixed: dict[str, str | Platform] = {"source": feed.source, "platform": feed.platform, "brand_id": brand.brand_id}
    return EventRecorder(rng, f"{feed.source}-{brand.brand_id}", fixed)
