"""One brand changed in a file that people wrote: the rest stays, byte for byte, and nobody reads a half."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.catalogue.brand import Brand, Examples, brands_of, read_brands
from streams.catalogue.editing import prepared, with_brand, without_brand
from streams.errors import UsageError

FILE = """\
# Ours. Ask Maya before you change it.
brands:
  - id: nike   # the shoes
    names: [Nike, 耐克]
    handles:
      - nike
    # its rivals
    rivals: [adidas]

  # the three stripes
  - {id: adidas, names: [adidas], examples: {about: ["three: stripes"]}}
  - id: apple
    ambiguous: [苹果]
    context: [手机]   # more to come
# the end
"""
PATH = Path("brands.yaml")
PUMA = Brand(id="puma", names=("彪马",), ambiguous=("Puma",), context=("shoes",), handles=("puma",))


def test_changed_brand_leaves_the_rest_as_it_was() -> None:
    changed = with_brand(FILE, PATH, Brand(id="adidas", names=("adidas", "阿迪达斯"), rivals=("nike",)))
    assert "# the three stripes\n  - id: adidas\n    names: [adidas, 阿迪达斯]\n    rivals: [nike]\n" in changed
    assert changed.startswith(FILE[: FILE.index("  - {id: adidas")])
    assert changed.endswith(FILE[FILE.index("  - id: apple") :])


def test_changed_block_keeps_what_stands_behind_it() -> None:
    changed = with_brand(FILE, PATH, Brand(id="nike", names=("Nike",), rivals=("adidas", "apple")))
    assert "  - id: nike\n    names: [Nike]\n    rivals: [adidas, apple]\n\n  # the three stripes\n" in changed
    changed = with_brand(FILE, PATH, Brand(id="apple", names=("iPhone",)))
    assert changed.endswith("  - id: apple\n    names: [iPhone]   # more to come\n# the end\n")


def test_new_brand_comes_last() -> None:
    changed = with_brand(FILE, PATH, PUMA)
    assert [brand.id for brand in brands_of(changed, PATH)] == ["nike", "adidas", "apple", "puma"]
    assert brands_of(changed, PATH)[-1] == PUMA
    assert changed.startswith(FILE[: FILE.index("# the end")])


@pytest.mark.parametrize(
    "source",
    [
        "brands: []",
        "brands: [{id: nike, names: [Nike]}]",
        "brands:\n- id: nike\n  names: [Nike]",
        "brands:\n- id: nike\n  names:\n  - Nike\n  - 耐克\n",
        "brands:\n    -   id: nike\n        names: [Nike]\n",
        '{"brands": [{"id": "nike", "names": ["Nike"]}]}',
        "---\nbrands:\n  - id: nike\n    names: ['Nike']   # the last\n...\n",
        "brands:\r\n  - id: nike\r\n    names: [Nike]\r\n",
    ],
)
def test_every_style_of_file_can_be_changed(source: str) -> None:
    added = with_brand(source, PATH, PUMA)
    assert brands_of(added, PATH)[-1] == PUMA
    changed = with_brand(added, PATH, Brand(id="puma", names=("Puma: the cat", "# no comment", "no", "[x]", "'q'")))
    assert brands_of(changed, PATH)[-1].names == ("Puma: the cat", "# no comment", "no", "[x]", "'q'")


TERM = st.text(min_size=1, max_size=20)


@settings(deadline=None)
@given(
    names=st.lists(TERM, min_size=1, max_size=4), about=st.lists(st.text(max_size=30), max_size=3), block=st.booleans()
)
def test_whatever_is_written_is_read_again(names: list[str], about: list[str], block: bool) -> None:
    brand = Brand(id="new", names=tuple(names), examples=Examples(about=tuple(about)))
    try:
        changed = with_brand(FILE if block else "brands: []", PATH, brand)
    except UsageError:  # a character that no YAML file may have
        return
    assert brands_of(changed, PATH)[-1] == brand


@pytest.mark.parametrize(
    ("brand", "said"),
    [
        (Brand(id="puma"), "no text can be about it"),
        (Brand(id="puma", names=("Puma",), rivals=("nobody",)), "its rival nobody is not in the file"),
        (Brand(id="puma", names=("Puma",), time_zone="Mars"), "no time zone"),
        (Brand(id="puma", names=("",)), "length >= 1"),
        (Brand(id="puma", names=("Puma",), jurisdiction="cn"), "jurisdiction"),
    ],
)
def test_brand_that_is_none_is_refused(brand: Brand, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        with_brand(FILE, PATH, brand)


def test_written_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path, link = tmp_path / "brands.yaml", tmp_path / "link.yaml"
    path.write_text(FILE)
    path.chmod(0o640)
    link.symlink_to(path)
    with prepared(link, with_brand(FILE, link, PUMA)):
        assert path.read_text() == FILE
    assert read_brands(path)[-1] == PUMA
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    before = path.read_text()
    with pytest.raises(ZeroDivisionError), prepared(path, "brands: []"):
        raise ZeroDivisionError
    assert path.read_text() == before
    assert sorted(os.listdir(tmp_path)) == ["brands.yaml", "link.yaml"]


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "gone" / "brands.yaml"
    with pytest.raises(UsageError, match="cannot be written"), prepared(missing, "brands: []"):
        pass


@pytest.mark.parametrize(
    ("brand", "gone"),
    [
        ("adidas", '  - {id: adidas, names: [adidas], examples: {about: ["three: stripes"]}}\n'),
        ("apple", "  - id: apple\n    ambiguous: [苹果]\n    context: [手机]   # more to come\n"),
    ],
)
def test_removed_brand_leaves_the_rest_as_it_was(brand: str, gone: str) -> None:
    source = FILE.replace("[adidas]\n\n", "[]\n\n")
    assert gone in source
    assert without_brand(source, PATH, brand) == source.replace(gone, "")


@pytest.mark.parametrize(
    "source",
    [
        "brands: [{id: a, names: [a]}, {id: b, names: [b]}, {id: c, names: [c]}]\n",
        "brands:\n- id: a\n  names: [a]\n-\n  id: b\n  names:\n  - b\n- names: [c]   # last\n  id: c",
        "brands:\n- {id: a, names: [a]}\n- id: b\n  names: [b]\n  display_name: |\n    B\n\n- {id: c, names: [c]}\n",
        "brands:\r\n  - {id: a, names: [a]}\r\n  - {id: b, names: [b]}\r\n  - {id: c, names: [c]}\r\n",
        "# top\nbrands: # all\n  - &x {id: a, names: [a-b]}\n  - {id: b, names: [b]} # b - b\n  - {id: c, names: [c]}",
    ],
)
def test_each_brand_can_be_removed_and_then_all(source: str) -> None:
    for order in (("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")):
        rest = source
        for number, brand in enumerate(order):
            rest = without_brand(rest, PATH, brand)
            assert {one.id for one in brands_of(rest, PATH)} == set(order[number + 1 :])
        assert brands_of(with_brand(rest, PATH, PUMA), PATH) == [PUMA]


@pytest.mark.parametrize(
    ("brand", "said"),
    [("adidas", "adidas is a rival of nike: take it out there first"), ("nobody", "there is no brand nobody")],
)
def test_brand_that_others_need_or_nobody_knows_is_not_removed(brand: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        without_brand(FILE, PATH, brand)


def test_brand_whose_yaml_another_refers_to_is_not_removed() -> None:
    source = "brands:\n- {id: a, names: &shared [a]}\n- {id: b, names: *shared}\n"
    with pytest.raises(UsageError, match="edit the file"):
        without_brand(source, PATH, "a")
