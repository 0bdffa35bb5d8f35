"""The page of commands: every `--help`."""

from collections.abc import Iterator

import click

from deploy.cli.main import cli
from deploy.reference.markdown import listing

WIDTH = 100


def commands() -> str:
    pages = [f"## {path}\n\n{listing(text)}" for path, text in _helps(cli, "pulsewatch", None)]
    return (
        "# Commands\n\nExit codes: 0 done · 1 a check failed or a server is missing · 2 bad input · 3 fenced by a newer"
        " worker · 4 a worker stood still · 130 Ctrl-C.\n\n" + "\n".join(pages)
    )


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    # As the command line itself makes it. A command keeps the help option that it was first asked for, and whoever ran
    # it in this process without the group above it was given one of another spelling.
    command._help_option = None  # noqa: SLF001
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, parent, info_name=name, **settings)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            yield from _helps(command.commands[child], child, context)
