"""The generated configuration is what the code generates now."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from deploy import generate
from streams.alerts.kinds import KINDS
from streams.settings import Settings


def test_generated_files_are_not_stale() -> None:
    assert generate.stale() == []


def test_check_names_a_stale_file_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    path = generate.ROOT / "NOTICE"
    before = path.read_text()
    monkeypatch.setattr(generate, "FILES", {path: lambda: "new"})
    result = CliRunner().invoke(generate.generate, ["--check"])
    assert (result.exit_code, result.output) == (1, "NOTICE is stale: run `python -m deploy.generate`\n")
    assert path.read_text() == before


def test_generate_writes_what_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "FILES", {path: lambda: "new"})
    assert CliRunner().invoke(generate.generate).exit_code == 0
    assert path.read_text() == "new"
    assert generate.stale() == []


def test_detection_rules_have_one_alert_a_kind_all_with_the_same_annotations() -> None:
    (group,) = yaml.safe_load(generate.detection_rules())["groups"]
    alerts = {rule["alert"]: rule for rule in group["rules"] if "alert" in rule}
    assert list(alerts) == [kind.prometheus for kind in KINDS.values()]
    for kind in KINDS.values():
        assert alerts[kind.prometheus]["expr"] == f'pulsewatch:alert_firing:held{{kind="{kind.id}"}}'
    assert len({str(rule["annotations"]) for rule in alerts.values()}) == 1


def test_env_example_has_a_sentence_for_every_setting() -> None:
    blocks = generate.env_example().split("\n\n")
    for name in Settings.model_fields:
        (block,) = [block for block in blocks if f"PULSEWATCH_{name.upper()}=" in block]
        assert block.startswith("# ")
        assert len(block.strip().splitlines()) >= 2
