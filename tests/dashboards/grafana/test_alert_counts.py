"""What "Crisis and compliance" counts of an hour's alerts, by Prometheus itself over series that are known."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dashboards.grafana import build

EPISODES = [
    # since before the hour, and still
    'pulsewatch_alert_firing{kind="crisis", severity="warning", fingerprint="old"} 1x180',
    # began in the hour, grew from warning to critical, and is over
    'pulsewatch_alert_firing{kind="crisis", severity="warning", fingerprint="grown"} _x125 1x10 stale',
    'pulsewatch_alert_firing{kind="crisis", severity="critical", fingerprint="grown"} _x136 1x20 stale',
    # of one scrape alone: it is seen
    'pulsewatch_alert_firing{kind="compliance", severity="warning", fingerprint="short"} _x150 1 stale',
    # began in the hour and fires, after a restart of the exporter at another address too
    'pulsewatch_alert_firing{kind="compliance", severity="warning", fingerprint="new", instance="a"} _x130 1x20 stale',
    'pulsewatch_alert_firing{kind="compliance", severity="warning", fingerprint="new", instance="b"} _x151 1x29',
    # was over before the hour
    'pulsewatch_alert_firing{kind="compliance", severity="warning", fingerprint="gone"} 1x20 stale',
]  # fmt: skip
CHANGES = [
    'pulsewatch_alert_changes_total{kind="crisis", state="firing"} 1x120 2x60',
    'pulsewatch_alert_changes_total{kind="crisis", state="resolved"} 0x131 1x49',
    'pulsewatch_alert_changes_total{kind="crisis", state="pending"} 0x90 7x90',
    'pulsewatch_alert_changes_total{kind="compliance", state="firing"} 1x130 4x50',
]
"""A sample a minute, three hours of them: as the counter of detection goes on."""


def query(title: str) -> str:
    [panel] = [one for board in build.load() for one in build.panels(board) if one["title"] == title]
    expr: str = panel["targets"][0]["expr"]
    return expr


@pytest.mark.parametrize(
    ("title", "series", "expected"),
    [
        ("Fired in the last hour", EPISODES, [("{}", 3)]),
        ("Fired in the last hour", EPISODES[:1], [("{}", 0)]),
        ("Fired in the last hour", [], [("{}", 0)]),
        (
            "Changes an hour",
            CHANGES,
            [
                ('{kind="compliance", state="firing"}', 3),
                ('{kind="crisis", state="firing"}', 1),
                ('{kind="crisis", state="resolved"}', 1),
            ],
        ),
    ],
    ids=["fired", "only an old one", "none", "changes"],
)
def test_each_episode_counts_once_and_in_whole_numbers(
    title: str, series: list[str], expected: list[tuple[str, int]], tmp_path: Path
) -> None:
    given = [dict(zip(("series", "values"), one.rsplit("} ", 1), strict=True)) for one in series]
    asked: dict[str, Any] = {
        "expr": query(title),
        "eval_time": "180m",
        "exp_samples": [{"labels": labels, "value": value} for labels, value in expected],
    }
    test = {"input_series": [{**one, "series": one["series"] + "}"} for one in given], "promql_expr_test": [asked]}
    file = tmp_path / "counts.json"
    file.write_text(json.dumps({"evaluation_interval": "1m", "tests": [{"interval": "1m", **test}]}))
    told = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
