"""A build without pages makes them, or ends and says why; an editable installation asks for none."""

from pathlib import Path
from typing import Any

import pytest
from hatchling.bridge.app import Application

from dashboards.console import bundle
from deploy.build_hook import PagesHook

ROOT = Path(__file__).parents[2]


def hook(tmp_path: Path) -> PagesHook:
    config: dict[str, Any] = {}
    nothing: Any = None
    return PagesHook(str(ROOT), config, nothing, nothing, str(tmp_path), "wheel", Application())


@pytest.fixture
def stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that nobody has built, and no npm."""
    monkeypatch.setattr(bundle, "STAMP", tmp_path / "static" / "built-from")
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("stale")
def test_wheel_without_pages_ends_and_says_what_to_install(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        hook(tmp_path).initialize("standard", {})
    assert ended.value.code != 0
    told = "".join(capsys.readouterr())
    assert "npm is missing" in told
    assert "apt-get install nodejs npm" in told


@pytest.mark.usefixtures("stale")
def test_editable_installation_needs_no_pages(tmp_path: Path) -> None:
    hook(tmp_path).initialize("editable", {})


def test_pages_as_they_are_noted_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "STAMP", tmp_path / "built-from")
    monkeypatch.setenv("PATH", str(tmp_path))
    bundle.note()
    hook(tmp_path).initialize("standard", {})
