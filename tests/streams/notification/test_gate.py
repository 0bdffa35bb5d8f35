"""Who may hand over notifications, and what web pages get."""

from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.notification.gate import Gate

GOOD = {"host": "127.0.0.1:9110", "content-type": "application/json", "authorization": "Bearer t0ken"}


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    (tmp_path / "token").write_text("t0ken\n")
    return Gate(tmp_path / "token")


def status(gate: Gate, **headers: str) -> int:
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = gate.refuses_page({name: value for name, value in (GOOD | changed).items() if value})
    return refusal.status if refusal else 200


def test_alertmanager_with_the_token_is_let_in(gate: Gate) -> None:
    assert status(gate) == 200
    assert status(gate, host="relay:9110", content_type="application/json; charset=utf-8") == 200


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_forms_of_web_pages_are_refused(gate: Gate, content_type: str) -> None:
    assert status(gate, content_type=content_type) == 415


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9110"])
def test_every_origin_is_refused(gate: Gate, origin: str) -> None:
    assert status(gate, origin=origin) == 403
    assert status(gate, sec_fetch_site="cross-site") == 403


@pytest.mark.parametrize("host", ["evil.example:9110", "127.0.0.1.evil.example", "", "relay.evil.example"])
def test_name_that_was_pointed_here_is_refused(gate: Gate, host: str) -> None:
    assert status(gate, host=host) == 421


def test_own_name_is_let_in(gate: Gate) -> None:
    named = Gate(gate.token_file, ["relay.example.net"])
    assert status(named, host="relay.example.net:9110") == 200
    assert status(named, host="[::1]:9110") == 200


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer other", "Basic t0ken", "Bearer t0ken2", "Bearer é", "Bearer \udce9"]
)
def test_other_tokens_are_refused(gate: Gate, authorization: str) -> None:
    assert status(gate, authorization=authorization) == 401


def test_token_that_changes_needs_no_restart(gate: Gate) -> None:
    assert gate.token_file is not None
    gate.token_file.write_text("fresh")
    assert status(gate) == 401
    assert status(gate, authorization="bearer fresh") == 200


def test_missing_token_file_lets_nobody_in(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        status(Gate(tmp_path / "nowhere"))


def test_without_a_token_web_pages_are_refused_all_the_same() -> None:
    assert status(Gate(), authorization="") == 200
    assert status(Gate(), authorization="", origin="http://evil.example") == 403
