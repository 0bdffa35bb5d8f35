"""The scoring worker, put together."""

from streams.catalogue.facts import BrandFacts
from streams.clock import system_clock
from streams.compliance.rulebook import Rulebook
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import TopicPublisher
from streams.ledger.connect import worker_client
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import RetryingLedger
from streams.ledger.tenancy import Tenancy
from streams.ledger.topic_memory import TopicMemory
from streams.metrics import RECORDS_REFUSED
from streams.scoring.handler import ScoringHandler
from streams.scoring.judge import essentials
from streams.scoring.model import serve
from streams.settings import Settings
from streams.topology import SCORED, SCORING
from streams.transport.worker import run_worker


def run(settings: Settings) -> int:
    """Run until told to stop; returns the exit code."""
    client = worker_client(settings)
    stored = RedisLedger(client, SCORING, settings.namespace)
    ledger = RetryingLedger(stored, SCORING)
    model = serve(settings)
    rulebook = Rulebook.load(jurisdiction=settings.jurisdiction)
    texts = TopicPublisher(
        KafkaConnection.of(settings),
        SCORED,
        essentials=essentials,
        on_refused=lambda outcome: RECORDS_REFUSED.labels(SCORED, outcome).inc(),
        linger_ms=5,
        is_ours=True,
    )
    handler = ScoringHandler(ledger, texts, rulebook, model, system_clock, BrandFacts.of(settings).jurisdictions)
    tenancy = Tenancy(client, settings.namespace, SCORING, settings.instance)
    return run_worker(handler, settings, tenancy, TopicMemory(stored), (SCORED,))
