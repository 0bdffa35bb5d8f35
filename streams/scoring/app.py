"""The scoring worker, put together."""

from redis.asyncio import Redis

from streams.clock import system_clock
from streams.compliance.rulebook import Rulebook
from streams.kafka.producer import KafkaTopic
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import PatientLedger
from streams.scoring.handler import STAGE, ScoringHandler
from streams.scoring.model import serve
from streams.settings import Settings
from streams.topology import SCORED
from streams.transport.worker import run_worker

REDIS_TIMEOUT_SECONDS = 5.0


def run(settings: Settings) -> int:
    """Run until told to stop; returns the exit code."""
    client = Redis.from_url(settings.redis, socket_timeout=REDIS_TIMEOUT_SECONDS)
    ledger = PatientLedger(RedisLedger(client, STAGE, settings.namespace), STAGE)
    model = serve(settings)
    texts = KafkaTopic(settings.kafka, SCORED, linger_ms=5)
    return run_worker(ScoringHandler(ledger, texts, Rulebook.load(), model, system_clock), settings)
