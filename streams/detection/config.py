"""How the detectors are configured; frozen for a worker's life."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.alerts.rule import AlertRule
from streams.clock import MINUTE_MS
from streams.compliance.disclosure_timers import CompiledTimer


@dataclass(frozen=True, slots=True)
class DetectionConfig:
    lateness_ms: int = 2 * MINUTE_MS
    """How long to wait for records out of order; longer where a brand's feeds have proved to be later."""
    max_lateness_ms: int = 60 * MINUTE_MS
    """But never longer than this."""
    feed_silent_ms: int = 15 * MINUTE_MS
    """A regular feed without a record for this long alerts."""
    zone: str = "UTC"
    """The time zone whose hours brands live by, where `zones` has no other for a brand."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """By brand, as it is in force: a zone that is changed holds from the next record on."""
    jurisdictions: Mapping[str, str] = field(default_factory=dict)
    """By brand: whose law its rooms are under where their feed names none."""
    shadow_rules: tuple[AlertRule, ...] = ()
    """People's alert rules that run in shadow."""
    timers: tuple[CompiledTimer, ...] = ()
    """How long a room that sells may go without a disclosure."""

    def zone_of(self, brand_id: str) -> str:
        """The time zone that a brand lives by."""
        return self.zones.get(brand_id, self.zone)
