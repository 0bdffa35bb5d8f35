"""How the detectors are configured; frozen for a worker's life."""

from dataclasses import dataclass

from streams.alerts.rule import AlertRule
from streams.clock import MINUTE_MS
from streams.compliance.disclosure_timers import CompiledTimer


@dataclass(frozen=True, slots=True)
class DetectionConfig:
    lateness_ms: int = 2 * MINUTE_MS
    """How far out of order a record may come and still count."""
    feed_silent_ms: int = 15 * MINUTE_MS
    """A regular feed without a record for this long alerts."""
    shadow_rules: tuple[AlertRule, ...] = ()
    """People's alert rules that run in shadow."""
    timers: tuple[CompiledTimer, ...] = ()
    """How long a room that sells may go without a disclosure."""
