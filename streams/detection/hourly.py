"""A batch's scored texts as the counts that screens show; streams.alerting.shelves says where they are kept."""

from collections import defaultdict

from streams.alerting.shelves import texts_field, texts_suffix
from streams.clock import HOUR_MS, MINUTE_MS
from streams.events.schema import ScoredText


class Hourly:
    """Counts of a batch, by suffix and field."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.heard_ms: dict[str, int] = {}

    def count(self, text: ScoredText, *, amends: bool = False) -> None:
        """Count a text; an amendment adds its labels and takes back `unscored`."""
        counts = self.sums[texts_suffix(text.event_time_ms // HOUR_MS, text.brand_id)]
        minute = text.event_time_ms % HOUR_MS // MINUTE_MS
        labels = [*text.flagged, text.sentiment or "unscored"]
        for label in labels if amends else [*labels, "texts"]:
            counts[texts_field(minute, text.platform, label)] += 1
        if amends:
            counts[texts_field(minute, text.platform, "unscored")] -= 1
        self.heard_ms[text.brand_id] = max(self.heard_ms.get(text.brand_id, 0), text.event_time_ms)
