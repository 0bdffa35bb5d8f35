"""`pulsewatch rules`: what a lawyer types."""

import json
from pathlib import Path

from click.testing import CliRunner

from deploy.cli.main import cli


def test_explain_prints_the_reading_and_the_rule() -> None:
    result = CliRunner().invoke(cli, ["rules", "explain", "全网罪低价", "--json"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["undisguised"] == "全网最低价"
    assert told["considered"][0]["family"] == "absolute_claim"
    assert told["considered"][0]["excuse"] is None


def test_broken_pack_is_told_in_one_line_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "draft.yaml").write_text("family: absolute_claim\nversion: soon\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["rules", "lint", "--packs", str(tmp_path)])
    assert "draft.yaml:" in str(result.exception)
