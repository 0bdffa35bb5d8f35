"""The built dashboards: up to date, complete for a reader, and of metrics that exist."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.grafana import build
from dashboards.grafana.boards.builder import CONSOLE_URL
from dashboards.grafana.identity import FOLDER_TITLE, FOLDER_UID, SOURCE_UID, TAG
from streams.settings import Settings
from tests.dashboards.grafana.queries import Asked, asked
from tests.oracle.shipped_rules import declared_samples, rules

BOARDS = build.load()
PANELS = [(board["uid"], panel) for board in BOARDS for panel in build.panels(board)]
SCRAPED = {"up", "scrape_duration_seconds", "ALERTS"}
"""Prometheus's own."""


def each_panel(function: Any) -> Any:
    return pytest.mark.parametrize(
        ("uid", "panel"), PANELS, ids=lambda value: value if isinstance(value, str) else value["title"]
    )(function)


def test_built_files_are_up_to_date() -> None:
    assert build.stale() == [], "run `pulsewatch grafana build`"


def test_stale_missing_and_left_over_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in build.BUILT.glob("*.json"):
        (tmp_path / path.name).write_text(path.read_text())
    monkeypatch.setattr(build, "BUILT", tmp_path)
    (tmp_path / "pulsewatch-on-call.json").write_text("{}")
    (tmp_path / "pulsewatch-live-rooms.json").unlink()
    (tmp_path / "left-over.json").write_text("{}")
    told = ["left-over.json", "pulsewatch-live-rooms.json", "pulsewatch-on-call.json"]
    assert build.stale() == told
    assert build.write() == told
    assert build.stale() == []


def test_every_dashboard_of_the_issue_is_there() -> None:
    assert {board["uid"].removeprefix("pulsewatch-") for board in BOARDS} == {
        "brand-safety", "live-rooms", "crisis-compliance", "on-call", "model-quality", "runbooks",
    }  # fmt: skip


@each_panel
def test_panel_has_a_note_a_title_and_a_place(uid: str, panel: dict[str, Any]) -> None:
    assert len(panel["description"]) > 20
    assert panel["title"]
    place = panel["gridPos"]
    assert 0 < place["w"] <= 24 - place["x"]
    assert panel["id"] > 0


@each_panel
def test_panel_of_figures_has_a_unit_and_says_what_nothing_means(uid: str, panel: dict[str, Any]) -> None:
    if panel["type"] == "text":
        return
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults.get("unit") or defaults.get("mappings") or panel["type"] == "table"
    assert defaults["noValue"]
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == SOURCE_UID
    if panel["type"] == "timeseries":
        assert panel["options"]["legend"]["showLegend"]
        assert all(target["legendFormat"] for target in panel["targets"])


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_no_two_panels_overlap_and_ids_differ(board: dict[str, Any]) -> None:
    cells = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_dashboard_leads_to_console_and_runbooks_and_shows_alerts(board: dict[str, Any]) -> None:
    assert [link["title"] for link in board["links"]] == ["Console", "Runbooks", "Dashboards"]
    assert [link["url"] for link in board["links"][:2]] == ["${console}", "${runbooks}"]
    assert [mark["name"] for mark in board["annotations"]["list"]] == ["Alerts", "Episodes"]
    assert board["tags"] == [TAG]
    assert not board["editable"]


def test_variables_are_brand_platform_and_room() -> None:
    kinds = {(variable["name"], variable["type"]) for board in BOARDS for variable in board["templating"]["list"]}
    assert kinds == {
        ("brand", "query"), ("platform", "query"), ("room", "query"), ("console", "constant"), ("runbooks", "constant"),
    }  # fmt: skip


def test_every_variable_that_a_query_or_link_names_is_there() -> None:
    for board in BOARDS:
        held = {variable["name"] for variable in board["templating"]["list"]}
        named = set(re.findall(r"\$\{?([a-z]\w*)", str(board["panels"]) + str(board["annotations"])))
        assert named <= held, board["uid"]


def test_console_links_are_views_of_the_console() -> None:
    urls = set(re.findall(r"\$\{console\}/(\w+)/", str(BOARDS)))
    assert urls == {"brand", "room", "alert"}
    assert Settings().console_url == CONSOLE_URL


def test_every_query_is_of_metrics_that_are_declared() -> None:
    known = declared_samples() | {rule["record"] for rule in rules() if "record" in rule} | SCRAPED
    for one in itertools.chain.from_iterable(asked(board) for board in BOARDS):
        assert metric_names(one) <= known, one
        assert metric_names(one), one


def metric_names(one: Asked) -> set[str]:
    """What stands before a brace, a bracket or alone and is no function, label or keyword."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|offset \d+\w|(by|on|group_left)\s*\([^)]*\)', " ", one.expr)
    words = re.findall(r"[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()", bare)
    return {word for word in words if word not in {"or", "and", "unless", "by", "on", "group_left"}}


def test_file_provisioning_finds_the_built_files_and_the_source() -> None:
    folder = Path(build.__file__).parents[2] / "deploy" / "docker" / "grafana"
    [provider] = yaml.safe_load((folder / "dashboards" / "pulsewatch.yml").read_text())["providers"]
    assert provider["options"]["path"] == "/var/lib/pulsewatch/dashboards"
    assert (provider["folderUid"], provider["folder"]) == (FOLDER_UID, FOLDER_TITLE)
    [source] = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert (source["uid"], source["type"]) == (SOURCE_UID, "prometheus")
