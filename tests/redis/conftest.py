"""A console over the `settings` of each test module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.console.auth import read_tokens
from streams.settings import Settings
from tests.servers.console import Served, served


@pytest.fixture
def console(settings: Settings) -> Iterator[Served]:
    with served(settings) as running:
        yield running


@pytest.fixture
def closed(settings: Settings, tmp_path: Path) -> Iterator[Served]:
    """A console with a token file: alice decides, bob looks."""
    tokens = tmp_path / "tokens"
    tokens.write_text("operator alice correct-horse-battery\nviewer bob another-long-one\n")
    with served(settings, read_tokens(tokens)) as running:
        yield running
