"""`python -m dashboards.exporter`: serve the metrics page until told to stop."""

import argparse
import signal
import threading

from prometheus_client import CollectorRegistry, start_http_server

from dashboards.exporter.background import BackgroundSnapshot
from dashboards.exporter.collector import FigureCollector, SeriesLimits
from dashboards.readers import Readers
from streams.settings import settings

PORT = 9108


def main() -> None:
    """Serve on loopback unless told otherwise."""
    parser = argparse.ArgumentParser(description="Pulsewatch's Prometheus exporter.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; loopback unless in a container")
    parser.add_argument("--port", type=int, default=PORT)
    arguments = parser.parse_args()
    chosen = settings()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    registry = CollectorRegistry()
    with Readers(chosen) as sources, BackgroundSnapshot(sources.figures.read, sources.detections.active) as readings:
        registry.register(FigureCollector(readings, SeriesLimits.of(chosen)))
        server, thread = start_http_server(arguments.port, addr=arguments.host, registry=registry)
        stop.wait()
        server.shutdown()
        thread.join()


if __name__ == "__main__":
    main()
