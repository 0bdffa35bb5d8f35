"""The detection worker, put together."""

from redis.asyncio import Redis

from streams.clock import MINUTE_MS
from streams.compliance.disclosure_timers import load_timers
from streams.detection.brand.custom_rules import read_drafts
from streams.detection.config import Watch
from streams.detection.handler import DetectionHandler
from streams.detection.views.keys import STAGE
from streams.kafka.dead_letter_sink import KafkaSink
from streams.kafka.producer import KafkaTopic
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import PatientLedger
from streams.settings import Settings
from streams.topology import ALERTS
from streams.transport.worker import run_worker

REDIS_TIMEOUT_SECONDS = 5.0


def run(settings: Settings) -> int:
    """Run until told to stop; returns the exit code."""
    client = Redis.from_url(settings.redis, socket_timeout=REDIS_TIMEOUT_SECONDS)
    ledger = PatientLedger(RedisLedger(client, STAGE, settings.namespace), STAGE)
    handler = DetectionHandler(ledger, KafkaTopic(settings.kafka, ALERTS), KafkaSink(settings.kafka), watch(settings))
    return run_worker(handler, settings)


def watch(settings: Settings) -> Watch:
    """How the detectors watch. Raises UsageError for draft rules or packs that cannot be read."""
    return Watch(
        lateness_ms=settings.lateness_seconds * 1000,
        feed_silent_ms=settings.feed_silent_minutes * MINUTE_MS,
        drafts=() if settings.shadow_rules is None else read_drafts(settings.shadow_rules),
        timers=load_timers(),
    )
