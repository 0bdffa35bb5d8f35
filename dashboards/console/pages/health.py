"""Does the monitor see? What it does not see must not look like calm."""

from collections import Counter

import msgspec

from dashboards.console.sources import PageSources
from dashboards.lag import lags
from streams.clock import MINUTE_MS

QUIET_MS = 3 * MINUTE_MS
"""No event at all for so long is no calm, but a feed that is cut."""
FAR_BEHIND = 20_000
"""Records; figures then trail reality by a minute or so."""


class MonitorHealth(msgspec.Struct, frozen=True):
    """What may blind the monitor. A field that says nothing is False, 0 or empty."""

    kafka_trouble: str
    newest_ms: int
    """Event time of the newest event; 0 where there never was one."""
    quiet_ms: int
    """How long nothing came, where that is too long."""
    behind: int
    """Records behind, where that is too many."""
    silent_feeds: int

    @property
    def blind(self) -> bool:
        return bool(self.kafka_trouble or self.quiet_ms or self.behind or self.silent_feeds)


def monitor_health(sources: PageSources) -> MonitorHealth:
    """Raises Unavailable where Redis does not answer: then it is blind altogether."""
    readers = sources.readers
    quiet_ms = readers.quiet_ms()
    behind = sum(behind_by_stage(sources).values())
    silent = [alert for alert in readers.alerts.active() if alert.kind == "feed_silent" and alert.state == "firing"]
    return MonitorHealth(
        kafka_trouble=sources.topics.state.trouble,
        newest_ms=readers.newest_ms(),
        quiet_ms=quiet_ms // MINUTE_MS * MINUTE_MS if quiet_ms >= QUIET_MS else 0,
        behind=behind if behind >= FAR_BEHIND else 0,
        silent_feeds=len(silent),
    )


def behind_by_stage(sources: PageSources) -> Counter[str]:
    """Records that each stage has yet to store the effects of; empty while Kafka cannot be asked."""
    state = sources.topics.state
    found: Counter[str] = Counter()
    if state.up:
        for lag in lags(sources.readers.offsets(), state.beginnings, state.ends):
            found[lag.stage] += lag.records
    return found
