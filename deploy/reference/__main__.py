"""`python -m deploy.reference`: bring docs/reference up to date, or with `--check` list what is stale."""

import sys

import click

from deploy.reference.pages import stale, write


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 where a page is stale.")
def main(check: bool) -> None:
    """Write docs/reference from the code."""
    changed = stale() if check else write()
    for name in changed:
        click.echo(f"docs/reference/{name} {'is stale: run `python -m deploy.reference`' if check else 'written'}")
    sys.exit(1 if check and changed else 0)


if __name__ == "__main__":
    main()
