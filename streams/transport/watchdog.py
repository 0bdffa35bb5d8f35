"""Ends a worker that no longer gets on, so that a supervisor starts it anew.

A partition stands still when Kafka has records for it, its stored offset does not move, and no server is known to be
away: a call that never returns, a thread that is stuck, a fetch that brings nothing, an event loop that does not turn.
The watchdog is a thread of its own, so that it sees the last of these too.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a partition stands."""

    mark: tuple[int, ...]
    """Changes whenever the partition gets on."""
    has_work: bool
    """Whether records wait to be stored."""


class Stillness:
    """For how long each partition has stood still, in the time that this process had to run: one that was suspended
    with its machine did not stand still."""

    def __init__(self) -> None:
        self._since: dict[Place, tuple[Standing, float]] = {}

    def longest(self, standings: Mapping[Place, Standing], elapsed_seconds: float) -> tuple[Place | None, float]:
        """The partition that stands still for longest, and for how many seconds."""
        still: dict[Place, tuple[Standing, float]] = {}
        for place, standing in standings.items():
            before, seconds = self._since.get(place, (None, 0.0))
            goes_on = standing.has_work and standing == before
            still[place] = standing, seconds + elapsed_seconds if goes_on else 0.0
        self._since = still
        return max(
            ((place, seconds) for place, (_, seconds) in still.items()), key=lambda one: one[1], default=(None, 0.0)
        )


class Watchdog(threading.Thread):
    """Looks every second. `excused` says that a server is known to be away."""

    def __init__(
        self,
        standings: Callable[[], Mapping[Place, Standing]],
        excused: Callable[[], bool],
        limit_seconds: float,
        stuck: Callable[[str], None],
        *,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._standings = standings
        self._excused = excused
        self._limit_seconds = limit_seconds
        self._stuck = stuck
        self._tick_seconds = tick_seconds
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def run(self) -> None:
        stillness = Stillness()
        while not self._stopped.wait(self._tick_seconds):
            if self._excused():
                stillness = Stillness()
                continue
            place, seconds = stillness.longest(self._standings(), self._tick_seconds)
            if place is not None and seconds >= self._limit_seconds:
                topic, partition = place
                self._stuck(f"{topic}:{partition} has stood still for {seconds:.0f} seconds with records to store")
                return
