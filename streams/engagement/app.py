"""The engagement worker put together."""

from redis.asyncio import Redis

from streams.engagement.handler import STAGE, EngagementHandler
from streams.kafka.dead_letter_sink import KafkaSink
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import PatientLedger
from streams.settings import Settings
from streams.transport.worker import run_worker

ANSWER_SECONDS = 10.0
"""How long an answer of Redis may take before the call is made again."""


def run(settings: Settings) -> int:
    """Run the worker until it is told to stop; returns its exit code."""
    client = Redis.from_url(settings.redis, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS)
    ledger = PatientLedger(RedisLedger(client, STAGE, settings.namespace), STAGE)
    session_ttl_seconds = settings.session_ttl_days * 86_400
    handler = EngagementHandler(ledger, KafkaSink(settings.kafka), session_ttl_seconds=session_ttl_seconds)
    return run_worker(handler, settings)
