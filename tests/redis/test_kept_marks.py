"""Texts that people mark, kept on a real Redis and exported."""

import json
from collections.abc import Iterator

import pytest
import redis as sync_redis
from click.testing import CliRunner

from deploy.cli.main import cli
from deploy.local.redis import LocalRedis
from streams.control.decisions import KEPT_SECONDS
from streams.control.marks import KEPT_CHARS, Marks


@pytest.fixture
def client(redis_server: LocalRedis) -> Iterator[sync_redis.Redis]:
    with sync_redis.Redis.from_url(redis_server.url) as found:
        yield found


def test_last_word_is_kept_masked_and_expires(client: sync_redis.Redis, namespace: str) -> None:
    marks = Marks(client, namespace)
    marks.record(["call me at 13812345678"], "privacy", True, "alice", 1, "comment")
    marks.record(["call me at 13812345678"], "privacy", False, "bob", 2, "comment")
    [kept] = marks.all()
    assert (kept.present, kept.author) == (False, "bob")
    assert "13812345678" not in kept.text
    assert client.ttl(f"{namespace}:marks") == KEPT_SECONDS


def test_number_at_the_end_of_what_is_kept_is_masked_whole(client: sync_redis.Redis, namespace: str) -> None:
    marks = Marks(client, namespace)
    marks.record(["x" * (KEPT_CHARS - 8) + " 13812345678 call me"], "privacy", True, "alice", 1, "comment")
    [kept] = marks.all()
    assert kept.text == "x" * (KEPT_CHARS - 8) + " *******"


def test_marked_texts_are_exported(
    redis_server: LocalRedis, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("PULSEWATCH_REDIS", redis_server.url)
    monkeypatch.setenv("PULSEWATCH_NAMESPACE", namespace)
    lines = "the zip came apart\n\nwhere is my order\n"
    marked = CliRunner().invoke(cli, ["decisions", "mark", "complaint", "--as", "missed", "--by", "alice"], input=lines)
    assert (marked.exit_code, marked.stderr) == (0, "2 marked\n")
    rows = [json.loads(line) for line in CliRunner().invoke(cli, ["decisions", "export"]).stdout.splitlines()]
    assert [(row["text"], row["complaint"], row["by"]) for row in rows] == [
        ("the zip came apart", 1, "alice"), ("where is my order", 1, "alice"),
    ]  # fmt: skip


@pytest.mark.parametrize("arguments", [["complaint"], ["no-such-label", "--as", "missed"]])
def test_mark_without_an_answer_or_a_known_label_is_refused(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, ["decisions", "mark", *arguments], input="a text\n")
    assert result.exception is not None
