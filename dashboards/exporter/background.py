"""What a scrape gets: alerts as they are at that moment, and all else from a reading at most some seconds old.

A page must not wait for a thousand rooms to be read, and a scrape that takes too long is a blind monitor: rooms, brands
and lag are read by a thread of their own, at their own pace.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from dashboards.snapshot import Snapshot
from streams.alerts.alert import Alert
from streams.errors import Unavailable

PERIOD_SECONDS = 5.0
MAX_AGE_SECONDS = 60.0
"""An older reading does not count: the thread that reads is stuck."""
FIRST_SECONDS = 10.0
"""A scrape before the first reading waits for it so long."""


class BackgroundSnapshot:
    """`with Readings(figures.read, detections.active) as readings: readings()`, from any thread."""

    def __init__(
        self,
        read: Callable[[], Snapshot],
        active: Callable[[], Sequence[Alert]],
        period_seconds: float = PERIOD_SECONDS,
        oldest_seconds: float = MAX_AGE_SECONDS,
    ) -> None:
        self._read = read
        self._active = active
        self._period_seconds = period_seconds
        self._oldest_seconds = oldest_seconds
        self._latest: tuple[float, Snapshot] | None = None
        self._first, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="readings", daemon=True)

    def __call__(self) -> Snapshot:
        """The figures of a scrape; raises nothing for a server that does not answer."""
        self._first.wait(FIRST_SECONDS)
        latest = self._latest
        if latest is None or time.monotonic() - latest[0] > self._oldest_seconds:
            return Snapshot(0, redis_up=False, kafka_up=False, trouble="the figures are not read any more")
        snapshot = latest[1]
        try:
            return replace(snapshot, redis_up=True, active=self._active())
        except Unavailable as error:
            return Snapshot(snapshot.read_at_ms, redis_up=False, kafka_up=snapshot.kafka_up, trouble=str(error))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(FIRST_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            self._latest = began, self._read()
            self._first.set()
            self._stop.wait(max(0.0, began + self._period_seconds - time.monotonic()))
