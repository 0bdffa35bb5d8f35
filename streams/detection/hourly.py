"""What is kept for the screens: scored texts of each brand by minute, platform and label, for a few hours.

    suffix  texts:<hour since the epoch>:<brand>      field  <minute of the hour>|<platform>|<label>      count

Labels are `texts`, `unscored`, the sentiments and the flagged risks; all are closed sets. Time is the texts' own.
"""

from collections import defaultdict

from streams.clock import HOUR_MS, MINUTE_MS
from streams.events.schema import ScoredText

HEARD = "heard"
"""The hash of each brand's newest event time."""
TTL_SECONDS = 3 * 3600


def suffix(hour: int, brand_id: str) -> str:
    return f"texts:{hour}:{brand_id}"


def field(minute: int, platform: str, label: str) -> str:
    return f"{minute}|{platform}|{label}"


class Hourly:
    """Counts of a batch, by suffix and field."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.heard_ms: dict[str, int] = {}

    def count(self, text: ScoredText, *, amends: bool = False) -> None:
        """Count a text; an amendment adds its labels and takes back `unscored`."""
        counts = self.sums[suffix(text.event_time_ms // HOUR_MS, text.brand_id)]
        minute = text.event_time_ms % HOUR_MS // MINUTE_MS
        labels = [*text.flagged, text.sentiment or "unscored"]
        for label in labels if amends else [*labels, "texts"]:
            counts[field(minute, text.platform, label)] += 1
        if amends:
            counts[field(minute, text.platform, "unscored")] -= 1
        self.heard_ms[text.brand_id] = max(self.heard_ms.get(text.brand_id, 0), text.event_time_ms)
