"""`pulsewatch console`: the pages for brand-safety teams, on-call staff and hosts."""

from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=9107, show_default=True)
@click.option(
    "--tokens", type=click.Path(path_type=Path), help="Who may enter: lines `viewer|operator NAME TOKEN`.",
)  # fmt: skip
@click.option("--name", "names", multiple=True, help="A host name that it may be called by, beside its address.")
@click.option("--open", "open_to_all", is_flag=True, help="Let everybody in who reaches a --host beyond loopback.")
@click.option("--browse", is_flag=True, help="Open it in a browser.")
def console(host: str, port: int, tokens: Path | None, names: tuple[str, ...], open_to_all: bool, browse: bool) -> None:
    """Serve the console's web pages, until Ctrl-C.

    They show rooms, brands, campaigns, alerts and operations, live.

    It reads Redis and Kafka (PULSEWATCH_REDIS, PULSEWATCH_KAFKA) and may be stopped and started at any time.
    """
    from dashboards.console.server import Options, address, serve
    from streams.settings import settings

    options = Options(host, port, tokens, open_to_all, names)

    def show(line: str) -> None:
        click.echo(line)
        if browse:
            click.launch(address(options))

    serve(settings(), options, show)
