"""`pulsewatch relay`: from Alertmanager to Slack, PagerDuty, Feishu, DingTalk, WeCom, each in its own format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from streams.loopback import is_loopback

if TYPE_CHECKING:
    from streams.notification.receivers import Receiver


@click.command()
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Who can be written to [deploy/relay/relay.yml; it explains itself].",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; loopback by default.")
@click.option("--port", type=click.IntRange(1, 65535), default=9110, show_default=True)
@click.option("--name", "names", multiple=True, help="A name with dots by which it is called; give it again for more.")
@click.option("--check", is_flag=True, help="Say who gets which alerts, read the secret files, and exit.")
@click.option(
    "--alertmanager",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The routes, for --check [deploy/alertmanager/alertmanager.yml].",
)
@click.option("--test", "target", metavar="TARGET", help="Send TARGET one test message, and exit.")
def relay(
    config: Path | None,
    host: str,
    port: int,
    names: tuple[str, ...],
    check: bool,
    alertmanager: Path | None,
    target: str | None,
) -> None:
    """Deliver Alertmanager's notifications to their receivers.

    Writes each in its receiver's own format.

    Keeps nothing: Alertmanager tries again until the relay says that the receiver has it. Metrics are on /metrics.
    """
    from deploy.local.programs import RELAY_CONFIG
    from streams.notification.receivers import load

    targets = load(config or RELAY_CONFIG)
    if check:
        _check(targets, alertmanager)
    elif target is not None:
        _test(targets, target)
    else:
        _serve(targets, host, port, names)


def _check(targets: Mapping[str, Receiver], alertmanager: Path | None) -> None:
    """Say which alerts reach each target."""
    from deploy.cli.routes import reach
    from deploy.local.alertmanager import CONFIG
    from streams.settings import settings

    reached = reach(alertmanager or CONFIG)
    for name, receiver in targets.items():
        click.echo(f"{name:24} {receiver.kind:10} {receiver.language}")
        for what in reached.get(name, ["nothing: no route of Alertmanager leads here"]):
            click.echo(f"    {what}")
    _warn_of_links(settings().console_url)


def _test(targets: Mapping[str, Receiver], target: str) -> None:
    """Raises Unavailable where the target does not take the message."""
    import asyncio

    from streams.errors import Unavailable, UsageError
    from streams.notification.message import Links
    from streams.notification.trial import send_test
    from streams.settings import settings

    if target not in targets:
        raise UsageError(f"{target} is none of the targets: {', '.join(targets)}")
    chosen = settings()
    result = asyncio.run(send_test(targets[target], Links(chosen.console_url, chosen.runbooks_url)))
    if result.outcome != "delivered":
        raise Unavailable(f"{target}: {result.outcome}: {result.reason}")
    click.echo(f"{target} took the test message.")
    _warn_of_links(chosen.console_url)


def _serve(targets: Mapping[str, Receiver], host: str, port: int, names: tuple[str, ...]) -> None:
    import asyncio
    from contextlib import closing

    from streams.catalogue.facts import BrandFacts
    from streams.errors import UsageError
    from streams.ledger.connect import reader_client
    from streams.notification.gate import Gate
    from streams.notification.message import Links
    from streams.notification.records import AlertRecords
    from streams.notification.relay import Surroundings, serve
    from streams.secret_file import read_word
    from streams.settings import settings

    chosen = settings()
    links, gate = Links(chosen.console_url, chosen.runbooks_url), Gate(chosen.relay_token_file, names)
    try:
        with closing(reader_client(chosen)) as client:
            records, facts = AlertRecords(client, chosen.namespace), BrandFacts.where_usable(chosen)
            around = Surroundings(records, chosen.alertmanager, chosen.alertmanager_password_file, facts)
            if gate.token_file is None:
                click.echo("Whoever reaches this address may page people: set PULSEWATCH_RELAY_TOKEN_FILE.", err=True)
            else:
                read_word(gate.token_file)
            asyncio.run(serve(targets, links, host, port, around, gate))
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from None


def _warn_of_links(console_url: str) -> None:
    """A telephone cannot open a link to this machine's loopback."""
    if is_loopback(urlsplit(console_url).hostname or ""):
        click.echo(
            f"Links in messages lead to {console_url}, which only this machine can open: set PULSEWATCH_CONSOLE_URL to"
            " the address that your people open.",
            err=True,
        )
