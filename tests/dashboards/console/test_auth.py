"""Who may enter, and what their cookie is worth."""

from pathlib import Path

import pytest

from dashboards.console.auth import SESSION_MS, Person, TokenAuth, read_tokens
from streams.errors import UsageError

ALICE = Person("alice", "operator")
NOW_MS = 1_790_000_000_000


def doors(
    tmp_path: Path, text: str = "operator alice correct-horse-battery\n\n# a remark\nviewer bob another-long-one\n"
) -> TokenAuth:
    path = tmp_path / "tokens"
    path.write_text(text)
    return read_tokens(path)


def test_token_opens_its_own_door(tmp_path: Path) -> None:
    entered = doors(tmp_path)
    assert entered.enter("correct-horse-battery") == ALICE
    assert entered.enter("another-long-one") == Person("bob", "viewer")
    assert entered.enter("correct-horse-batterz") is None
    assert entered.enter("") is None


def test_cookie_is_good_after_a_restart_and_until_it_is_old(tmp_path: Path) -> None:
    cookie = doors(tmp_path).seal(ALICE, NOW_MS)
    again = doors(tmp_path)
    assert again.known(cookie, NOW_MS + SESSION_MS - 1) == ALICE
    assert again.known(cookie, NOW_MS + SESSION_MS) is None


def test_cookie_ends_with_its_token(tmp_path: Path) -> None:
    cookie = doors(tmp_path).seal(ALICE, NOW_MS)
    assert doors(tmp_path, "operator alice a-wholly-new-token").known(cookie, NOW_MS) is None
    assert doors(tmp_path, "viewer bob another-long-one").known(cookie, NOW_MS) is None


@pytest.mark.parametrize("forged", ["", "..", "x.y.z", "YWxpY2U=.9999999999999.", "💥.1.2"])
def test_forged_cookie_is_nobody(tmp_path: Path, forged: str) -> None:
    assert doors(tmp_path).known(forged, NOW_MS) is None


def test_cookie_of_a_viewer_cannot_name_an_operator(tmp_path: Path) -> None:
    entered = doors(tmp_path)
    name, until, _ = entered.seal(ALICE, NOW_MS).split(".")
    seal = entered.seal(Person("bob", "viewer"), NOW_MS).rpartition(".")[2]
    assert entered.known(f"{name}.{until}.{seal}", NOW_MS) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names nobody"),
        ("admin alice correct-horse-battery", ":1: a line is"),
        ("operator alice", ":1: a line is"),
        ("operator alice short", ":1: a token has 12"),
        ("operator alice correct-horse-battery\nviewer alice another-long-one", ":2: alice"),
    ],
)
def test_file_that_cannot_be_used_is_told_by_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        doors(tmp_path, text)


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_tokens(tmp_path / "none")
