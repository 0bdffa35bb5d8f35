"""The rules fire on what they are for, by Prometheus's own judgement, and each has a runbook."""

import re
import subprocess
from pathlib import Path
from typing import get_args

import pytest
import yaml

from deploy.cli.main import cli
from deploy.local.prometheus import CONFIG, with_local_targets
from streams.alerts.kinds import KINDS, AlertKind
from streams.events.codec import Reason
from tests.oracle.shipped_rules import alerts, declared_samples, rules

ROOT = CONFIG.parents[1]
RULE_TESTS = sorted((Path(__file__).parents[1] / "rules").glob("*.yml"))


def promtool(*arguments: str) -> str:
    result = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_configuration_is_valid() -> None:
    promtool("check", "config", str(CONFIG / "prometheus.yml"))


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_rules_fire_and_rest_as_told(file: Path) -> None:
    promtool("test", "rules", str(file))


def test_every_kind_of_alert_has_a_rule_and_a_runbook() -> None:
    text = (CONFIG / "rules" / "detections.yml").read_text()
    for kind in get_args(AlertKind):
        assert f'kind="{kind}"' in text
        assert (ROOT / "dashboards" / "runbooks" / KINDS[kind].runbook).is_file()


def test_every_rule_of_the_monitor_names_a_runbook_that_exists() -> None:
    named = [rule["annotations"]["runbook"] for rule in alerts() if "{{" not in rule["annotations"]["runbook"]]
    assert len(named) >= 8
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_recorded_series_is_tested_where_it_is_not_an_alerts_own() -> None:
    tests = yaml.safe_load((Path(__file__).parents[1] / "rules" / "recorded.yml").read_text())["tests"]
    recorded = {rule["record"] for rule in rules() if "record" in rule} - {"pulsewatch:alert_firing:held"}
    assert {case["expr"] for test in tests for case in test["promql_expr_test"]} == recorded


SECTIONS = ["What fired", "Impact", "Check", "Do", "Escalate"]


@pytest.mark.parametrize("runbook", sorted((ROOT / "dashboards" / "runbooks").glob("*.md")), ids=lambda path: path.stem)
def test_runbook_has_its_sections_in_order_and_is_named_by_an_alert(runbook: Path) -> None:
    sections = re.split(r"^## (.+)$", runbook.read_text(), flags=re.MULTILINE)[1:]
    assert sections[::2] == SECTIONS
    assert all(text.strip() for text in sections[1::2])
    named = {rule["annotations"]["runbook"].rpartition("/")[2] for rule in alerts()}
    named |= {kind.runbook for kind in KINDS.values()}
    assert runbook.name in named


def test_runbook_of_dead_letters_knows_every_reason() -> None:
    text = (ROOT / "dashboards" / "runbooks" / "dead-letters.md").read_text()
    assert {reason for reason in get_args(Reason) if f"`{reason}`" not in text} == set()


def test_runbooks_name_commands_options_and_files_that_exist() -> None:
    """What a person types at night has to work."""
    text = "".join(path.read_text() for path in (ROOT / "dashboards" / "runbooks").glob("*.md"))
    for command in set(re.findall(r"`pulsewatch ([a-z-]+)", text)):
        assert command in cli.commands
    for name in set(re.findall(r"\b([a-z-]+\.md)\b", text)):
        assert (ROOT / "dashboards" / "runbooks" / name).is_file()
    declared = declared_samples() | {rule["record"] for rule in rules() if "record" in rule}
    stems = {name.removesuffix("_bucket") for name in declared}
    assert {name for name in re.findall(r"`([a-z:0-9_]*pulsewatch_[a-z_:0-9]+)`", text) if name not in stems} == set()


def test_every_alert_has_a_test_that_fires_and_one_that_rests() -> None:
    cases = [
        case
        for file in RULE_TESTS
        for test in yaml.safe_load(file.read_text())["tests"]
        for case in test.get("alert_rule_test", [])
    ]
    names = {rule["alert"] for rule in alerts()}
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == names
    # The dead-man's switch rests never: that is what it is for.
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == names - {"Watchdog"}


def test_rules_use_metrics_that_are_declared() -> None:
    text = " ".join(str(rule["expr"]) for rule in rules())
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    used = set(re.findall(r"[a-z_:0-9]*pulsewatch_[a-z_:0-9]*|pulsewatch:[a-z_:]*", text))
    assert len(used) > 15
    assert {name for name in used - recorded if name not in declared_samples()} == set()


def test_jobs_without_targets_here_are_left_out() -> None:
    shipped = yaml.safe_load((CONFIG / "prometheus.yml").read_text())
    own = with_local_targets(shipped, {"pulsewatch-worker": {"127.0.0.1:1": "scoring"}}, None)
    assert own["scrape_configs"] == [
        {
            "job_name": "pulsewatch-worker",
            "honor_labels": True,
            "static_configs": [{"targets": ["127.0.0.1:1"], "labels": {"stage": "scoring"}}],
        }
    ]
    assert own["alerting"] == {"alertmanagers": []}
