"""`pulsewatch exporter`: the figures in Redis, as a page for Prometheus."""

import click


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; loopback unless in a container."
)
@click.option("--port", type=click.IntRange(1, 65535), default=9108, show_default=True)
def exporter(host: str, port: int) -> None:
    """Serve the figures in Redis to Prometheus, until Ctrl-C.

    Alerts, rooms, brands and lag are at /metrics.

    It reads Redis and Kafka (PULSEWATCH_REDIS, PULSEWATCH_KAFKA) and may be stopped and started at any time.
    """
    from dashboards.exporter.server import serve
    from streams.settings import settings

    serve(settings(), host, port)
