"""Crisis and compliance: every alert that fires, since when, and what rules find."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana.boards import panels
from dashboards.grafana.boards.builder import BRAND, DashboardBuilder
from dashboards.grafana.boards.metric_names import total
from dashboards.grafana.boards.panels import BLUE, GREEN, ORANGE, RED, Link, Query
from streams import metrics

FIRING = f'{metrics.ALERT_FIRING}{{brand=~"$brand"}}'
CHANGES = f'{total(metrics.ALERT_CHANGES)}{{state!="pending"}}'
FIRED = f"count by (fingerprint) (last_over_time({metrics.ALERT_FIRING}"
BEFORE = f"count by (fingerprint) ({metrics.ALERT_FIRING} offset 1h"
"""Episodes by their fingerprints: a rate over a counter would tell fractions of them."""
SEVERITIES = {"critical": RED, "warning": ORANGE, "info": BLUE}


def board() -> Dashboard:
    """The dashboard."""
    frame = DashboardBuilder(
        "crisis-compliance",
        "Crisis and compliance",
        "What detection raised: crises, attacks, breaches of advertising rules, leaks of personal data, collapses.",
        BRAND,
        since="now-6h",
    )
    frame.row(
        "Now",
        *(
            panels.count(
                f"Firing, {severity}",
                f"Alerts of severity {severity} that fire now, all brands.",
                expr=f'sum({metrics.ALERTS}{{severity="{severity}"}})',
                unit="short",
                steps=((None, GREEN), (1, colour)),
            )
            for severity, colour in SEVERITIES.items()
        ),
        panels.count(
            "Fired in the last hour",
            "Alerts that began to fire within the last hour, whatever became of them, each once.",
            expr=f"count({FIRED}[1h])) unless on (fingerprint) {BEFORE})) or vector(0)",
            unit="short",
        ),
    )
    frame.row(
        "Alerts",
        panels.rows(
            "Firing now",
            "A fingerprint leads to the alert's view in the console, with its evidence; the last column to what to do.",
            queries={"Firing": FIRING},
            columns={
                "severity": "Severity",
                "kind": "Kind",
                "brand": "Brand",
                "room": "Room",
                "platform": "Platform",
                "family": "Family",
                "fingerprint": "Alert",
                "runbook": "Runbook",
            },
            links=[
                Link("Alert", "Evidence in the console", "${console}/alert/${__value.raw:percentencode}"),
                Link("Brand", "Brand in the console", "${console}/brand/${__value.raw:percentencode}"),
                Link("Room", "Room in the console", "${console}/room/${__value.raw:percentencode}"),
                Link("Runbook", "What to do", "${runbooks}/${__value.raw:percentencode}"),
            ],
        ),
    )
    frame.row(
        "History",
        panels.lines(
            "Firing by kind",
            "Alerts that fire at each moment, all brands.",
            queries=[Query(f"sum by (kind) ({metrics.ALERTS})", "{{kind}}")],
            stacked=True,
        ),
        panels.lines(
            "Firing by severity",
            "Alerts that fire at each moment, all brands.",
            queries=[Query(f"sum by (severity) ({metrics.ALERTS})", "{{severity}}")],
            stacked=True,
            colours=SEVERITIES,
        ),
        panels.lines(
            "Changes an hour",
            "Alerts that began to fire and that resolved, by kind. Many of one kind that resolve at "
            "once ask for a look at its rule.",
            queries=[Query(f"round(sum by (kind, state) (increase({CHANGES}[1h])))", "{{kind}} {{state}}")],
        ),
        panels.lines(
            "Rule findings a minute",
            "What the rule packs find, by family. Findings of viewers and drafts do not alert.",
            queries=[Query(f"sum by (family) (rate({total(metrics.FINDINGS)}[5m])) * 60", "{{family}}")],
            unit="cpm",
        ),
    )
    return frame.board
