"""A scenario on its way: generated, its truth written, its records played so that they end at about now."""

import time
from collections.abc import Callable
from pathlib import Path

from streams.clock import MINUTE_MS, Clock, system_clock
from streams.errors import UsageError
from streams.ingest.player import PlaybackResult, ProgressCallback, Sink, play
from streams.simulate.generate import Traffic, generate
from streams.simulate.scenario import Scenario


def simulate(
    scenario: Scenario,
    sink: Sink,
    *,
    wall_seconds: float | None,
    truth_path: Path | None = None,
    on_progress: ProgressCallback | None = None,
    clock: Clock = system_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Traffic, PlaybackResult]:
    """Generate a scenario that ends `wall_seconds` from now, write its truth, and play it.

    Without `wall_seconds` it ends now and is sent as fast as the sink takes it. Raises UsageError for a wall time that
    is longer than the scenario, since its events would lie in the future.
    """
    if wall_seconds is not None and not 0 < wall_seconds <= scenario.minutes * 60:
        raise UsageError(f"{scenario.name} lasts {scenario.minutes} minutes: play it in that time or less")
    ends_ms = clock() + int((wall_seconds or 0) * 1000)
    traffic = generate(scenario, ends_ms)
    if truth_path is not None:
        traffic.truth.save(truth_path)
    speed = None if wall_seconds is None else scenario.minutes * MINUTE_MS / (wall_seconds * 1000)
    return traffic, play(
        traffic.records, sink, speed=speed, ends_ms=ends_ms, on_progress=on_progress, clock=clock, sleep=sleep
    )
