"""`pulsewatch watch`: rooms, brands, alerts and lag in the terminal."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy.cli.stack import folder_option

if TYPE_CHECKING:
    from deploy.local.stack import Ports

REFRESH_SECONDS = 1.0


@click.command()
@folder_option
def watch(folder: Path) -> None:
    """Show rooms, brands, alerts and lag live, until Ctrl-C."""
    from dashboards.readers import Readers
    from dashboards.terminal.screen import Screen
    from deploy.local.supervisor import read
    from streams.catalogue.facts import BrandFacts
    from streams.settings import settings

    running, chosen = read(folder), settings()
    known = addresses_of(running.ports, chosen.redis) if running else {}
    facts = BrandFacts.where_usable(chosen)
    with Readers(chosen) as readers, Screen(addresses=known, facts=facts) as screen:
        while True:
            screen.show(readers.snapshots.read())
            time.sleep(REFRESH_SECONDS)


def addresses_of(ports: "Ports", redis: str) -> dict[str, str]:
    """The addresses of the stack that runs here, where it is the one whose Redis is read."""
    from deploy.local.stack import addresses

    known = asdict(addresses(ports))
    return known if known["redis"] == redis else {}
