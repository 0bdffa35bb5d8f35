"""`pulsewatch pager`: a webhook receiver in the place of the pager, which shows what on-call staff would get."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; loopback unless in a container."
)
@click.option("--port", type=click.IntRange(1, 65535), default=9094, show_default=True)
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="A file that gets each page as a line.")
@click.option("--token-file", type=click.Path(dir_okay=False, path_type=Path), help="The token that pages must show.")
def pager(host: str, port: int, log: Path | None, token_file: Path | None) -> None:
    """Show what on-call staff would get, until Ctrl-C.

    Takes Alertmanager's notifications and gives them back at /received.

    Keeps the last 1,000 pages in memory, as JSON, newest last.
    """
    from deploy.local.receiver import Receiver
    from streams.errors import UsageError
    from streams.notification.gate import Gate

    try:
        receiver = Receiver(port, log, host, Gate(token_file))
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    with receiver:
        receiver.serve_forever()
