"""The engagement worker put together."""

from streams.engagement.handler import EngagementHandler
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_sink import DeadLetterTopicSink
from streams.ledger.connect import worker_client
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import RetryingLedger
from streams.ledger.tenancy import Tenancy
from streams.ledger.topic_memory import TopicMemory
from streams.metrics import RECORDS_REFUSED
from streams.settings import Settings
from streams.topology import DEAD_LETTERS, ENGAGEMENT
from streams.transport.worker import run_worker


def run(settings: Settings) -> int:
    """Run the worker until it is signalled to stop; returns its exit code."""
    client = worker_client(settings)
    stored = RedisLedger(client, ENGAGEMENT, settings.namespace)
    ledger = RetryingLedger(stored, ENGAGEMENT)
    session_ttl_seconds = settings.session_ttl_days * 86_400
    dropped = RECORDS_REFUSED.labels(DEAD_LETTERS, "dropped")
    dead_letters = DeadLetterTopicSink(KafkaConnection.of(settings), on_dropped=dropped.inc)
    handler = EngagementHandler(ledger, dead_letters, session_ttl_seconds=session_ttl_seconds)
    tenancy = Tenancy(client, settings.namespace, ENGAGEMENT, settings.instance)
    return run_worker(handler, settings, tenancy, TopicMemory(stored))
