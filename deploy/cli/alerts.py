"""`pulsewatch alerts`: the alerts, in the terminal."""

import json
from contextlib import closing
from datetime import UTC, datetime

import click

from streams.alerts.alert import Alert


@click.command()
@click.option("--all", "resolved_too", is_flag=True, help="The alerts that resolved lately, too.")
@click.option("--shadow", is_flag=True, help="The alerts of shadow rules instead, resolved ones too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines with evidence and factors.")
def alerts(resolved_too: bool, shadow: bool, as_json: bool) -> None:
    """List the alerts that fire, the latest first."""
    from streams.alerts.reader import AlertReader
    from streams.ledger.connect import reader_client
    from streams.settings import settings

    with closing(reader_client(settings())) as client:
        reader = AlertReader(client, settings().namespace)
        known = reader.shadow() if shadow else [*reader.active(), *reader.resolved()]
    shown = ("firing", "resolved") if resolved_too or shadow else ("firing",)
    found = [alert for alert in known if alert.state in shown]
    for alert in sorted(found, key=lambda alert: alert.updated_at, reverse=True):
        click.echo(_json(alert) if as_json else _lines(alert))
    if not found and not as_json:
        click.echo("No draft rule fired lately." if shadow else "No alert fires.")


def _json(alert: Alert) -> str:
    import msgspec

    return json.dumps(msgspec.to_builtins(alert), ensure_ascii=True)


def _lines(alert: Alert) -> str:
    from streams.untrusted import one_line

    since = datetime.fromtimestamp(alert.started_at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    head = f"{alert.state:8} {alert.severity:8} {alert.kind} since {since} UTC: {one_line(alert.summary)}"
    return f"{head}\n    {one_line(alert.explanation)}\n    dashboards/runbooks/{alert.runbook}"
