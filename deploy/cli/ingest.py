"""`pulsewatch ingest`: events over HTTP."""

from pathlib import Path

import click


@click.group(invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=9109, show_default=True)
@click.option("--keys", type=click.Path(path_type=Path), help="Who may send what: a keys.yaml.")
@click.option(
    "--brands", type=click.Path(path_type=Path), help="A brands.yaml, for texts without a brand [PULSEWATCH_BRANDS]."
)
@click.pass_context
def ingest(context: click.Context, host: str, port: int, keys: Path | None, brands: Path | None) -> None:
    """Take events over HTTP, until Ctrl-C.

    POST /v1/events with one JSON event, an array, or one event a line (gzip or zstd). Each is answered: accepted ones
    are in Kafka, refused ones have their reason. The same event_id may be sent again and is counted once.

    Without --keys it takes everything that reaches it, on loopback alone.
    """
    if context.invoked_subcommand is not None:
        return
    from streams.ingest.http.server import Options, serve
    from streams.settings import settings

    serve(settings(), Options(host, port, keys, brands), click.echo)


@ingest.command()
@click.argument("name")
def key(name: str) -> None:
    """Make a key for the sender NAME: the key itself goes to the sender, the entry into keys.yaml."""
    from streams.ingest.http.keys import new_key

    secret, digest = new_key()
    click.echo(f"key: {secret}", err=True)
    click.echo(f"keys:\n  - name: {name}\n    sha256: {digest}\n    # sources: […]  brands: […]  kinds: […]")
    click.echo("Send it as `Authorization: Bearer KEY`; it cannot be shown again.", err=True)
