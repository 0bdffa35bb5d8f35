"""`pulsewatch secrets`: tokens and passwords between the parts of a stack."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--group-readable", is_flag=True, help="Let the folder's group read them, such as servers in containers.")
def secrets(folder: Path, group_readable: bool) -> None:
    """Make the tokens and passwords that a stack's parts show each other, in FOLDER.

    What is there stays. `up` makes them by itself; docker compose does with its service `secrets`.
    """
    from deploy.local.secrets import StackSecrets

    StackSecrets(folder, group_readable).create()
    click.echo(f"{folder}: the user of Prometheus and Alertmanager is `pulsewatch`.")
