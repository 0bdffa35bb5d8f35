"""The exporter as a process: `pulsewatch exporter`, or this module with the same options.

Redis, Kafka ──► BackgroundSnapshot (a thread, every five seconds) ──► FigureCollector ──► GET /metrics
"""

import argparse
import signal
import threading

from prometheus_client import CollectorRegistry, start_http_server

from dashboards.exporter.background import BackgroundSnapshot
from dashboards.exporter.collector import FigureCollector, SeriesLimits
from dashboards.readers import Readers
from streams.settings import Settings, settings

HOST = "127.0.0.1"
PORT = 9108


def serve(chosen: Settings, host: str = HOST, port: int = PORT) -> None:
    """Serve the metrics page until SIGTERM or Ctrl-C. Raises OSError where the address cannot be listened on."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    registry = CollectorRegistry()
    with Readers(chosen) as readers, BackgroundSnapshot(readers.snapshots.read, readers.alarming) as latest:
        registry.register(FigureCollector(latest, SeriesLimits.of(chosen)))
        server, thread = start_http_server(port, addr=host, registry=registry)
        stop.wait()
        server.shutdown()
        thread.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pulsewatch's Prometheus exporter.")
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--port", type=int, default=PORT)
    serve(settings(), **vars(parser.parse_args()))
