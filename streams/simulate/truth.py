"""The truth of a simulation: the right counts and alerts, written beside the feed as JSON.

Sums are kept by minute of event time, so that any window can be derived; people as the exact numbers that estimates
are held against; every record by its fate; and the alerts that the incidents deserve.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from streams.alerts.alert import Severity
from streams.alerts.kinds import AlertKind
from streams.clock import MINUTE_MS

Sums = dict[str, int]
WINDOW_MINUTES: Mapping[str, int] = {"1m": 1, "5m": 5, "60m": 60, "24h": 1440}


class ExpectedAlert(msgspec.Struct, frozen=True):
    """An alert that must fire, once, with its onset between the two times."""

    kind: AlertKind
    brand_id: str
    severity_at_least: Severity
    onset_from_ms: int
    onset_to_ms: int
    must_resolve: bool
    room_id: str | None = None
    family: str | None = None


class ScopeTruth(msgspec.Struct, frozen=True):
    """One room, product, brand or platform. `people` is by window (60m, 24h, session), `minutes` by minute number."""

    minutes: dict[int, Sums]
    people: dict[str, dict[str, int]]


class SessionTruth(msgspec.Struct, frozen=True):
    """One live session of a room, whenever its events happened (a late refund amends it)."""

    room_id: str
    sums: Sums
    people: dict[str, int]
    viewers_peak: int
    viewers_last: int


class Truth(msgspec.Struct, frozen=True):
    scenario: str
    seed: int
    started_at_ms: int
    ended_at_ms: int
    records: dict[str, int]
    """By topic."""
    texts: int
    """Good records of a kind that is scored, duplicates and mirrors included."""
    fates: dict[str, int]
    dead_letters: dict[str, int]
    """By reason."""
    scopes: dict[str, dict[str, ScopeTruth]]
    """scope → id."""
    sessions: dict[str, SessionTruth]
    fakes: dict[str, dict[int, Sums]]
    """The inauthentic part of the sums: room → minute."""
    alerts: list[ExpectedAlert]
    unknowable: dict[str, int] = {}
    """What happened and no reader of the feeds can know, by what it is: events that no platform tells (`leave`), likes
    that were sampled away, people who were masked, texts in a language that the model does not know."""

    def sums(self, scope: str, scope_id: str, window: str) -> Sums:
        """Sums over the last whole-or-begun minutes of the window that ends with the scenario."""
        last = self.ended_at_ms // MINUTE_MS
        first = last - WINDOW_MINUTES[window] + 1
        return added(sums for minute, sums in self.scopes[scope][scope_id].minutes.items() if first <= minute <= last)

    def fake_share(self, room_id: str, name: str, first: int, last: int) -> float:
        """The inauthentic share of a room's sum over these minutes, both included, 0 to 1; 0 where the sum is 0."""
        fake = sum(sums.get(name, 0) for at, sums in self.fakes.get(room_id, {}).items() if first <= at <= last)
        minutes = self.scopes["room"][room_id].minutes
        every = sum(sums.get(name, 0) for at, sums in minutes.items() if first <= at <= last)
        return fake / every if every else 0.0

    def save(self, path: Path) -> None:
        path.write_bytes(msgspec.json.encode(self))


def load(path: Path) -> Truth:
    return msgspec.json.decode(path.read_bytes(), type=Truth)


def added(parts: Iterable[Sums]) -> Sums:
    """The sum of sums; what comes to nothing is left out."""
    total: Sums = {}
    for sums in parts:
        for name, value in sums.items():
            total[name] = total.get(name, 0) + value
    return {name: value for name, value in total.items() if value}
