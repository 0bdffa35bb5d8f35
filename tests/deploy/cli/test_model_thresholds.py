"""`pulsewatch model curve` and `calibrate`, on the bundled model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli.main import cli
from models.runtime.classifier import BUNDLED
from models.runtime.manifest import read_manifest

ADDRESSED = ["加微信 abc{n} 私下转账,价格更低", "薇❤{n} 私聊有内部价", "想要的加我v信 {n}8888,发你优惠"]
PLAIN = ["主播声音好听 {n}", "第{n}次来了,物流很快", "这个颜色 {n} 号很好看"]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    rows = [
        {"text": wording.format(n=n), "diversion": target, "abuse": 0}
        for target, wordings in ((1, ADDRESSED), (0, PLAIN))
        for wording in wordings
        for n in range(10, 18)
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["model", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_curve_shows_each_risk_with_what_is_served(labelled: Path) -> None:
    rows = {row["risk"]: row for row in json.loads(run("curve", str(labelled), "--json"))}
    assert (rows["diversion"]["texts"], rows["diversion"]["with_risk"]) == (48, 24)
    thresholds = [point["threshold"] for point in rows["diversion"]["curve"]]
    assert thresholds == sorted(thresholds)
    assert rows["diversion"]["served"]["threshold"] == read_manifest(BUNDLED).models["zh"].thresholds["diversion"]
    assert rows["abuse"]["curve"] == []


def test_curve_is_drawn_for_people(labelled: Path) -> None:
    shown = run("curve", str(labelled))
    assert "zh diversion: 24 of 48 texts carry it" in shown
    assert "zh abuse: 0 of 48 texts carry it" in shown
    assert "← served" in shown
    assert "no curve" in shown


def test_calibrate_writes_what_the_setting_takes(
    labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streams.scoring.model import require_classifier
    from streams.settings import Settings

    out = tmp_path / "thresholds.json"
    run("calibrate", str(labelled), "--precision", "0.9", "--output", str(out))
    written = json.loads(out.read_text())
    assert written["revision"] == read_manifest(BUNDLED).revision
    assert set(written["thresholds"]) == {"zh"}
    assert set(written["thresholds"]["zh"]) == {"diversion"}
    classifier = require_classifier(Settings(thresholds=out))
    assert classifier.served["zh"].thresholds["diversion"] == written["thresholds"]["zh"]["diversion"]


def test_texts_without_labels_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"text": "hello"}\n')
    result = CliRunner().invoke(cli, ["model", "curve", str(path)])
    assert result.exit_code != 0
    assert "no text has a label for a risk" in f"{result.output}{result.exception}"
