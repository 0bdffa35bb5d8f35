"""Panels with everything that a reader needs: a note, a unit, a legend, thresholds that mean something.

Widths are in Grafana's 24 columns, heights in its rows. Colours are the same thing everywhere: red harms, orange warns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, text, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as commons
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from dashboards.grafana.identity import SOURCE_UID

SOURCE = models.DataSourceRef(type_val="prometheus", uid=SOURCE_UID)
GREEN, ORANGE, RED, GREY, BLUE = "green", "orange", "red", "#8e8e8e", "blue"
Panel = Builder[models.Panel]
Built = TypeVar("Built")
Colours = Mapping[str, str]
Steps = Sequence[tuple[float | None, str]]
"""(from this value on, colour); the first has none."""


@dataclass(frozen=True)
class Query:
    """PromQL, and how a series of it is called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Link:
    """Where a table's cell leads."""

    column: str
    title: str
    url: str


def configured(builder: Built, **options: Any) -> Built:
    """The builder after `builder.name(value)` for each option: the SDK's chain, with a line an option."""
    for name, value in options.items():
        getattr(builder, name)(value)
    return builder


def panel(kind: Built, *, title: str, note: str, w: int, h: int, no_value: str = "–", **options: Any) -> Built:
    """A panel over Prometheus with what every one has; `options` are methods of its builder."""
    shared = {"title": title, "description": note, "datasource": SOURCE, "span": w, "height": h, "no_value": no_value}
    return configured(kind, **shared, **options)


def count(
    title: str,
    note: str,
    expr: str,
    unit: str = "short",
    steps: Steps = ((None, BLUE),),
    w: int = 6,
    legend: str = "",
) -> Panel:
    """One large figure with its recent past; with `legend` one for each series."""
    return panel(
        stat.Panel(),
        title=title,
        note=note,
        w=w,
        h=4,
        unit=unit,
        thresholds=_steps(steps),
        graph_mode=commons.BigValueGraphMode.AREA,
        color_mode=commons.BigValueColorMode.VALUE,
        reduce_options=_latest(),
        with_target=_target(Query(expr, legend or title), "A"),
    )


def lines(
    title: str,
    note: str,
    queries: Sequence[Query],
    unit: str = "short",
    *,
    w: int = 12,
    h: int = 8,
    stacked: bool = False,
    colours: Colours | None = None,
    limit: float | None = None,
    highest: float | None = None,
) -> Panel:
    """Series over time; `limit` draws the line above which something alerts."""
    chart = panel(
        timeseries.Panel(),
        title=title,
        note=note,
        w=w,
        h=h,
        unit=unit,
        min=0,
        line_width=2,
        fill_opacity=25 if stacked else 8,
        show_points=commons.VisibilityMode.NEVER,
        legend=configured(
            common.VizLegendOptions(),
            show_legend=True,
            placement=commons.LegendPlacement.BOTTOM,
            display_mode=commons.LegendDisplayMode.TABLE,
            calcs=["lastNotNull", "max"],
        ),
        tooltip=configured(
            common.VizTooltipOptions(), mode=commons.TooltipDisplayMode.MULTI, sort=commons.SortOrder.DESCENDING
        ),
    )
    if stacked:
        chart.stacking(common.StackingConfig().mode(commons.StackingMode.NORMAL).group("A"))
    if highest is not None:
        chart.max(highest)
    if limit is not None:
        chart.thresholds(_steps([(None, GREEN), (limit, RED)]))
        chart.thresholds_style(common.GraphThresholdsStyleConfig().mode(commons.GraphThresholdsStyleMode.DASHED))
    for name, colour in (colours or {}).items():
        # The last word of a series: `scoring late` is late too.
        chart.override_by_regexp(f"/(^| ){name}$/", [_fixed(colour)])
    for number, query in enumerate(queries):
        chart.with_target(_target(query, _letter(number)))
    return chart


def bars(title: str, note: str, queries: Sequence[Query], unit: str = "short", *, w: int = 12, h: int = 8) -> Panel:
    """Present values side by side, the largest first where the query sorts them."""
    gauge = panel(
        bargauge.Panel(),
        title=title,
        note=note,
        w=w,
        h=h,
        unit=unit,
        min=0,
        thresholds=_steps(((None, BLUE),)),
        orientation=commons.VizOrientation.HORIZONTAL,
        display_mode=commons.BarGaugeDisplayMode.BASIC,
        reduce_options=_latest(),
    )
    for number, query in enumerate(queries):
        gauge.with_target(_target(query, _letter(number), instant=True))
    return gauge


def rows(
    title: str,
    note: str,
    queries: Mapping[str, str],
    columns: Mapping[str, str],
    links: Sequence[Link] = (),
    *,
    sort: str | None = None,
    units: Mapping[str, str] | None = None,
    w: int = 24,
    h: int = 9,
) -> Panel:
    """A table: `queries` by the heading of their value, `columns` label → heading; every other label is left out."""
    values = {f"Value #{_letter(number)}": name for number, name in enumerate(queries)}
    shown = {**columns, **(values if len(queries) > 1 else {"Value": next(iter(queries))})}
    cells = panel(table.Panel(), title=title, note=note, w=w, h=h, filterable=True)
    cells.with_transformation(models.DataTransformerConfig("merge", options={}))
    cells.with_transformation(_only(shown))
    cells.with_transformation(models.DataTransformerConfig("organize", options={"renameByName": shown}))
    if sort:
        cells.sort_by([common.TableSortByFieldState().display_name(sort).desc(True)])
    for name, unit in (units or {}).items():
        cells.override_by_name(name, [models.DynamicConfigValue("unit", unit)])
    by_column: dict[str, list[dict[str, Any]]] = {}
    for link in links:
        by_column.setdefault(link.column, []).append({"title": link.title, "url": link.url, "targetBlank": True})
    for column, targets in by_column.items():
        cells.override_by_name(column, [models.DynamicConfigValue("links", targets)])
    for number, expr in enumerate(queries.values()):
        cells.with_target(_target(Query(expr), _letter(number), instant=True).format(PromQueryFormat.TABLE))
    return cells


def states(title: str, note: str, query: Query, words: Mapping[str, tuple[str, str]], *, w: int = 6) -> Panel:
    """Values that are words: value → (word, colour)."""
    options = {value: models.ValueMappingResult(text=word, color=colour) for value, (word, colour) in words.items()}
    return panel(
        stat.Panel(),
        title=title,
        note=note,
        w=w,
        h=4,
        no_value="no answer",
        mappings=[models.ValueMap(options=options)],
        graph_mode=commons.BigValueGraphMode.NONE,
        color_mode=commons.BigValueColorMode.BACKGROUND,
        reduce_options=_latest(),
        with_target=_target(query, "A", instant=True),
    )


def note(title: str, description: str, markdown: str, *, w: int = 12, h: int = 14) -> Panel:
    """A text to read."""
    page = configured(text.Panel(), title=title, description=description, mode=TextMode.MARKDOWN, content=markdown)
    return page.span(w).height(h)


def _target(query: Query, ref_id: str, *, instant: bool = False) -> prometheus.Dataquery:
    target = prometheus.Dataquery().ref_id(ref_id).expr(query.expr).datasource(SOURCE)
    target = target.instant() if instant else target.range()
    return target.legend_format(query.legend) if query.legend else target


def _steps(steps: Steps) -> dashboard.ThresholdsConfig:
    mode: Literal[models.ThresholdsMode.ABSOLUTE] = models.ThresholdsMode.ABSOLUTE
    return dashboard.ThresholdsConfig().mode(mode).steps([models.Threshold(value, colour) for value, colour in steps])


def _fixed(colour: str) -> models.DynamicConfigValue:
    return models.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})


def _only(shown: Mapping[str, str]) -> models.DataTransformerConfig:
    return models.DataTransformerConfig("filterFieldsByName", options={"include": {"names": list(shown)}})


def _latest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _letter(number: int) -> str:
    return chr(ord("A") + number)
