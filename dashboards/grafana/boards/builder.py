"""What every dashboard has: its place, variables, annotations, and the way to the console and the runbooks."""

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from dashboards.grafana.boards.panels import SOURCE, Panel, configured
from dashboards.grafana.identity import TAG
from streams import metrics

CONSOLE_URL = "http://127.0.0.1:9107"
RUNBOOKS_URL = "/d/pulsewatch-runbooks"
"""Grafana ignores what follows a dashboard's uid, so that a runbook's name may."""
GRAFANA = models.DataSourceRef(type_val="grafana", uid="-- Grafana --")

BRAND = ("brand", "Brand", f"label_values({metrics.BRAND_TEXTS}, brand)")
PLATFORM = ("platform", "Platform", f"label_values({metrics.BRAND_TEXTS}, platform)")
ROOM = ("room", "Room", f"label_values({metrics.ROOM_EVENTS}, room)")
Variable = tuple[str, str, str]
"""Name, label, query."""


class DashboardBuilder:
    """A dashboard as it grows: `DashboardBuilder(…).row("Now", panel, panel).board`."""

    def __init__(self, uid: str, title: str, description: str, *variables: Variable, since: str = "now-1h") -> None:
        self.board: dashboard.Dashboard = configured(
            dashboard.Dashboard(f"Pulsewatch · {title}"),
            uid=f"pulsewatch-{uid}",
            description=description,
            tags=[TAG],
            refresh="5s",
            timezone="browser",
            tooltip=models.DashboardCursorSync.CROSSHAIR,
        )
        self.board.readonly().time(since, "now")
        self.board.link(_link("Console", "The live view, with evidence.", "${console}"))
        self.board.link(_link("Runbooks", "What to do about an alert.", "${runbooks}"))
        self.board.link(_all_boards())
        for name, label, query in variables:
            self.board.with_variable(_query_variable(name, label, query))
        self.board.with_variable(_constant("console", CONSOLE_URL, "Where the console is."))
        self.board.with_variable(_constant("runbooks", RUNBOOKS_URL, "Where the runbooks are."))
        self.board.annotation(_alerts(bool(variables) and variables[0] == BRAND))
        self.board.annotation(_episodes())

    def row(self, title: str, *panels: Panel) -> "DashboardBuilder":
        """Add a heading and the panels below it."""
        self.board.with_row(dashboard.Row(title))
        for panel in panels:
            self.board.with_panel(panel)
        return self


def _query_variable(name: str, label: str, query: str) -> dashboard.QueryVariable:
    everything = models.VariableOption(selected=True, text="All", value="$__all")
    variable: dashboard.QueryVariable = configured(
        dashboard.QueryVariable(name),
        label=label,
        description=f"Only this {label.lower()}, or several.",
        datasource=SOURCE,
        query={"query": query, "refId": name},
        current=everything,
        multi=True,
        include_all=True,
        all_value=".*",
        refresh=models.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=models.VariableSort.ALPHABETICAL_ASC,
    )
    return variable


def _constant(name: str, value: str, description: str) -> dashboard.ConstantVariable:
    return dashboard.ConstantVariable(name).value(value).description(description)


def _alerts(by_brand: bool) -> dashboard.AnnotationQuery:
    """What fired, by Prometheus; a dashboard of brands shows its brands' own and the monitor's."""
    brand = ', brand=~"$brand|"' if by_brand else ""
    expr = f'ALERTS{{alertstate="firing", severity=~"warning|critical"{brand}}}'
    return dashboard.AnnotationQuery().name("Alerts").datasource(SOURCE).enable(True).icon_color("red").expr(expr)


def _episodes() -> dashboard.AnnotationQuery:
    """What `pulsewatch grafana push` wrote: alerts in event time, from onset to end."""
    target = dashboard.AnnotationTarget().tags([TAG]).type("tags").limit(100).match_any(False)
    query = dashboard.AnnotationQuery().name("Episodes").datasource(GRAFANA)
    return query.enable(True).icon_color("purple").target(target)


def _all_boards() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("Dashboards").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(True).include_vars(True).keep_time(True)


def _link(title: str, tooltip: str, url: str) -> dashboard.DashboardLink:
    link = dashboard.DashboardLink(title).type(models.DashboardLinkType.LINK).tooltip(tooltip)
    return link.url(url).target_blank(True).icon("external link")
