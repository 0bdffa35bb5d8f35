"""`pulsewatch grafana`: build the dashboards, and bring them into a Grafana."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from streams.alerts.alert import Alert
    from streams.settings import Settings

TOKEN = "GRAFANA_TOKEN"  # noqa: S105 (the variable's name)


@click.group()
def grafana() -> None:
    """Build Grafana's dashboards and push them."""


@grafana.command()
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 where a built file is stale.")
def build(check: bool) -> None:
    """Build the dashboards to JSON.

    Needs Grafana's SDK, which the `dev` extra brings.
    """
    from dashboards.grafana.build import stale, write
    from streams.errors import UsageError

    try:
        changed = stale() if check else write()
    except ImportError as error:
        if not str(error.name).startswith("grafana_foundation_sdk"):
            raise
        raise UsageError("Grafana's SDK is not installed: pip install 'pulsewatch[dev]'") from None
    for name in changed:
        click.echo(f"{name} {'is stale' if check else 'built'}")
    if check and changed:
        raise SystemExit(1)


@grafana.command()
@click.option(
    "--url",
    envvar="GRAFANA_URL",
    default="http://127.0.0.1:3000",
    show_default=True,
    help="Where Grafana is; also GRAFANA_URL.",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"A service account's token, role Admin; without it {TOKEN} is read.",
)
@click.option(
    "--prometheus", default="http://127.0.0.1:9090", show_default=True, help="Where Grafana finds Prometheus."
)
@click.option(
    "--prometheus-password-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The password of Prometheus' user `pulsewatch`; of `up` it is .stack/secrets/prometheus-password.",
)
@click.option("--overwrite", is_flag=True, help="Overwrite changes that were made in Grafana, too.")
@click.option("--without-annotations", is_flag=True, help="Leave alerts' episodes out; Redis is then not needed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def push(
    url: str,
    token_file: Path | None,
    prometheus: str,
    prometheus_password_file: Path | None,
    overwrite: bool,
    without_annotations: bool,
    as_json: bool,
) -> None:
    """Create or update the dashboards in a Grafana.

    With their folder, their data source, and each alert's episode as an annotation.

    What is there as it should be is left alone, so it may run as often as you like. Links lead to
    PULSEWATCH_CONSOLE_URL and PULSEWATCH_RUNBOOKS_URL.
    """
    from dashboards.grafana.build import load
    from dashboards.grafana.client import GrafanaClient
    from dashboards.grafana.push import Addresses, Push, PushResult
    from streams.catalogue.facts import BrandFacts
    from streams.clock import system_clock
    from streams.secret_file import read_word
    from streams.settings import settings

    def report(result: PushResult) -> None:
        if not as_json and result.fate != "unchanged":
            click.echo(f"{result.fate:9} {result.what}")

    chosen = settings()
    password = read_word(prometheus_password_file) if prometheus_password_file else ""
    work = Push(
        GrafanaClient(url, _token(token_file)),
        Addresses(prometheus, chosen.console_url, chosen.runbooks_url, password),
        system_clock,
        "pulsewatch grafana push",
        overwrite=overwrite,
        report=report,
        brand_label=BrandFacts.where_usable(chosen).label,
    )
    counts = work.boards(load())
    if not without_annotations:
        counts += work.episodes(_alerts(chosen))
    if as_json:
        click.echo(json.dumps(counts))
    else:
        click.echo(", ".join(f"{count} {fate}" for fate, count in sorted(counts.items())))


def _alerts(settings: Settings) -> list[Alert]:
    from dashboards.readers import Readers
    from streams.errors import Unavailable

    try:
        with Readers(settings) as readers:
            return [*readers.alerts.active(), *readers.alerts.resolved()]
    except Unavailable as error:
        raise Unavailable(
            f"{error}; the dashboards are pushed, --without-annotations leaves the alerts' episodes out"
        ) from None


def _token(file: Path | None) -> str:
    from streams.errors import UsageError
    from streams.secret_file import read_word

    if file is not None:
        return read_word(file)
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise UsageError(f"a token is needed: --token-file, or {TOKEN} (Grafana: Administration, Service accounts)")
    return token
