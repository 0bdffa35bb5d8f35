"""The rules fire on what they are for, by Prometheus's own judgement, and each has a runbook."""

import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from deploy.local.http import get_json
from deploy.local.prometheus import CONFIG, LocalPrometheus, placed
from streams import metrics
from streams.alerting.alert import AlertKind
from streams.alerting.lifecycle import RUNBOOKS

ROOT = CONFIG.parents[1]
RULE_TESTS = sorted((Path(__file__).parent / "rules").glob("*.yml"))


def promtool(*arguments: str) -> str:
    result = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def rules() -> list[dict[str, Any]]:
    files = [yaml.safe_load(file.read_text()) for file in sorted((CONFIG / "rules").glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def test_configuration_is_valid() -> None:
    promtool("check", "config", str(CONFIG / "prometheus.yml"))


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_rules_fire_and_rest_as_told(file: Path) -> None:
    promtool("test", "rules", str(file))


def test_every_kind_of_alert_has_a_rule_and_a_runbook() -> None:
    text = (CONFIG / "rules" / "detections.yml").read_text()
    for kind in get_args(AlertKind):
        assert f'kind="{kind}"' in text
        assert (ROOT / "deploy" / "runbooks" / RUNBOOKS[kind]).is_file()


def test_every_rule_of_the_monitor_names_a_runbook_that_exists() -> None:
    named = [rule["annotations"]["runbook"] for rule in alerts() if "{{" not in rule["annotations"]["runbook"]]
    assert len(named) >= 8
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_rule_of_the_monitor_is_tested() -> None:
    told = {
        case["alertname"]
        for file in RULE_TESTS
        for test in yaml.safe_load(file.read_text())["tests"]
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    monitor = yaml.safe_load((CONFIG / "rules" / "monitor.yml").read_text())["groups"][0]["rules"]
    assert {rule["alert"] for rule in monitor} <= told


def test_rules_use_metrics_that_are_declared() -> None:
    text = "".join(str(rule["expr"]) for rule in rules())
    declared = Path(metrics.__file__).read_text() + "pulsewatch_exporter_redis_up"
    used = {word for word in text.replace("{", " ").replace("(", " ").replace(")", " ").replace("[", " ").split()
            if word.startswith("pulsewatch_")}  # fmt: skip
    assert used
    assert {name for name in used if name not in declared} == set()


def test_jobs_without_targets_here_are_left_out() -> None:
    shipped = yaml.safe_load((CONFIG / "prometheus.yml").read_text())
    own = placed(shipped, {"pulsewatch-worker": {"127.0.0.1:1": "scoring"}}, None)
    assert own["scrape_configs"] == [
        {
            "job_name": "pulsewatch-worker",
            "honor_labels": True,
            "static_configs": [{"targets": ["127.0.0.1:1"], "labels": {"stage": "scoring"}}],
        }
    ]
    assert own["alerting"] == {"alertmanagers": []}


def test_prometheus_starts_with_the_shipped_rules(tmp_path: Path) -> None:
    with LocalPrometheus(tmp_path) as server:
        groups = get_json(f"{server.url}/api/v1/rules")["data"]["groups"]
    assert {group["name"] for group in groups} == {"detections", "monitor"}
