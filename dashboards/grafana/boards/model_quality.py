"""Model quality as far as traffic without labels shows it: coverage, time, and drift of what the model says."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana.boards import panels
from dashboards.grafana.boards.builder import DashboardBuilder
from dashboards.grafana.boards.metric_names import bucket, gauge, quantile, total
from dashboards.grafana.boards.panels import GREEN, GREY, ORANGE, RED, Query
from streams import metrics

SCORED = f"sum(rate({total(metrics.SENTIMENTS)}[5m]))"
UNSURE = f'sum(rate({bucket(metrics.CONFIDENCE)}{{le="0.6"}}[5m]))'


def board() -> Dashboard:
    """The dashboard."""
    frame = DashboardBuilder(
        "model-quality",
        "Model quality",
        "Whether the model answers, how fast, and whether what it says drifts. Accuracy needs labels: see the model "
        "card for it, and the console's false alarms for what people corrected.",
    )
    frame.row(
        "Now",
        panels.count(
            "Texts a second",
            "Texts that the scoring stage published, scored or not.",
            expr=f"sum(rate({total(metrics.TEXTS)}[5m]))",
            unit="cps",
        ),
        panels.count(
            "Unscored",
            "Share of the texts that went on without a score. Above one in twenty it alerts.",
            expr="pulsewatch_texts_unscored:ratio5m",
            unit="percentunit",
            steps=((None, GREEN), (0.01, ORANGE), (0.05, RED)),
        ),
        panels.count(
            "Unsure",
            "Share of the texts whose likeliest sentiment has a probability of at most 0.6. A rise is the "
            "first sign of texts unlike those that the model learned from.",
            expr=f"{UNSURE} / ({SCORED} > 0)",
            unit="percentunit",
            steps=((None, GREEN), (0.25, ORANGE), (0.4, RED)),
        ),
        panels.count(
            "Model time a batch, p95",
            "Model time for a batch of texts, 95 of 100 batches.",
            expr=quantile(0.95, metrics.SCORING_SECONDS),
            unit="s",
        ),
    )
    frame.row(
        "Coverage and time",
        panels.lines(
            "Texts by outcome",
            "Texts a second, scored and not. A text that is scored late counts as both.",
            queries=[Query(f"sum by (outcome) (rate({total(metrics.TEXTS)}[5m]))", "{{outcome}}")],
            unit="cps",
            stacked=True,
            colours={"scored": GREEN, "unscored": RED},
        ),
        panels.lines(
            "Model time a batch",
            "Half of the batches take less than the lower line, 95 of 100 less than the upper.",
            queries=[
                Query(quantile(0.5, metrics.SCORING_SECONDS), "median"),
                Query(quantile(0.95, metrics.SCORING_SECONDS), "p95"),
            ],
            unit="s",
        ),
    )
    frame.row(
        "Drift",
        panels.lines(
            "Sentiment shares",
            "Shares of the sentiments among scored texts. All brands together move slowly; a jump "
            "without a crisis points at the model or at a new feed.",
            queries=[
                Query(
                    f"sum by (sentiment) (rate({total(metrics.SENTIMENTS)}[5m])) / on () group_left () ({SCORED} > 0)",
                    "{{sentiment}}",
                )
            ],
            unit="percentunit",
            stacked=True,
            highest=1,
            colours={"negative": RED, "neutral": GREY, "positive": GREEN},
            w=8,
        ),
        panels.lines(
            "Flagged shares by risk",
            "Share of the scored texts with this risk above its threshold.",
            queries=[
                Query(
                    f"sum by (risk) (rate({total(metrics.FLAGGED)}[5m])) / on () group_left () ({SCORED} > 0)",
                    "{{risk}}",
                )
            ],
            unit="percentunit",
            w=8,
        ),
        panels.lines(
            "Confidence",
            "Probability of the likeliest sentiment: its median, and what 90 of 100 texts exceed.",
            queries=[
                Query(quantile(0.5, metrics.CONFIDENCE), "median"),
                Query(quantile(0.1, metrics.CONFIDENCE), "p10"),
            ],
            unit="percentunit",
            highest=1,
            w=8,
        ),
    )
    frame.row(
        "Rules beside the model",
        panels.lines(
            "Rule findings for each hundred texts",
            "By family. Rules and model know nothing of each other: when one "
            "moves and the other does not, look at the texts.",
            queries=[
                Query(
                    f"100 * sum by (family) (rate({total(metrics.FINDINGS)}[5m])) / on () group_left () "
                    f"(sum(rate({total(metrics.TEXTS)}[5m])) > 0)",
                    "{{family}}",
                )
            ],
        ),
        panels.rows(
            "Models",
            "The revision that each scoring worker has loaded. Two at once is a deployment under way.",
            queries={"Workers": f"sum by (revision) ({gauge(metrics.MODEL_INFO)})"},
            columns={"revision": "Revision"},
            w=12,
            h=8,
        ),
    )
    return frame.board
