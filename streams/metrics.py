"""Every metric that a process of Pulsewatch exposes, declared once: name, meaning, unit, labels from closed sets.

Dashboards and alerting rules take the names from here. Values that come from Redis (rooms, brands, alerts, lag) are the
exporter's and are declared below as names, since it builds them anew at each scrape.
"""

from collections.abc import Iterable
from itertools import product

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("pulsewatch_events_total", "Records by what became of them.", ["stage", "fate"])
"""fate: applied, duplicate, late, dead_letter, skipped, retraction_unmatched (its target was already
retracted, or has not arrived yet)."""
EVENTS_AHEAD = Counter(
    "pulsewatch_events_ahead_total",
    "Events more than five minutes ahead of their arrival, which counters take to be of their arrival.",
)
DEAD_LETTERS = Counter("pulsewatch_dead_letters_total", "Records that could not be read.", ["stage", "reason"])
INGEST_UNREAD = Counter(
    "pulsewatch_ingest_unread_total",
    "Messages of platforms that could not be read, whole or in part.",
    ["source", "type", "reason"],
)
"""type: one that the platform's decoder knows, else other. reason: UnreadReason of streams.ingest.foreign."""
RECORDS_REFUSED = Counter(
    "pulsewatch_records_refused_total", "Records that Kafka refused for their size.", ["topic", "outcome"]
)
"""outcome: cut (written without what makes it large), dropped (refused even so)."""
INGEST_EVENTS = Counter("pulsewatch_ingest_events_total", "What came over HTTP, by what became of it.", ["outcome"])
"""outcome: accepted, refused and unmatched (about no brand) count events; request_refused counts requests of which
nothing was read or kept."""
CATALOGUE_READS = Counter(
    "pulsewatch_catalogue_reads_total", "Changed files of brands, by what became of them.", ["outcome"]
)
"""outcome: taken, broken (the catalogue before it stayed in force)."""
CATALOGUE_BRANDS = Gauge("pulsewatch_catalogue_brands", "Brands of the catalogue that is in force.")
CATALOGUE_BROKEN = Gauge("pulsewatch_catalogue_broken", "1 while the file of brands cannot be used as it is.")
INGEST_FORGOTTEN = Counter(
    "pulsewatch_ingest_forgotten_total",
    "Texts of the catalogue's brands that were taken while Redis was away: a deletion without a brand misses them.",
)
BATCH_SECONDS = Histogram(
    "pulsewatch_batch_seconds",
    "From a batch's delivery to its effects being stored.",
    ["stage"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
BATCH_EVENTS = Histogram(
    "pulsewatch_batch_events", "Records a batch.", ["stage"], buckets=(1, 10, 100, 1000, 5000, 20_000, 100_000)
)
LEDGER_OUTCOMES = Counter("pulsewatch_ledger_outcomes_total", "What the ledger answered.", ["stage", "outcome"])
"""outcome: applied, moved, fenced, unavailable."""
EVENT_AGE_SECONDS = Histogram(
    "pulsewatch_event_age_seconds",
    "Age of a batch's last event when its effects are stored.",
    ["stage"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)
TEXTS = Counter("pulsewatch_texts_total", "Texts by outcome of scoring.", ["outcome"])
"""outcome: scored, unscored, language (in one that the model does not know, so it was not asked)."""
SCORING_SECONDS = Histogram(
    "pulsewatch_scoring_seconds", "Model time a batch of texts.", buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)
SENTIMENTS = Counter("pulsewatch_sentiments_total", "Scored texts by sentiment.", ["sentiment"])
FLAGGED = Counter("pulsewatch_flagged_total", "Scored texts with a risk above its threshold.", ["risk"])
CONFIDENCE = Histogram(
    "pulsewatch_sentiment_confidence",
    "Probability of a text's likeliest sentiment.",
    buckets=(0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1),
)
MODEL_INFO = Gauge("pulsewatch_model_info", "1 for the model that a scoring worker has loaded.", ["revision"])
FINDINGS = Counter("pulsewatch_findings_total", "Rule findings by family.", ["family"])
ALERT_CHANGES = Counter(
    "pulsewatch_alert_changes_total",
    "Alerts by kind and the state they entered; one that is written again in its state is not counted again.",
    ["kind", "state"],
)
SHADOW_ALERT_CHANGES = Counter(
    "pulsewatch_shadow_alert_changes_total",
    "Alerts of draft rules by rule and the state they entered.",
    ["rule", "state"],
)
UP = Gauge("pulsewatch_worker_up", "1 while the worker has its partitions.", ["stage"])
RELAY_MESSAGES = Counter(
    "pulsewatch_relay_messages_total", "Messages to receivers by what became of them.", ["target", "outcome"]
)
"""target: a name of relay.yml. outcome: delivered, refused, unavailable, limited."""
RELAY_SECONDS = Histogram(
    "pulsewatch_relay_seconds",
    "From a notification's arrival to the receiver's answer, retries included.",
    ["target"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8),
)

ALERT_FIRING = "pulsewatch_alert_firing"
"""1 for each firing alert; labels kind, severity, brand, room, platform, family, fingerprint, runbook. Those beyond the
cap are one series a kind and severity, with brand and fingerprint `other`."""
ALERTS = "pulsewatch_alerts"
"""Firing alerts, those beyond the cap included; labels kind, severity."""
CONSUMER_LAG = "pulsewatch_consumer_lag_records"
"""Records behind the end of the topic; labels stage, topic, partition."""
FEED_LAST_EVENT = "pulsewatch_feed_last_event_timestamp_seconds"
"""Event time of the newest event; label topic."""
TOPIC_RECORDS = "pulsewatch_topic_records"
"""Records of a topic that engagement has counted: it goes on whatever the events' times are; label topic."""
FEED_CLOCK = "pulsewatch_feed_clock_offset_seconds"
"""How far a source's clock is behind its records' arrival, negative where it is ahead, 0 where it is right; label
source. Sources beyond the cap are `other`, with the farthest off."""
FEED_LATENESS = "pulsewatch_feed_lateness_seconds"
"""How late nearly all of a source's texts come; label source."""
FEED_LATE = "pulsewatch_feed_late_texts"
"""Texts of a source that came later than detection waited for; they count in their own minutes; label source."""
FEED_AHEAD = "pulsewatch_feed_ahead_texts"
"""Texts of a source that were more than five minutes ahead of their arrival, strays or of a clock that is off; label
source."""
FEED_UP = "pulsewatch_feed_up"
"""1 while a feed of `feeds run` is connected, or at its end as files are, 0 while it is not, or its process writes
nothing; label feed. One that was told to stop has no series of these. Feeds beyond the cap are `other`: added up, and 1
only where all of them are."""
FEED_MESSAGES = "pulsewatch_feed_messages_total"
"""Messages that came from a feed; label feed."""
FEED_EVENTS = "pulsewatch_feed_events_total"
"""What became of a feed's events; labels feed, fate: published, unmatched (about no brand), repeated (told before),
refused (no stage would take it)."""
FEED_UNREAD = "pulsewatch_feed_unread_total"
"""Messages of a feed that could not be read, or not whole; label feed. `pulsewatch feeds status` has their types."""
FEED_GAPS = "pulsewatch_feed_gaps_total"
"""Times whose messages are missing for good: the source has them no more; label feed."""
FEED_GAP_SECONDS = "pulsewatch_feed_gap_seconds_total"
"""Seconds of such times; label feed."""
FEED_GAP_MESSAGES = "pulsewatch_feed_gap_messages_total"
"""Messages that are known to be missing; of most gaps nobody knows how many; label feed."""
FEED_LAST_MESSAGE = "pulsewatch_feed_last_message_timestamp_seconds"
"""When the last message of a feed came; label feed."""
ROOM_VIEWERS = "pulsewatch_room_viewers"
"""Concurrent viewers of a room; label room."""
ROOM_EVENTS = "pulsewatch_room_events"
"""A room's sums over the last five minutes; labels room, counter."""
ROOM_PEOPLE = "pulsewatch_room_people"
"""Unique people of a room's session so far, estimated; labels room, audience."""
ROOM_FAKE_SHARE = "pulsewatch_room_fake_share"
"""Share of a room's enters, likes and comments in the last five minutes that is inauthentic, 0 to 1; labels room,
counter."""
ROOM_PAID = "pulsewatch_room_paid"
"""Money paid in a room within the last five minutes, in major units; labels room, brand, currency (empty where the
catalogue does not say)."""
BRAND_INFO = "pulsewatch_brand_info"
"""1 for each brand with series of its own: what the catalogue calls it, for people; labels brand, name."""
BRAND_TEXTS = "pulsewatch_brand_texts"
"""Scored texts of a brand over the last hour; labels brand, platform, sentiment."""
BRAND_RISKS = "pulsewatch_brand_risks"
"""Flagged texts of a brand over the last hour; labels brand, platform, risk."""
EXPORTER_REDIS_UP = "pulsewatch_exporter_redis_up"
"""1 if the exporter could read Redis at this scrape; at 0 the series above that come from Redis are missing, not 0."""
EXPORTER_KAFKA_UP = "pulsewatch_exporter_kafka_up"
"""1 if the exporter could ask Kafka for the ends of the topics at this scrape."""


def from_zero(counter: Counter, *closed: Iterable[str]) -> None:
    """Begin every series of closed label sets at 0, label by label: a series that begins at 1 has never increased."""
    for values in product(*closed):
        counter.labels(*values)
