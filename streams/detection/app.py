"""The detection worker, put together."""

from streams.alerts.alert import essentials
from streams.catalogue.facts import BrandFacts
from streams.clock import MINUTE_MS
from streams.compliance.disclosure_timers import load_timers
from streams.detection.brand.custom_rules import read_alert_rules
from streams.detection.config import DetectionConfig
from streams.detection.handler import DetectionHandler
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_sink import DeadLetterTopicSink
from streams.kafka.producer import TopicPublisher
from streams.ledger.connect import worker_client
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import RetryingLedger
from streams.ledger.tenancy import Tenancy
from streams.ledger.topic_memory import TopicMemory
from streams.metrics import RECORDS_REFUSED
from streams.settings import Settings
from streams.topology import ALERTS, DEAD_LETTERS, DETECTION
from streams.transport.worker import run_worker


def run(settings: Settings) -> int:
    """Run until told to stop; returns the exit code."""
    client = worker_client(settings)
    stored = RedisLedger(client, DETECTION, settings.namespace)
    ledger = RetryingLedger(stored, DETECTION)
    handler = DetectionHandler(
        ledger,
        TopicPublisher(
            KafkaConnection.of(settings),
            ALERTS,
            essentials=essentials,
            on_refused=lambda outcome: RECORDS_REFUSED.labels(ALERTS, outcome).inc(),
            is_ours=True,
        ),
        DeadLetterTopicSink(
            KafkaConnection.of(settings), on_dropped=RECORDS_REFUSED.labels(DEAD_LETTERS, "dropped").inc
        ),
        detection_config(settings),
    )
    tenancy = Tenancy(client, settings.namespace, DETECTION, settings.instance)
    return run_worker(handler, settings, tenancy, TopicMemory(stored), (ALERTS,))


def detection_config(settings: Settings) -> DetectionConfig:
    """The detectors' configuration. Raises UsageError for alert rules, packs or a catalogue that cannot be read."""
    facts = BrandFacts.of(settings)
    return DetectionConfig(
        lateness_ms=settings.lateness_seconds * 1000,
        max_lateness_ms=settings.max_lateness_minutes * MINUTE_MS,
        zone=settings.zone,
        zones=facts.zones,
        jurisdictions=facts.jurisdictions,
        feed_silent_ms=settings.feed_silent_minutes * MINUTE_MS,
        shadow_rules=() if settings.shadow_rules is None else read_alert_rules(settings.shadow_rules),
        timers=load_timers(),
    )
