"""The guides follow the code: what a guide changes is still there to be changed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDES = sorted((ROOT / "docs" / "guides").glob("add-*.md"))


def hunks(guide: Path) -> Iterator[tuple[str, list[str]]]:
    """(file, lines with their signs) of each part of the guide's diffs."""
    for block in re.findall(r"^```diff\n(.*?)^```", guide.read_text(), re.DOTALL | re.MULTILINE):
        for of_file in re.split(r"^--- ", block, flags=re.MULTILINE)[1:]:
            name, _, body = of_file.partition("\n")
            for hunk in re.split(r"^@@.*\n", body, flags=re.MULTILINE)[1:]:
                yield name.strip(), hunk.splitlines()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_guides_changes_apply_to_the_code(guide: Path) -> None:
    for name, lines in hunks(guide):
        before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
        assert before in (ROOT / name).read_text(), f"{name} has changed: write the diff in {guide.name} anew"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_guides_python_can_be_parsed(guide: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", guide.read_text(), re.DOTALL | re.MULTILINE):
        compile(block, guide.name, "exec")
