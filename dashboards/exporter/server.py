"""The exporter as a process: `pulsewatch exporter`, or this module with the same options.

Redis, Kafka ──► BackgroundSnapshot (a thread, every five seconds) ──► FigureCollector ──► GET /metrics
Redis ─────────────────────────────────────────────────────────────► FeedCollector ────► (the same)
"""

import argparse
import signal
import threading
from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry

from dashboards.exporter.background import BackgroundSnapshot
from dashboards.exporter.collector import FigureCollector, SeriesLimits
from dashboards.exporter.feed_collector import FeedCollector, FeedReading, read_feeds
from dashboards.exporter.held_alerts import HeldAlerts
from dashboards.readers import Readers
from streams.catalogue.facts import BrandFacts
from streams.metrics_server import MetricsServer
from streams.settings import Settings, settings
from streams.topology import DETECTION

HOST = "127.0.0.1"
PORT = 9108


def serve(chosen: Settings, host: str = HOST, port: int = PORT) -> None:
    """Serve the metrics page until SIGTERM or Ctrl-C. Raises OSError where the address cannot be listened on."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Readers(chosen) as readers, Readers(chosen) as of_feeds:
        held = HeldAlerts(readers.alarming, lambda: readers.offsets()[DETECTION])
        with BackgroundSnapshot(readers.snapshots.read, held) as latest:
            feeds = partial(read_feeds, of_feeds)
            figures = FigureCollector(latest, SeriesLimits.of(chosen), BrandFacts.where_usable(chosen))
            _serve(figures, feeds, (host, port), stop)


def _serve(
    figures: FigureCollector,
    feeds: Callable[[], FeedReading],
    address: tuple[str, int],
    stop: threading.Event,
) -> None:
    registry = CollectorRegistry()
    registry.register(figures)
    registry.register(FeedCollector(feeds))
    server = MetricsServer(*address, registry)
    stop.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pulsewatch's Prometheus exporter.")
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--port", type=int, default=PORT)
    serve(settings(), **vars(parser.parse_args()))
