"""Everything that the dashboards ask Prometheus, with Grafana's variables put in as Grafana would."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dashboards.grafana import build

ALL = ".*"


@dataclass(frozen=True)
class Asked:
    """One query."""

    where: str
    expr: str


def asked(board: dict[str, Any]) -> Iterator[Asked]:
    """Every panel's, variable's and annotation's."""
    for panel in build.panels(board):
        for target in panel.get("targets", []):
            yield Asked(f"{board['uid']} / {panel['title']} / {target['refId']}", chosen(target["expr"], ALL))
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield Asked(f"{board['uid']} / ${variable['name']}", of_variable(variable["query"]["query"]))
    for mark in board["annotations"]["list"]:
        if "expr" in mark:
            yield Asked(f"{board['uid']} / annotation {mark['name']}", chosen(mark["expr"], ALL))


def chosen(expr: str, value: str) -> str:
    """The query with one value for every variable."""
    return re.sub(r"\$\{?(brand|platform|room)\}?", value, expr)


def of_variable(query: str) -> str:
    """`label_values(metric, label)` as a query that returns those values."""
    found = re.fullmatch(r"label_values\(([^,]+), (\w+)\)", query)
    assert found, query
    return f"group by ({found[2]}) ({found[1]})"
