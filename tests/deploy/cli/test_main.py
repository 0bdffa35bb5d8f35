"""What a person types and what comes back: help everywhere, one clear line for what is wrong, an exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest

from deploy.cli.main import cli, main
from deploy.cli.model import KINDS
from streams.events.schema import TextKind
from streams.settings import settings

NOBODY = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PULSEWATCH_KAFKA", NOBODY)
    settings.cache_clear()
    yield
    settings.cache_clear()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code of `pulsewatch ARGUMENTS`."""
    monkeypatch.setattr(sys, "argv", ["pulsewatch", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


GROUPS = {path for path in commands(cli) if isinstance(cli.commands[path[0]], click.Group) and len(path) == 1}


@pytest.mark.parametrize("path", list(commands(cli)), ids=" ".join)
def test_every_command_explains_itself(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *path, "--help") == 0
    usage, _, explanation = capsys.readouterr().out.partition("\n")
    assert usage.startswith(f"Usage: pulsewatch {' '.join(path)}")
    assert explanation.strip()


@pytest.mark.parametrize("columns", ["40", "60", "80", "200"])
@pytest.mark.parametrize("path", [(), *(path for path in commands(cli) if path in GROUPS)], ids=" ".join)
def test_list_of_commands_shows_whole_sentences(
    path: tuple[str, ...], columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run(monkeypatch, *path, "--help") == 0
    listed = capsys.readouterr().out.partition("Commands:")[2]
    assert "..." not in listed
    group = cli.commands[path[0]] if path else cli
    assert isinstance(group, click.Group)
    words = " ".join(listed.split())
    for command in group.commands.values():
        assert " ".join((command.help or "").partition("\n\n")[0].split()) in words


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("worker", "counting"), "'counting' is not one of 'engagement', 'scoring', 'detection'"),
        (("replay", "/no/such/file", "--brand", "lumo"), "/no/such/file: no such file"),
        (("replay", __file__, "--brand", "lumo"), "not a whole gzip file"),
        (("simulate", "riot"), "no scenario 'riot'; there are demo, calm"),
        (("score", "/no/such/file"), "No such file or directory"),
        (("demo", "--seconds", "1"), "1.0 is not in the range 20<=x<=2400"),
        (("replay", __file__, "--brand", ""), "a brand's id has 1 to 128 characters"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(
    arguments: tuple[str, ...], complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 2
    printed = capsys.readouterr().err
    assert complaint in printed
    assert printed.startswith("pulsewatch: ")
    assert printed.count("\n") == 1


def test_a_folder_that_cannot_be_written_gets_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "up", "--folder", "/proc/nowhere/stack") == 1
    printed = capsys.readouterr().err
    assert printed.startswith("pulsewatch: /proc/nowhere")
    assert printed.count("\n") == 1


def test_missing_server_is_one_line_of_advice_and_exit_code_1() -> None:
    asked = {
        ("topics", "create"): "PULSEWATCH_KAFKA",
        ("dead-letters", "list"): "PULSEWATCH_KAFKA",
        ("simulate", "calm", "--truth", "/dev/null"): "PULSEWATCH_KAFKA",
        ("alerts",): "PULSEWATCH_REDIS",
    }
    environment = os.environ | {"PULSEWATCH_REDIS": f"redis://{NOBODY}/0"}
    running = [
        (
            setting,
            subprocess.Popen(
                [sys.executable, "-m", "deploy.cli", *arguments], stderr=subprocess.PIPE, text=True, env=environment
            ),
        )
        for arguments, setting in asked.items()
    ]
    for setting, process in running:
        printed = process.communicate(timeout=60)[1]
        assert process.returncode == 1
        assert NOBODY in printed
        assert "does not answer" in printed
        assert printed.endswith(f"tart it (`pulsewatch up`) or set {setting}\n")
        assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARTITIONS", "many"),
        ("KAFKA", ""),
        ("KAFKA", "localhost"),
        ("KAFKA", "a:9092,,b:9092"),
        ("REDIS", "127.0.0.1:6379"),
    ],
)
def test_a_bad_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"PULSEWATCH_{name}", value)
    assert run(monkeypatch, "topics", "create") == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"pulsewatch: PULSEWATCH_{name}: ")
    assert printed.count("\n") == 1


@pytest.mark.parametrize("servers", ["kafka:9092", "[::1]:9092", "a.example:9092, b.example:9093"])
def test_bootstrap_servers_may_be_several(servers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSEWATCH_KAFKA", servers)
    settings.cache_clear()
    assert settings().kafka == servers


def test_simulate_lists_its_scenarios_with_what_happens_in_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "simulate", "--list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"calm", "crisis", "malformed", "duplicates", "late-events"} <= set(listed)
    assert all(listed.values())


def test_score_answers_each_line_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [("全网最低价", "host_speech"), ("thanks, arrived today", "comment")]
    lines = [json.dumps({"text": text, "kind": kind}, ensure_ascii=False) for text, kind in texts]
    file = tmp_path / "texts.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert run(monkeypatch, "score", str(file)) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["findings"][0]["family"] == "absolute_claim"
    assert second["findings"] == []
    assert set(first) == {"sentiment", "sentiment_scores", "risks", "flagged", "findings", "verdict"}
    assert (first["verdict"]["says"], second["verdict"]["says"]) == ("breach", "clean")


def test_score_takes_plain_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("全网最低价\n\nthanks, arrived today\n", encoding="utf-8")
    assert run(monkeypatch, "score", str(file), "--kind", "host_speech") == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["verdict"]["says"], second["verdict"]["says"]) == ("breach", "clean")


def test_kinds_of_plain_text_are_those_of_the_schema() -> None:
    assert set(KINDS) == set(get_args(TextKind))


def test_score_names_the_line_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": "fine", "kind": "comment"}\n{"text": 3, "kind": "comment"}\n')
    assert run(monkeypatch, "score", str(file)) == 2
    assert "line 2" in capsys.readouterr().err


def test_status_of_nothing_says_how_to_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "status", "--folder", str(tmp_path)) == 1
    assert "pulsewatch up" in capsys.readouterr().out


def test_series_prints_time_score_and_alarm_of_each_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "counts.csv"
    rows = [f"2026-01-01 {at // 12:02}:{at % 12 * 5:02}:00,{900 if at == 250 else 40}" for at in range(288)]
    path.write_text("\n".join(["timestamp,value", *rows]))
    assert run(monkeypatch, "detect", "series", str(path), "--csv") == 0
    header, *judged = capsys.readouterr().out.splitlines()
    assert header == "timestamp,anomaly_score,alarm"
    assert len(judged) == 288
    assert next(line for line in judged if line.endswith(",1")).startswith("2026-01-01 20:50:00,0.")


def test_backtest_refuses_rules_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text("version: 1\nrules:\n  - name: Loud\n    counts: texts\n    at_least: 1\n")
    assert run(monkeypatch, "backtest", __file__, "--rules", str(draft)) == 2
    assert f"{draft}:3: " in capsys.readouterr().err
