"""A lawyer's mistake in a pack is told as file, line and what is wrong."""

from pathlib import Path

import pytest

from streams.compliance.loader import PackError, expand_pattern, expand_word
from streams.compliance.rulebook import Rulebook

GOOD = """family: minors
version: 2026.1.1
law: 测试法
jurisdiction: CN
checked_by_lawyer: false
sources: quoted from secondary sources
lists:
  who: [甲, 乙]
rules:
  - id: minors.test
    article: 第一条
    severity: info
    kinds: [comment]
    words: ['叫{who}']
    patterns: ['{who}买\\d+']
    exempt: []
    must_fire: [a, b, c, d, e]
    must_not: [a, b, c, d, e]
title: {zh: 测试, zh_hant: 測試, en: Test}
"""


def load(folder: Path, pack: str) -> Rulebook:
    (folder / "minors.yaml").write_text(pack, encoding="utf-8")
    return Rulebook.load(folder)


def test_good_pack_loads_and_lists_are_filled_in(tmp_path: Path) -> None:
    (rule,) = load(tmp_path, GOOD).rules
    assert rule.words == ("叫乙", "叫甲")
    assert rule.patterns == (r"(?:甲|乙)买\d+",)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("severity: info", "severity: dire", 12, "dire"),
        ("kinds: [comment]", "kinds: [song]", 13, "song"),
        ("must_not: [a, b, c, d, e]", "must_not: [a, b]", 18, "length"),
        ("words: ['叫{who}']", "words: ['叫{nobody}']", 14, "no list is called nobody"),
        ("exempt: []", "exempt: [mercy]", 16, "no shared exemption is called mercy"),
        ("{who}买\\d+", "{who}买(\\d+", 15, "is not a pattern"),
        ("id: minors.test", "id: others.test", 10, "must begin with minors."),
        ("version: 2026.1.1", "version: new", 2, "regex"),
        ("law: 测试法", "law: [", 5, "expected"),
        ("    article: 第一条\n", "", 10, "article"),
        ("    article: 第一条\n", "    article: 第一条\n    artcle: 第二条\n", 10, "artcle"),
    ],
)
def test_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in GOOD
    with pytest.raises(PackError) as raised:
        load(tmp_path, GOOD.replace(old, new))
    assert str(raised.value).startswith(f"{tmp_path / 'minors.yaml'}:{line}: ")
    assert says in str(raised.value)


@pytest.mark.parametrize(("content", "says"), [(b"", "empty"), (b"\xff\xfe", "UTF-8")])
def test_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "minors.yaml").write_bytes(content)
    with pytest.raises(PackError, match=says):
        Rulebook.load(tmp_path)


def test_rule_id_may_be_used_once(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(PackError, match=r"rule minors\.test is in minors\.yaml too"):
        load(tmp_path, GOOD)


def test_folder_without_packs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no rule pack"):
        Rulebook.load(tmp_path)


def test_word_stands_for_the_product_of_its_lists() -> None:
    lists = {"a": ("1", "2"), "b": ("x", "y")}
    assert expand_word("{a}-{b}", lists) == ["1-x", "1-y", "2-x", "2-y"]
    assert expand_pattern("{a}{0,3}{b}", lists) == "(?:1|2){0,3}(?:x|y)"


def test_word_that_stands_for_too_many_is_refused() -> None:
    with pytest.raises(ValueError, match="stands for"):
        expand_word("{a}{a}{a}", {"a": tuple(map(str, range(50)))})
