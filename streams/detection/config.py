"""How patient the detectors are; frozen for a worker's life."""

from dataclasses import dataclass

from streams.clock import MINUTE_MS
from streams.compliance.disclosure_timers import CompiledTimer
from streams.detection.brand.custom_rules import AlertRule


@dataclass(frozen=True, slots=True)
class DetectionConfig:
    lateness_ms: int = 2 * MINUTE_MS
    """How far out of order a record may come and still count."""
    feed_silent_ms: int = 15 * MINUTE_MS
    """A feed that was heard regularly and is not for so long alerts."""
    drafts: tuple[AlertRule, ...] = ()
    """Rules that run in shadow."""
    timers: tuple[CompiledTimer, ...] = ()
    """How long a room that sells may go without saying so."""
