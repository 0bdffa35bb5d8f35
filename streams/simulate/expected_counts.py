"""The oracle: adds up the meaning of each emission, scope by scope. It reads no record and knows no rule."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from streams.clock import MINUTE_MS
from streams.events.identity import parted, qualified
from streams.events.schema import Event
from streams.simulate.emission import Emission
from streams.simulate.truth import WINDOW_MINUTES, ScopeTruth, SessionTruth, Sums

Seen = dict[str, dict[str, int]]
"""audience metric → pseudonym → the latest minute in which the account was part of it."""


@dataclass
class ScopeCounts:
    """The expected counts of one id of a scope, or of one session."""

    minutes: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seen: Seen = field(default_factory=lambda: defaultdict(dict))
    viewers: list[tuple[int, int]] = field(default_factory=list)
    """(event time, concurrent viewers)."""

    def add(self, emission: Emission, event: Event, sign: int) -> None:
        minute = event.event_time_ms // MINUTE_MS
        for name, value in emission.counts.items():
            self.minutes[minute][name] += sign * value

    def add_actor(self, emission: Emission) -> None:
        event = emission.event
        if event.kind == "viewers":
            self.viewers.append((event.event_time_ms, event.value))
        if event.actor is None:
            return
        minute = event.event_time_ms // MINUTE_MS
        for group in emission.people:
            self.seen[group][event.actor.id] = max(minute, self.seen[group].get(event.actor.id, minute))
        if emission.follow == "joins":
            self.seen["new_followers"].setdefault(event.actor.id, minute)
        elif emission.follow == "leaves":
            self.seen["new_followers"].pop(event.actor.id, None)

    def people(self, since_minute: int = 0) -> dict[str, int]:
        return {
            group: sum(minute >= since_minute for minute in persons.values()) for group, persons in self.seen.items()
        }

    def sums(self) -> Sums:
        total: Counter[str] = Counter()
        for sums in self.minutes.values():
            total.update(sums)
        return {name: value for name, value in total.items() if value}


@dataclass
class ExpectedCounts:
    """All expected counts of a simulation. Emissions are added in order of arrival."""

    scopes: dict[str, dict[str, ScopeCounts]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(ScopeCounts)),
    )
    sessions: dict[str, ScopeCounts] = field(default_factory=lambda: defaultdict(ScopeCounts))
    rooms: dict[str, str] = field(default_factory=dict)
    """Session → room."""
    fakes: dict[str, dict[int, Counter[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Counter)))
    """Room → minute → the inauthentic part of the sums."""

    def add(self, emissions: Iterable[Emission]) -> None:
        for emission in emissions:
            for counts in self._counts_of(emission):
                counts.add(emission, emission.event, +1)
                counts.add_actor(emission)
            if emission.takes_back is not None:
                for counts in self._counts_of(emission.takes_back):
                    counts.add(emission.takes_back, emission.takes_back.event, -1)
            for one, sign in ((emission, +1), (emission.takes_back, -1)):
                if one is not None and one.fake and one.event.room_id is not None:
                    for name, value in one.counts.items():
                        self.fakes[one.event.room_id][one.event.event_time_ms // MINUTE_MS][name] += sign * value

    def _counts_of(self, emission: Emission) -> Iterator[ScopeCounts]:
        """Where it counts; a late event counts in no window, but in its session."""
        event = emission.event
        if emission.fate != "late":
            yield from self._scopes(event)
        if event.session_id is not None and event.room_id is not None:
            self.rooms[event.session_id] = event.room_id
            yield self.sessions[event.session_id]

    def _scopes(self, event: Event) -> Iterator[ScopeCounts]:
        yield self.scopes["brand"][event.brand_id]
        yield self.scopes["platform"][event.platform]
        if event.room_id is not None:
            yield self.scopes["room"][event.room_id]
        if event.product_id is not None:
            yield self.scopes["product"][qualified(event.product_id, event.platform)]

    def scope_truths(self, end_ms: int) -> dict[str, dict[str, ScopeTruth]]:
        hour, day = (end_ms // MINUTE_MS - WINDOW_MINUTES[window] + 1 for window in ("60m", "24h"))
        return {
            scope: {
                name: ScopeTruth(
                    {minute: dict(sums) for minute, sums in sorted(counts.minutes.items())},
                    {"60m": counts.people(hour), "24h": counts.people(day)},
                )
                for name, counts in _shown_names(by_id).items()
            }
            for scope, by_id in self.scopes.items()
        }

    def fake_truths(self) -> dict[str, dict[int, Sums]]:
        return {
            room: {minute: dict(sums) for minute, sums in sorted(minutes.items())}
            for room, minutes in self.fakes.items()
        }

    def session_truths(self) -> dict[str, SessionTruth]:
        return {
            session: SessionTruth(
                room_id=self.rooms[session],
                sums=counts.sums(),
                people=counts.people(),
                viewers_peak=max((count for _, count in counts.viewers), default=0),
                viewers_last=max(counts.viewers, default=(0, 0))[1],
            )
            for session, counts in self.sessions.items()
        }


def _shown_names(by_name: Mapping[str, ScopeCounts]) -> dict[str, ScopeCounts]:
    """A product that one platform alone has is called by its id, as screens call it."""
    platforms = Counter(parted(name)[0] for name in by_name)
    return {bare if platforms[bare := parted(name)[0]] == 1 else name: counts for name, counts in by_name.items()}
