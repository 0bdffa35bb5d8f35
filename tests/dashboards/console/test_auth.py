"""Tokens and the cookies issued for them."""

from pathlib import Path

import pytest

from dashboards.console.auth import SESSION_MS, Person, TokenAuth, read_tokens
from streams.errors import UsageError

ALICE = Person("alice", "operator")
NOW_MS = 1_790_000_000_000


def auth(
    tmp_path: Path, text: str = "operator alice correct-horse-battery\n\n# a remark\nviewer bob another-long-one\n"
) -> TokenAuth:
    path = tmp_path / "tokens"
    path.write_text(text)
    return read_tokens(path)


def test_token_authenticates_its_person(tmp_path: Path) -> None:
    known = auth(tmp_path)
    assert known.authenticate("correct-horse-battery") == ALICE
    assert known.authenticate("another-long-one") == Person("bob", "viewer")
    assert known.authenticate("correct-horse-batterz") is None
    assert known.authenticate("") is None


def test_cookie_is_valid_after_a_restart_until_it_expires(tmp_path: Path) -> None:
    cookie = auth(tmp_path).issue_cookie(ALICE, NOW_MS)
    again = auth(tmp_path)
    assert again.verify_cookie(cookie, NOW_MS + SESSION_MS - 1) == ALICE
    assert again.verify_cookie(cookie, NOW_MS + SESSION_MS) is None


def test_cookie_ends_with_its_token(tmp_path: Path) -> None:
    cookie = auth(tmp_path).issue_cookie(ALICE, NOW_MS)
    assert auth(tmp_path, "operator alice a-wholly-new-token").verify_cookie(cookie, NOW_MS) is None
    assert auth(tmp_path, "viewer bob another-long-one").verify_cookie(cookie, NOW_MS) is None


@pytest.mark.parametrize("forged", ["", "..", "x.y.z", "YWxpY2U=.9999999999999.", "💥.1.2"])
def test_forged_cookie_is_nobody(tmp_path: Path, forged: str) -> None:
    assert auth(tmp_path).verify_cookie(forged, NOW_MS) is None


@pytest.mark.parametrize(
    "rest",
    ["9999999999999.é", "9999999999999.签名", "é.00", "٩٩٩٩٩٩٩٩٩٩٩٩٩.ÿ", "9" * 5000 + ".é", "9999999999999.\udcff"],
)
def test_cookie_with_a_known_name_and_any_rest_is_nobody(tmp_path: Path, rest: str) -> None:
    known = auth(tmp_path)
    name = known.issue_cookie(ALICE, NOW_MS).partition(".")[0]
    assert known.verify_cookie(f"{name}.{rest}", NOW_MS) is None


@pytest.mark.parametrize("token", ["é" * 12, "令牌" * 6, "\ud800" * 12, "\x00" * 12])
def test_token_of_any_characters_is_compared(tmp_path: Path, token: str) -> None:
    assert auth(tmp_path).authenticate(token) is None


def test_cookie_of_a_viewer_cannot_name_an_operator(tmp_path: Path) -> None:
    known = auth(tmp_path)
    name, until, _ = known.issue_cookie(ALICE, NOW_MS).split(".")
    signature = known.issue_cookie(Person("bob", "viewer"), NOW_MS).rpartition(".")[2]
    assert known.verify_cookie(f"{name}.{until}.{signature}", NOW_MS) is None


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("", "names no person"),
        ("admin alice correct-horse-battery", ":1: a line is"),
        ("operator alice", ":1: a line is"),
        ("operator alice short", ":1: a token has 12"),
        ("operator alice correct-horse-battery\nviewer alice another-long-one", ":2: alice"),
    ],
)
def test_file_that_cannot_be_used_is_reported_with_its_line(tmp_path: Path, text: str, reported: str) -> None:
    with pytest.raises(UsageError, match=reported):
        auth(tmp_path, text)


def test_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_tokens(tmp_path / "none")
