"""A catalogue that follows its file: what is taken, when, and what a broken file leaves in force."""

import asyncio
import logging
import os
from pathlib import Path

import pytest

from streams.catalogue import live
from streams.catalogue.live import LiveCatalogue
from streams.errors import UsageError
from streams.metrics import CATALOGUE_BRANDS, CATALOGUE_BROKEN
from tests.servers.waiting import until_async

ONE = "brands: [{id: nike, names: [Nike]}]"
TWO = "brands: [{id: nike, names: [Nike]}, {id: adidas, names: [adidas]}]"


class Watch:
    """A watch that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "brands.yaml"
    path.write_text(ONE)
    return path


def rename_over(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    os.replace(new, path)


def test_renamed_file_is_taken_at_the_second_look(path: Path) -> None:
    catalogue = LiveCatalogue(path)
    before = catalogue.status().revision
    rename_over(path, TWO)
    assert [catalogue.look(), catalogue.look(), catalogue.look()] == [False, True, False]
    assert list(catalogue.current.brands) == ["nike", "adidas"]
    assert catalogue.current.matcher.brands("adidas slides") == ["adidas"]
    assert catalogue.status().revision != before


def test_file_is_not_taken_while_it_grows(path: Path) -> None:
    catalogue = LiveCatalogue(path)
    for end in range(10, len(TWO), 10):
        path.write_text(TWO[:end])
        assert not catalogue.look()
    path.write_text(TWO)
    assert not catalogue.look()
    assert catalogue.look()
    assert catalogue.status().problem is None


@pytest.mark.parametrize("text", ["brands: [{id: nike", "brands: []]", "", "brands: [{id: nike}]", "\x00", "a: b"])
def test_broken_file_keeps_what_was_in_force(path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    catalogue = LiveCatalogue(path)
    rename_over(path, text)
    with caplog.at_level(logging.ERROR):
        assert [catalogue.look() for _ in range(4)] == [False] * 4
    assert list(catalogue.current.brands) == ["nike"]
    assert [record.getMessage().count("stays in force") for record in caplog.records] == [1]
    assert "brands.yaml" in str(catalogue.status().problem)
    assert CATALOGUE_BROKEN._value.get() == 1
    rename_over(path, TWO)
    assert [catalogue.look(), catalogue.look()] == [False, True]
    assert catalogue.status().problem is None
    assert CATALOGUE_BROKEN._value.get() == 0
    assert CATALOGUE_BRANDS._value.get() == 2


def test_missing_file_keeps_what_was_in_force(path: Path) -> None:
    catalogue = LiveCatalogue(path)
    path.unlink()
    assert [catalogue.look(), catalogue.look()] == [False, False]
    assert list(catalogue.current.brands) == ["nike"]
    assert "cannot be read" in str(catalogue.status().problem)
    path.write_text(TWO)
    assert [catalogue.look(), catalogue.look()] == [False, True]


def test_file_that_is_broken_at_the_start_is_refused(path: Path) -> None:
    path.write_text("brands: [{id: nike}]")
    with pytest.raises(UsageError, match="no text can be about it"):
        LiveCatalogue(path)


def test_fresh_looks_once_a_second(path: Path) -> None:
    watch = Watch()
    catalogue = LiveCatalogue(path, monotonic=watch)
    rename_over(path, TWO)
    counts = []
    for now in (0.5, 1.0, 1.5, 2.0, 2.5):
        watch.now = now
        counts.append(len(catalogue.fresh().brands))
    assert counts == [1, 1, 1, 2, 2]


async def test_watch_takes_a_changed_file_by_itself(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.01)
    catalogue = LiveCatalogue(path)
    watching = asyncio.create_task(catalogue.watch())
    rename_over(path, TWO)
    await until_async(lambda: len(catalogue.current.brands) == 2)
    watching.cancel()
