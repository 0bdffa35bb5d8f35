"""`pulsewatch alerts`: the alerts, in the terminal."""

import json
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from streams.alerts.alert import Alert
    from streams.control.decisions import Decision

MAX_CHARS = 100_000
"""More than any field of an alert has."""


@click.command()
@click.option("--all", "resolved_too", is_flag=True, help="The alerts that resolved lately, too.")
@click.option("--shadow", is_flag=True, help="The alerts of shadow rules instead, resolved ones too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines with evidence and factors.")
def alerts(resolved_too: bool, shadow: bool, as_json: bool) -> None:
    """List the alerts that fire, the gravest first."""
    from dashboards.alert_order import gravest_first
    from streams.alerts.reader import AlertReader
    from streams.catalogue.facts import BrandFacts
    from streams.clock import system_clock
    from streams.control.decisions import Decisions
    from streams.ledger.connect import reader_client
    from streams.settings import settings

    chosen = settings()
    facts = BrandFacts.where_usable(chosen)
    with closing(reader_client(chosen)) as client:
        reader = AlertReader(client, chosen.namespace)
        known = reader.shadow() if shadow else [*reader.active(), *reader.resolved()]
        shown = ("firing", "resolved") if resolved_too or shadow else ("firing",)
        found = [alert for alert in known if alert.state in shown]
        decided = Decisions(client, chosen.namespace).standing([alert.fingerprint for alert in found])
    for alert in gravest_first(found, decided):
        decision = decided.get(alert.fingerprint)
        if as_json:
            click.echo(_json(alert, decision))
        else:
            brand = facts.label(alert.brand_id)
            click.echo(_lines(alert, decision, brand, chosen.console_url, system_clock()))
    if not found and not as_json:
        click.echo("No draft rule fired lately." if shadow else "No alert fires.")


def _json(alert: "Alert", decision: "Decision | None") -> str:
    import msgspec

    row = msgspec.to_builtins(alert)
    return json.dumps(row | {"decision": msgspec.to_builtins(decision)} if decision else row, ensure_ascii=True)


def _lines(alert: "Alert", decision: "Decision | None", brand: str, console_url: str, now_ms: int) -> str:
    """An alert whole: a terminal breaks its lines, nothing is cut."""
    from dashboards.terminal.render import age
    from streams.control.decisions import ends
    from streams.untrusted import one_line

    since = f"since {_moment(alert.started_at)} UTC ({age(alert.started_at, now_ms)} ago)"
    state = "over" if ends(decision) else alert.state
    lines = [f"{state:8} {alert.severity:8} {alert.kind} {brand} {since}: {one_line(alert.summary, MAX_CHARS)}"]
    if alert.explanation:
        lines.append(one_line(alert.explanation, MAX_CHARS))
    if decision:
        note = f": {one_line(decision.note, MAX_CHARS)}" if decision.note else ""
        verdict = decision.verdict.replace("_", " ")
        lines.append(f"{verdict} by {one_line(decision.author)} at {_moment(decision.at_ms)} UTC{note}")
    lines.append(f"{console_url.rstrip('/')}/alert/{alert.fingerprint}   runbook {alert.runbook}")
    return "\n    ".join(lines)


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
