"""Ingest as a process: keys, Kafka's producers and the web server."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streams.catalogue.live import LiveCatalogue
from streams.errors import UsageError
from streams.events.pseudonyms import Pseudonyms
from streams.ingest.http.app import Ingest
from streams.ingest.http.event_brands import EventBrands, RedisBrandStore
from streams.ingest.http.keys import read_senders
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import TopicPublisher
from streams.ledger.connect import worker_client
from streams.loopback import is_loopback
from streams.metrics_server import MetricsServer
from streams.settings import Settings
from streams.topology import LIVE, SOCIAL
from streams.web_server import serve_application

LINGER_MS = 5
"""How long a record waits for others of its partition: requests come together in one batch."""


@dataclass(frozen=True)
class Options:
    """Where ingest listens, and the file of its keys; without one it listens on loopback alone."""

    host: str = "127.0.0.1"
    port: int = 9109
    keys: Path | None = None
    brands: Path | None = None
    """The catalogue that gives a brand to texts without one; else PULSEWATCH_BRANDS."""


def serve(settings: Settings, options: Options, on_progress: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises UsageError where it would be open to all, or cannot listen."""
    if options.keys is None and not is_loopback(options.host):
        raise UsageError(
            f"--host {options.host} can be reached by others: give --keys FILE (`pulsewatch ingest --help`)"
        )
    senders = read_senders(options.keys) if options.keys else None
    kafka = KafkaConnection.of(settings)
    publishers = {topic: TopicPublisher(kafka, topic, linger_ms=LINGER_MS) for topic in (SOCIAL, LIVE)}
    pseudonyms = Pseudonyms(settings.pseudonym_key.get_secret_value().encode())
    app = Ingest(publishers, senders, pseudonyms, _brands(settings, options, pseudonyms)).application()
    if settings.metrics_port:
        MetricsServer(settings.metrics_host, settings.metrics_port)
    taken = f"Events are taken at http://{options.host}:{options.port}/v1/events, described at /openapi.json"
    serve_application(app, options.host, options.port, grace_seconds=15, on_listening=lambda: on_progress(taken))


def _brands(settings: Settings, options: Options, pseudonyms: Pseudonyms) -> EventBrands | None:
    path = options.brands or settings.brands
    if path is None:
        return None
    store = RedisBrandStore(worker_client(settings), settings.namespace)
    return EventBrands(LiveCatalogue(path), pseudonyms, store)
