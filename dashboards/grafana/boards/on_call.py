"""For on-call staff: is the monitor itself well, and do pages arrive?"""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana.boards import panels
from dashboards.grafana.boards.builder import DashboardBuilder
from dashboards.grafana.boards.metric_names import gauge, quantile, total
from dashboards.grafana.boards.panels import GREEN, ORANGE, RED, Link, Query
from streams import metrics

UP = {"1": ("up", GREEN), "0": ("AWAY", RED)}
FATES = {"dead_letter": RED, "late": ORANGE, "applied": GREEN}


def board() -> Dashboard:
    """The dashboard."""
    frame = DashboardBuilder(
        "on-call",
        "On call and pipeline",
        "Whether the monitor sees, how far each stage is behind, and whether pages arrive.",
    )
    frame.row(
        "Is the monitor blind?",
        panels.states(
            "Exporter",
            "Whether Prometheus gets the exporter's page. Away: nothing below can be trusted.",
            query=Query('max(up{job="pulsewatch-exporter"})'),
            words=UP,
            w=4,
        ),
        panels.states(
            "Redis",
            "Whether the exporter can read Redis.",
            query=Query(f"max({metrics.EXPORTER_REDIS_UP})"),
            words=UP,
            w=4,
        ),
        panels.states(
            "Kafka",
            "Whether the exporter can ask Kafka.",
            query=Query(f"max({metrics.EXPORTER_KAFKA_UP})"),
            words=UP,
            w=4,
        ),
        panels.states(
            "Relay",
            "Whether the relay answers: pages go through it.",
            query=Query('max(up{job="pulsewatch-relay"})'),
            words=UP,
            w=4,
        ),
        panels.count(
            "Workers with partitions",
            "Workers that have work, all stages. Three at least: one a stage.",
            expr=f"sum({gauge(metrics.UP)})",
            unit="short",
            steps=((None, RED), (3, GREEN)),
            w=4,
        ),
        panels.count(
            "Oldest feed",
            "Time since the event clock of a topic last moved on, by its newest event. A replay of old "
            "records shows their age.",
            expr=f"max(time() - {metrics.FEED_LAST_EVENT})",
            unit="s",
            steps=((None, GREEN), (60, ORANGE), (900, RED)),
            w=4,
        ),
        panels.rows(
            "Firing now",
            "Everything that fires, the monitor's own alerts among it. The watchdog always does: without "
            "it nothing is evaluated.",
            queries={"Firing": 'ALERTS{alertstate="firing"}'},
            columns={
                "severity": "Severity",
                "alertname": "Alert",
                "stage": "Stage",
                "cause": "Cause",
                "topic": "Topic",
                "target": "Target",
                "brand": "Brand",
                "room": "Room",
                "fingerprint": "Fingerprint",
            },
            links=[
                Link("Fingerprint", "Evidence in the console", "${console}/alert/${__value.raw:percentencode}"),
                Link("Alert", "All runbooks", "${runbooks}"),
            ],
            h=7,
        ),
    )
    frame.row(
        "Pace",
        panels.lines(
            "Behind, in time",
            "How long each stage needs at its present pace for what waits in Kafka. Above two minutes it alerts.",
            queries=[Query("stage:pulsewatch_behind_seconds:pace2m", "{{stage}}")],
            unit="s",
            limit=120,
        ),
        panels.lines(
            "Behind, in records",
            "Records behind the end of the topic, by stage and topic.",
            queries=[Query(f"sum by (stage, topic) ({metrics.CONSUMER_LAG})", "{{stage}} {{topic}}")],
        ),
        panels.lines(
            "Records a second",
            "What became of the records that each stage read.",
            queries=[Query("stage:pulsewatch_events:rate1m", "{{stage}} {{fate}}")],
            unit="cps",
            colours=FATES,
        ),
        panels.lines(
            "Age of events when stored, p95",
            "From the log time of a batch's last event to its effects being stored, 95 of 100 batches.",
            queries=[Query("stage:pulsewatch_event_age_seconds:p95_5m", "{{stage}}")],
            unit="s",
        ),
        panels.lines(
            "Batch time, p95",
            "From a batch's delivery to its effects being stored: Kafka, model and Redis together.",
            queries=[Query("stage:pulsewatch_batch_seconds:p95_5m", "{{stage}}")],
            unit="s",
        ),
        panels.lines(
            "Batch size, median",
            "Records a batch. Large batches mean that a stage catches up.",
            queries=[Query(quantile(0.5, metrics.BATCH_EVENTS, "stage"), "{{stage}}")],
        ),
    )
    frame.row(
        "What went wrong",
        panels.lines(
            "Dead letters",
            "Share of the records that a stage could not read. Above one in a hundred it alerts.",
            queries=[Query("stage:pulsewatch_dead_letters:ratio10m", "{{stage}}")],
            unit="percentunit",
            limit=0.01,
            w=8,
        ),
        panels.lines(
            "Dead letters by reason",
            "Why records could not be read, in the last ten minutes.",
            queries=[Query(f"sum by (reason) (increase({total(metrics.DEAD_LETTERS)}[10m]))", "{{reason}}")],
            w=8,
        ),
        panels.lines(
            "Ledger answers a second",
            "What the ledger answered: `moved` and `fenced` are ordinary at a rebalance and at no other time.",
            queries=[
                Query(f"sum by (stage, outcome) (rate({total(metrics.LEDGER_OUTCOMES)}[1m]))", "{{stage}} {{outcome}}")
            ],
            unit="cps",
            w=8,
        ),
    )
    frame.row(
        "Pages",
        panels.lines(
            "Messages by outcome",
            "Messages to each receiver in the last ten minutes. What is not delivered comes "
            "again, except what was refused.",
            queries=[
                Query(
                    f"sum by (target, outcome) (increase({total(metrics.RELAY_MESSAGES)}[10m]))",
                    "{{target}} {{outcome}}",
                )
            ],
            w=8,
        ),
        panels.lines(
            "Time to deliver, p95",
            "From a notification's arrival at the relay to its receiver's answer, retries included.",
            queries=[Query(quantile(0.95, metrics.RELAY_SECONDS, "target"), "{{target}}")],
            unit="s",
            w=8,
        ),
        panels.lines(
            "Scrape time",
            "How long each page takes. The exporter's has two seconds; beyond that the monitor is blind.",
            queries=[Query("max by (job) (scrape_duration_seconds)", "{{job}}")],
            unit="s",
            limit=2,
            w=8,
        ),
    )
    return frame.board
