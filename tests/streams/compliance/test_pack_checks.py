"""Packs held against their examples and read for mistakes, as `pulsewatch rules test` and `lint` tell them."""

import shutil
from pathlib import Path

import pytest

from streams.compliance.loader import DISGUISES_FILE, PACKS_FOLDER, SHARED_FILE
from streams.compliance.pack_checks import LintFinding, lint, run_examples
from streams.compliance.rulebook import Rulebook

PACK = """family: absolute_claim
version: 2026.11.1
law: 中华人民共和国广告法
jurisdiction: CN
checked_by_lawyer: false
sources: Written for this test, from no source at all.
lists:
  quality: [佳, 强]
rules:
  - id: absolute_claim.most
    article: 广告法 第九条第(三)项
    severity: warning
    kinds: [host_speech]
    words: ['最{quality}']
    patterns: ['全网第一']
    safe: ['最佳赏味期']
    must_fire: [这是最佳, 那是最强, 最佳的, 最强的, 全网第一]
    must_not: [最近, 最后, 最佳赏味期, 第一次, 早上好]
title: {zh: 测试, zh_hant: 測試, en: Test}
"""


def draft(folder: Path, pack: str) -> Path:
    for name in (SHARED_FILE, DISGUISES_FILE):
        shutil.copy(PACKS_FOLDER / name, folder / name)
    (folder / "draft.yaml").write_text(pack, encoding="utf-8")
    return folder


def proven(folder: Path) -> tuple[int, list[LintFinding]]:
    return run_examples(folder, Rulebook.load(folder))


def linted(folder: Path) -> list[LintFinding]:
    return [remark for remark in lint(folder, Rulebook.load(folder)) if remark.level != "note"]


def test_examples_that_do_what_they_should_leave_no_remark(tmp_path: Path) -> None:
    assert proven(draft(tmp_path, PACK)) == (10, [])


def test_example_that_does_not_fire_is_told_with_its_line(tmp_path: Path) -> None:
    pack = PACK.replace("这是最佳,", "这是佳品,").replace("早上好]", "早上最强]")
    _, remarks = proven(draft(tmp_path, pack))
    assert [(remark.line, remark.message.partition(":")[0]) for remark in remarks] == [
        (17, "must fire and does not"),
        (18, "must not fire and absolute_claim.most does, on “最强”"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("['最{quality}']", "['最{quality}', '最{quality}']", 14, "the word stands there twice"),
        ("['全网第一']", "['全網第一']", 15, "網 never occurs"),
        ("['最佳赏味期']", "['最佳']", 16, "最佳 never fires"),
        ("  quality: [佳, 强]", "  quality: [佳, 强]\n  spare: [好]", 9, "no rule uses the list spare"),
        ("['全网第一']", "['(?:全网第一)?']", 15, "the pattern matches nothing at all"),
        ("那是最强,", "这是最佳,", 17, "the example stands there twice"),
    ],
)
def test_lint_tells_the_line_of_what_is_wrong(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    remarks = linted(draft(tmp_path, PACK.replace(old, new)))
    assert [remark.line for remark in remarks if remark.message.startswith(message)] == [line]


def test_lint_has_nothing_to_say_of_a_good_pack(tmp_path: Path) -> None:
    assert linted(draft(tmp_path, PACK)) == []


def test_shipped_packs_have_nothing_to_mend(rulebook: Rulebook) -> None:
    assert [str(remark) for remark in lint(PACKS_FOLDER, rulebook) if remark.level != "note"] == []


def test_notes_name_patterns_that_no_example_shows_and_the_packs_that_no_lawyer_has_read(tmp_path: Path) -> None:
    folder = draft(tmp_path, PACK.replace("['全网第一']", "['全网第一', '全网最牛', '全网独一份']"))
    (folder / "examples.txt").write_text("host_speech | absolute_claim | 全网独一份\n", encoding="utf-8")
    notes = [remark.message for remark in lint(folder, Rulebook.load(folder)) if remark.level == "note"]
    assert notes == ["no lawyer has checked draft", "no example shows this pattern: 全网最牛"]
