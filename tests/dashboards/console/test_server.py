"""The console is open to others only where somebody said so."""

from pathlib import Path

import pytest

from dashboards.console.server import Options, address, auth_for
from streams.errors import UsageError


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_tokens(host: str) -> None:
    assert auth_for(Options(host=host)) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "console.example", "::"])
def test_any_other_address_needs_tokens_or_a_word(host: str) -> None:
    with pytest.raises(UsageError, match="--tokens FILE, or --open"):
        auth_for(Options(host=host))
    assert auth_for(Options(host=host, open_to_all=True)) is None


def test_tokens_are_read_for_any_address(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("viewer bob another-long-one")
    assert auth_for(Options(host="0.0.0.0", tokens=tokens)) is not None


def test_address_is_what_a_browser_opens() -> None:
    assert address(Options(host="::1", port=9107)) == "http://[::1]:9107/"
