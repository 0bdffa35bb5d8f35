"""Stretches of event time, and moments scattered over them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from streams.clock import MINUTE_MS
from streams.simulate.scenario import Incident


@dataclass(frozen=True)
class Span:
    """A stretch of event time, [from, to)."""

    from_ms: int
    to_ms: int

    def covers(self, at_ms: float) -> bool:
        return self.from_ms <= at_ms < self.to_ms


def incident_span(incident: Incident, start_ms: int) -> Span:
    from_ms = start_ms + int(incident.onset_minute * MINUTE_MS)
    return Span(from_ms, from_ms + int(incident.minutes * MINUTE_MS))


def ticks(rng: random.Random, per_minute: float, span: Span) -> Iterator[int]:
    """A Poisson process."""
    at_ms: float = span.from_ms
    while per_minute > 0 and (at_ms := at_ms + rng.expovariate(per_minute / MINUTE_MS)) < span.to_ms:
        yield int(at_ms)
