"""For brand-safety teams: what is said about their brands, how bad, where."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana.boards import panels
from dashboards.grafana.boards.builder import BRAND, PLATFORM, DashboardBuilder
from dashboards.grafana.boards.panels import GREEN, GREY, ORANGE, RED, Link, Query
from streams import metrics

CHOSEN = '{brand=~"$brand", platform=~"$platform"}'
TEXTS = f"{metrics.BRAND_TEXTS}{CHOSEN}"
NEGATIVE = f'{metrics.BRAND_TEXTS}{{sentiment="negative", brand=~"$brand", platform=~"$platform"}}'
RISKS = f"{metrics.BRAND_RISKS}{CHOSEN}"
FIRING = f'{metrics.ALERT_FIRING}{{brand=~"$brand"}}'
NAMED = f"* on (brand) group_left (name) {metrics.BRAND_INFO}"
"""Puts what the catalogue calls a brand beside its id."""
MOODS = {"negative": RED, "neutral": GREY, "positive": GREEN}


def _share(by: str = "") -> str:
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} ({NEGATIVE}) / (sum{grouped} ({TEXTS}) > 0)"


def board() -> Dashboard:
    """The dashboard."""
    frame = DashboardBuilder(
        "brand-safety",
        "Brand safety",
        "What is said about the chosen brands within the last hour of event time, how risky it is, and where.",
        BRAND,
        PLATFORM,
        since="now-3h",
    )
    frame.row(
        "Now",
        panels.count(
            "Texts in the last hour", "Scored texts of the chosen brands and platforms.", expr=f"sum({TEXTS})"
        ),
        panels.count(
            "Negative share",
            "Negative texts among all scored ones. Orange and red are for the eye: what alerts is a "
            "brand's own baseline, not a fixed share.",
            expr=_share(),
            unit="percentunit",
            steps=((None, GREEN), (0.25, ORANGE), (0.5, RED)),
        ),
        panels.count(
            "Flagged texts",
            "Texts with a risk above its threshold; a text with two risks counts twice.",
            expr=f"sum({RISKS})",
        ),
        panels.count(
            "Firing alerts",
            "Alerts of the chosen brands that fire now. The console has their evidence.",
            expr=f"sum({FIRING}) or vector(0)",
            unit="short",
            steps=((None, GREEN), (1, RED)),
        ),
    )
    frame.row(
        "Mood",
        panels.lines(
            "Texts by sentiment",
            "Texts of the last hour at each moment, by the model's sentiment.",
            queries=[Query(f"sum by (sentiment) ({TEXTS})", "{{sentiment}}")],
            stacked=True,
            colours=MOODS,
        ),
        panels.lines(
            "Negative share by brand",
            "The ten brands with the largest negative share. Small brands swing: look at "
            "their number of texts in the table below.",
            queries=[Query(f"topk(10, ({_share('brand')}) {NAMED})", "{{name}}")],
            unit="percentunit",
            highest=1,
        ),
    )
    frame.row(
        "Risk",
        panels.lines(
            "Flagged texts by risk",
            "Texts of the last hour with this risk above its threshold.",
            queries=[Query(f"sum by (risk) ({RISKS})", "{{risk}}")],
            stacked=True,
        ),
        panels.bars(
            "Most flagged brands",
            "Flagged texts of the last hour, the ten brands with most of them.",
            queries=[Query(f"sort_desc(topk(10, sum by (brand) ({RISKS}) {NAMED}))", "{{name}}")],
        ),
    )
    frame.row(
        "Where",
        panels.lines(
            "Texts by platform",
            "Texts of the last hour on each platform.",
            queries=[Query(f"sum by (platform) ({TEXTS})", "{{platform}}")],
            w=10,
        ),
        panels.rows(
            "Brands",
            "All chosen brands. A brand's name leads to its view in the console. `other` is all brands "
            "beyond the configured top.",
            queries={
                "Texts": f"sum by (brand) ({TEXTS}) {NAMED}",
                "Negative share": f"({_share('brand')}) {NAMED}",
                "Flagged": f"sum by (brand) ({RISKS}) {NAMED}",
            },
            columns={"name": "Name", "brand": "Brand"},
            links=[Link("Brand", "Open in the console", "${console}/brand/${__value.raw:percentencode}")],
            sort="Texts",
            units={"Negative share": "percentunit"},
            w=14,
            h=8,
        ),
    )
    return frame.board
