"""Time is passed in: pure code takes a `Clock`, so tests and replays decide what "now" is."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the present as milliseconds since the epoch, UTC."""

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def system_clock() -> int:
    """Wall-clock milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000
