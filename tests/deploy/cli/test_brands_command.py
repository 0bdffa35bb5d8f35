"""`pulsewatch brands` as a newcomer meets it: files that are broken, recordings that are none, hostile texts."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.cli.main import cli
from streams.errors import UsageError

GOOD = "brands:\n  - {id: nike, names: [Nike]}\n"
HOSTILE = '{"text": "Nike \\u001b[2J\\u202e \\n red", "brands": []}\n'


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["brands", *arguments, "--file", str(path)])


def catalogue(tmp_path: Path, source: str = GOOD) -> Path:
    path = tmp_path / "brands.yaml"
    path.write_text(source)
    return path


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{id: a, names: [A]}\n  - {id: a, names: [B]}", ":3: two brands are called a"),
        ('{id: a, names: [A, " "]}', ":2: a: one of its names is empty"),
        ('{id: a, names: ["\u200b"]}', ":2: a: one of its names is empty"),
        ("{id: a, names: [A], currency: RMB}", ":2: a: currency RMB is none of ISO 4217, such as CNY"),
        ("{id: a, names: [A], currency: yuan}", "currency yuan is none"),
        ("{id: a, names: [A], time_zone: Beijing}", "such as Asia/Shanghai"),
        ("{id: a, names: [A], languages: [chinese]}", "language chinese is no code of ISO 639, such as zh"),
        ("{id: a, names: [A], jurisdiction: China}", "jurisdiction China is no country's code, such as CN"),
        ("{id: a, names: A}", "write it as a list, in brackets"),
        ("id: a\n\tnames: [A]", ":3: a tab: YAML is indented by spaces"),
        ("{id: a, names: [123]}", "write it in quotes"),
        ('{id: a, names: ["' + "(a|b)*" * 180_000 + '"]}', "length <= 100"),
        ("{id: a, currency: RMB, time_zone: x}", "no text can be about it; a: x is no time zone"),
    ],
)
def test_broken_catalogue_says_line_and_what_to_write(tmp_path: Path, source: str, said: str) -> None:
    result = run(catalogue(tmp_path, f"brands:\n  - {source}\n"), "explain", "A")
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)
    assert len(str(result.exception)) < 500


def test_word_that_looks_like_an_expression_is_taken_as_it_is_written(tmp_path: Path) -> None:
    path = catalogue(tmp_path, 'brands:\n  - {id: a, names: ["(a+)+$"]}\n')
    assert "about a" in run(path, "explain", "try (a+)+$ here").output
    assert "No brand" in run(path, "explain", "a" * 50_000).output


def test_catalogue_without_examples_says_how_to_give_some(tmp_path: Path) -> None:
    result = run(catalogue(tmp_path), "test")
    assert result.exit_code == 0
    assert "give a brand `examples:" in result.output


def test_label_that_names_no_brand_of_the_catalogue_says_so(tmp_path: Path) -> None:
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_text('{"text": "Puma", "brands": ["puma"]}\n')
    assert (
        "missed puma: Puma (the catalogue has no such brand)" in run(catalogue(tmp_path), "test", str(labelled)).output
    )


@pytest.mark.parametrize("line", ["Nike is down", '{"text": 5}', '{"message": "Nike"}', "[1]", "\xff"])
def test_recording_that_is_none_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    recording = tmp_path / "recording.jsonl"
    recording.write_bytes(b'{"text": "Nike"}\n\n' + line.encode("latin-1") + b"\n")
    result = run(catalogue(tmp_path), "try", str(recording))
    assert isinstance(result.exception, UsageError)
    assert "recording.jsonl:3: no JSON with a text" in str(result.exception)


def test_compressed_recording_that_is_none_is_named(tmp_path: Path) -> None:
    recording = tmp_path / "recording.gz"
    recording.write_bytes(b"Nike")
    assert isinstance(run(catalogue(tmp_path), "try", str(recording)).exception, UsageError)


@pytest.mark.parametrize("command", ["try", "test"])
def test_text_of_a_recording_does_not_command_the_terminal(tmp_path: Path, command: str) -> None:
    recording = tmp_path / "recording.jsonl"
    recording.write_text(HOSTILE)
    output = run(catalogue(tmp_path), command, str(recording)).output
    assert "Nike �[2J�" in output
    assert "\x1b" not in output
    assert "\u202e" not in output
