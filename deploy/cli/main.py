"""`pulsewatch`: the group of all commands, and the one place where an error becomes a line and an exit code.

Exit codes: 0 done · 1 a check failed or a server is missing · 2 bad input · 3 fenced by a newer
worker · 4 a worker stood still · 130 Ctrl-C.
Commands import what they run when they run it, so that `--help` answers at once.
"""

import inspect
import sys

import click
from click.exceptions import NoArgsIsHelpError

from deploy.cli.alerts import alerts
from deploy.cli.brands import brands
from deploy.cli.campaign import campaign
from deploy.cli.console import console
from deploy.cli.dead_letters import dead_letters
from deploy.cli.decisions import decisions
from deploy.cli.demo import demo
from deploy.cli.detect import backtest, detect
from deploy.cli.exporter import exporter
from deploy.cli.feeds import feeds
from deploy.cli.grafana import grafana
from deploy.cli.ingest import ingest
from deploy.cli.model import model, score
from deploy.cli.pager import pager
from deploy.cli.relay import relay
from deploy.cli.replay import replay
from deploy.cli.rules import rules
from deploy.cli.secrets import secrets
from deploy.cli.simulate import simulate
from deploy.cli.stack import down, status, up
from deploy.cli.topics import topics
from deploy.cli.watch import watch
from deploy.cli.worker import worker
from streams.errors import Fenced, PulsewatchError, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pulsewatch")
def cli() -> None:
    """Watch social commerce and live-stream commerce as it happens."""


COMMANDS = (
    demo, up, down, status, console, campaign, watch, alerts, worker, topics, ingest, brands, feeds, simulate, replay,
    score, model, rules, decisions, detect, backtest, dead_letters, relay, pager, exporter,
    grafana, secrets,
)  # fmt: skip


def _with_whole_lines(command: click.Command) -> None:
    """Lists of commands show the first sentence of each whole, however narrow the terminal is."""
    command.short_help = command.short_help or inspect.cleandoc(command.help or "").partition("\n\n")[0]
    for part in command.commands.values() if isinstance(command, click.Group) else ():
        _with_whole_lines(part)


for command in COMMANDS:
    _with_whole_lines(command)
    cli.add_command(command)


def main() -> None:
    """The entry point of `pulsewatch`."""
    run(cli, "pulsewatch")


def run(command: click.Command, name: str) -> None:
    """Run a command and exit; every failure that is foreseen ends in one line on stderr."""
    try:
        code = command.main(prog_name=name, standalone_mode=False)
    except click.Abort:
        code = 130
    except NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        click.echo(f"pulsewatch: {' '.join(error.format_message().split())}", err=True)
        code = error.exit_code
    except PulsewatchError as error:
        click.echo(f"pulsewatch: {error}", err=True)
        code = 2 if isinstance(error, UsageError) else 3 if isinstance(error, Fenced) else 1
    except BrokenPipeError:
        sys.stderr.close()
        code = 1
    except OSError as error:  # a full disk, a folder that may not be written
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"pulsewatch: {where}{error.strerror or error}", err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)
