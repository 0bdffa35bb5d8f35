"""The engagement worker put together."""

from streams.engagement.handler import EngagementHandler
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_sink import DeadLetterTopicSink
from streams.ledger.connect import worker_client
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import RetryingLedger
from streams.ledger.tenancy import Tenancy
from streams.ledger.topic_memory import TopicMemory
from streams.settings import Settings
from streams.topology import ENGAGEMENT
from streams.transport.worker import run_worker


def run(settings: Settings) -> int:
    """Run the worker until it is signalled to stop; returns its exit code."""
    client = worker_client(settings)
    stored = RedisLedger(client, ENGAGEMENT, settings.namespace)
    ledger = RetryingLedger(stored, ENGAGEMENT)
    session_ttl_seconds = settings.session_ttl_days * 86_400
    handler = EngagementHandler(
        ledger, DeadLetterTopicSink(KafkaConnection.of(settings)), session_ttl_seconds=session_ttl_seconds
    )
    return run_worker(handler, settings, Tenancy(client, settings.namespace), TopicMemory(stored))
