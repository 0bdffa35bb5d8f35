"""`pulsewatch up`, `down`, `status`: the whole stack on this machine, in the background."""

import json
from dataclasses import asdict
from pathlib import Path

import click

folder_option = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".stack"),
    show_default=True,
    help="Where the stack keeps its data, logs and state.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@folder_option
@click.option("--servers", "servers_alone", is_flag=True, help="Kafka and Redis alone, and the topics.")
@json_option
def up(folder: Path, servers_alone: bool, as_json: bool) -> None:
    """Start the whole stack in the background.

    Servers, workers, exporter, relay and console listen on loopback; `pulsewatch down` stops them. With
    --servers, start `pulsewatch worker engagement` and what else you want by hand.
    """
    from deploy.local.stack import KAFKA_AND_REDIS
    from deploy.local.supervisor import up as start
    from streams.settings import settings

    chosen = settings()
    only = KAFKA_AND_REDIS if servers_alone else None
    found = start(folder, chosen, lambda line: click.echo(line, err=True), only=only)
    addresses = {name: address for name, address in asdict(found).items() if only is None or name in only}
    if as_json:
        click.echo(json.dumps(addresses))
        return
    for name, address in addresses.items():
        click.echo(f"{name:14} {address}")
    elsewhere = {
        f"PULSEWATCH_{name.upper()}": addresses[name]
        for name, known in (("kafka", chosen.kafka), ("redis", chosen.redis))
        if addresses[name] != known
    }
    if only is None:
        _say_whole_stack(folder, addresses["console"])
    if elsewhere:
        click.echo("The usual ports were taken; for the other commands:", err=True)
        click.echo("export " + " ".join(f"{name}={address}" for name, address in elsewhere.items()), err=True)


def _say_whole_stack(folder: Path, console: str) -> None:
    click.echo(
        f"Prometheus and Alertmanager ask for the user `pulsewatch`; the passwords lie in {folder / 'secrets'}.",
        err=True,
    )
    click.echo(
        f"\nOpen {console} in a browser. Events come with `pulsewatch simulate crisis` or a feed of yours;"
        " `pulsewatch watch` shows them here, `pulsewatch down` stops it all.",
        err=True,
    )


@click.command()
@folder_option
@json_option
def down(folder: Path, as_json: bool) -> None:
    """Stop what `up` started; its data stays in the folder."""
    from deploy.local.supervisor import down as stop

    names = stop(folder)
    if as_json:
        click.echo(json.dumps(names))
    else:
        click.echo(f"stopped {', '.join(names)}" if names else f"Nothing runs in {folder}.")


@click.command()
@folder_option
@json_option
def status(folder: Path, as_json: bool) -> None:
    """Show what runs and whether it answers.

    Exit code 1 where something does not.
    """
    from deploy.local.supervisor import status as look
    from streams.settings import settings

    rows = look(folder, settings())
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows]))
    elif not rows:
        click.echo(f"Nothing was started in {folder}; `pulsewatch up` does.")
    else:
        for row in rows:
            click.echo(f"{row.name:14} port {row.port:<6} pid {row.pid or '–':<8} {row.state}")
    raise SystemExit(0 if rows and all(row.state == "answers" for row in rows) else 1)
