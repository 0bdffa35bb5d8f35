"""`python -m tests.bench`: help for every benchmark, one line for a peer that is not there."""

import sys

import pytest

from deploy.cli.main import run
from tests.bench.__main__ import bench


def exit_code(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    with pytest.raises(SystemExit) as ended:
        run(bench, "python -m tests.bench")
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", list(bench.commands))
def test_benchmark_explains_itself(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(monkeypatch, name, "--help") == 0
    assert capsys.readouterr().out.startswith(f"Usage: python -m tests.bench {name}")


@pytest.mark.parametrize("name", ["transport", "engagement"])
def test_unknown_peer_gets_one_line_and_exit_code_2(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(monkeypatch, name, "--peer", "nobody") == 2
    assert capsys.readouterr().err.startswith("pulsewatch: no peer nobody; there are pulsewatch, aiokafka")
