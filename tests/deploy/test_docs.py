"""The documents speak of what is there: links lead somewhere, and every file that they name exists."""

import re
from pathlib import Path

import pytest

from streams.topology import figure

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "dashboards/runbooks").glob("*.md"),
        ROOT / "streams/compliance/packs/README.md",
    ]
)
HISTORY = {"CHANGELOG.md", "upgrade.md"}
"""They speak of what was, too."""
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`((?:models|streams|dashboards|deploy|tests|docs)/[\w./-]+)`")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_to_files(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if path.name not in HISTORY], ids=name)
def test_named_files_exist(document: Path) -> None:
    named = [path for path in NAMED.findall(document.read_text()) if "built" not in path]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_page_of_docs_is_linked() -> None:
    linked = {
        (document.parent / link).resolve()
        for document in DOCUMENTS
        for link in LINK.findall(document.read_text())
        if "://" not in link
    }
    assert [name(path) for path in (ROOT / "docs").rglob("*.md") if path.resolve() not in linked] == []


def test_readme_is_a_screen_and_a_half() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 80


def test_readme_shows_the_flow_of_the_topology() -> None:
    assert f"```\n{figure().rstrip()}\n```\n" in (ROOT / "README.md").read_text()
