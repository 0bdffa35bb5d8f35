"""Which alerts an incident deserves, and how soon its onset must lie beside the true one."""

from collections.abc import Iterator

from streams.alerts.alert import Severity
from streams.alerts.kinds import AlertKind
from streams.clock import MINUTE_MS
from streams.simulate.scenario import Incident, Scenario
from streams.simulate.truth import ExpectedAlert

_KINDS: dict[str, tuple[AlertKind, Severity]] = {
    "crisis": ("crisis", "critical"),
    "coordinated": ("crisis", "warning"),
    "praise": ("opportunity", "info"),
    "room_collapse": ("room_collapse", "warning"),
    "silent_feed": ("feed_silent", "warning"),
    "fake_traffic": ("fake_traffic", "warning"),
    "undisclosed": ("compliance", "warning"),
}
ONSET_TOLERANCE_MINUTES = 5
"""A silence starts with the last text before it, a burst may be seen a few minutes after its first word."""
RECOVERY_MINUTES = 12
"""An incident that ends at least so long before the scenario does must be seen to resolve."""
CONVERSATION_RECOVERY_MINUTES = 18
"""The conversation may flare up again, which is the same crisis: its alert waits."""
SILENCE_RECOVERY_MINUTES = 4
"""A silence is over with the first texts that come again."""
DISCLOSURE_RECOVERY_MINUTES = 7
"""The time without a disclosure ends with the next one."""
_RECOVERIES: dict[str, int] = {
    **dict.fromkeys(("crisis", "coordinated", "praise"), CONVERSATION_RECOVERY_MINUTES),
    "silent_feed": SILENCE_RECOVERY_MINUTES,
    "undisclosed": DISCLOSURE_RECOVERY_MINUTES,
}


UNSAID_END_MINUTES = 90
"""A stream that is over for longer is known to be, whether or not anybody said so."""
REFUND_MINUTES = 20
"""The last word of a stream is a refund, so long after it at most."""
CLOCK_AHEAD_SECONDS = 60
"""A clock as far ahead as this, or farther, must be told of."""


def expected_alerts(scenario: Scenario, started_at_ms: int) -> list[ExpectedAlert]:
    incidents = [alert for incident in scenario.incidents for alert in _deserved(incident, scenario, started_at_ms)]
    return [*incidents, *_clocks_ahead(scenario, started_at_ms), *_ends_unsaid(scenario, started_at_ms)]


def _clocks_ahead(scenario: Scenario, started_at_ms: int) -> Iterator[ExpectedAlert]:
    """One for each brand that is spoken of in a room whose clock is ahead."""
    off_seconds = scenario.unkindness.clocks_off_seconds
    ahead = {room.brand_id for room in scenario.rooms if off_seconds.get(room.room_id, 0) >= CLOCK_AHEAD_SECONDS}
    ends_ms = started_at_ms + scenario.minutes * MINUTE_MS
    for brand_id in sorted(ahead):
        yield ExpectedAlert("feed_time", brand_id, "warning", started_at_ms, ends_ms, must_resolve=False)


def _ends_unsaid(scenario: Scenario, started_at_ms: int) -> Iterator[ExpectedAlert]:
    """One for each stream that is over for so long that it counts as ended, though nobody said so: first its room was
    silent."""
    for room in scenario.rooms:
        closes = scenario.minutes if room.closes_minute is None else room.closes_minute
        if room.room_id in scenario.unkindness.silent_ends and closes + UNSAID_END_MINUTES <= scenario.minutes:
            closed_ms = started_at_ms + int(closes * MINUTE_MS)
            latest_ms = closed_ms + REFUND_MINUTES * MINUTE_MS
            yield ExpectedAlert(
                "feed_silent",
                room.brand_id,
                "warning",
                closed_ms - MINUTE_MS,
                latest_ms,
                must_resolve=True,
                room_id=room.room_id,
            )


def _deserved(incident: Incident, scenario: Scenario, started_at_ms: int) -> Iterator[ExpectedAlert]:
    onset_ms = started_at_ms + int(incident.onset_minute * MINUTE_MS)
    recovery = _RECOVERIES.get(incident.kind, RECOVERY_MINUTES)
    resolves = incident.onset_minute + incident.minutes + recovery <= scenario.minutes
    latest_ms = onset_ms + ONSET_TOLERANCE_MINUTES * MINUTE_MS
    earliest_ms = onset_ms - ONSET_TOLERANCE_MINUTES * MINUTE_MS
    if incident.kind == "false_advertising":
        for family in incident.families:
            kind: AlertKind = "privacy" if family == "privacy_leak" else "compliance"
            yield ExpectedAlert(
                kind,
                incident.brand_id,
                "warning",
                earliest_ms,
                onset_ms + int(incident.minutes * MINUTE_MS),
                resolves,
                incident.room_id,
                family,
            )
        return
    kind, severity = _KINDS[incident.kind]
    yield ExpectedAlert(
        kind,
        incident.brand_id,
        severity,
        earliest_ms,
        latest_ms,
        resolves,
        incident.room_id if incident.kind in ("room_collapse", "fake_traffic", "undisclosed") else None,
        "ad_disclosure" if incident.kind == "undisclosed" else None,
    )
