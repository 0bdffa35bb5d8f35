"""`pulsewatch watch`: rooms, brands, alerts and lag in the terminal."""

import time
from dataclasses import asdict
from pathlib import Path

import click

from deploy.cli.stack import folder_option

REFRESH_SECONDS = 1.0


@click.command()
@folder_option
def watch(folder: Path) -> None:
    """Show rooms, brands, alerts and lag live, until Ctrl-C."""
    from dashboards.readers import Readers
    from dashboards.terminal.screen import Screen
    from deploy.local.stack import addresses
    from deploy.local.supervisor import read
    from streams.catalogue.facts import BrandFacts
    from streams.settings import settings

    running = read(folder)
    known = asdict(addresses(running.ports)) if running else {}
    chosen = settings()
    facts = BrandFacts.where_usable(chosen)
    with Readers(chosen) as readers, Screen(addresses=known, facts=facts) as screen:
        while True:
            screen.show(readers.snapshots.read())
            time.sleep(REFRESH_SECONDS)
