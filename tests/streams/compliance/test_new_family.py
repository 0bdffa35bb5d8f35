"""A new rule family is a pack: it loads, fires and is learnt without any Python."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli.rules import rules
from streams.compliance.likeness import LIKENESS_FILE, load_likeness
from streams.compliance.loader import DISGUISES_FILE, PACKS_FOLDER, SHARED_FILE, PackError, family_titles
from streams.compliance.rulebook import Rulebook

PACK = """family: resale
title: {zh: 倒卖, zh_hant: 倒賣, en: Resale}
version: 2026.11.1
law: 中华人民共和国消费者权益保护法
jurisdiction: CN
checked_by_lawyer: false
sources: Written for this test, from no source at all.
rules:
  - id: resale.offer
    article: 第一条
    severity: info
    kinds: [comment, review]
    words: [加价转手, 原价倒卖]
    must_fire: [这双鞋加价转手要的来, 两张票原价倒卖给我吧, 加价转手两件外套, 有没有人加价转手, 谁在原价倒卖门票]
    must_not: [我想买一双鞋, 外套多少钱一件, 门票在哪里领取, 这个颜色很好看, 主播今天几点开播]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A family that is shipped and one that is new, with what was learnt before the new one came."""
    for name in (SHARED_FILE, DISGUISES_FILE, LIKENESS_FILE, "fake_engagement.yaml"):
        shutil.copy(PACKS_FOLDER / name, tmp_path / name)
    (tmp_path / "resale.yaml").write_text(PACK, encoding="utf-8")
    return tmp_path


def run(command: str, folder: Path) -> None:
    outcome = CliRunner().invoke(rules, [command, "--packs", str(folder)])
    assert outcome.exit_code == 0, outcome.output


def test_new_family_is_tested_learnt_and_tested_again(folder: Path) -> None:
    run("test", folder)
    run("learn", folder)
    run("test", folder)
    learnt = load_likeness(folder)
    assert learnt is not None
    assert learnt.families == ("fake_engagement", "resale")


def test_new_family_fires_on_comments_before_it_was_learnt(folder: Path) -> None:
    rulebook = Rulebook.load(folder)
    (finding,) = rulebook.check("这双鞋加价转手要的来，五星好评也有", "comment")
    assert (finding.family, finding.said_by, finding.score) == ("resale", "rule", None)
    assert rulebook.families == ("fake_engagement", "resale")
    assert family_titles(folder)["resale"].zh_hant == "倒賣"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("family: resale", "family: Re-sale", 1, "regex"),
        (", en: Resale}", "}", 2, "missing required field `en`"),
        ("title: {zh: 倒卖, zh_hant: 倒賣, en: Resale}\n", "", 1, "missing required field `title`"),
    ],
)
def test_family_without_a_name_or_title_is_refused(folder: Path, old: str, new: str, line: int, message: str) -> None:
    path = folder / "resale.yaml"
    path.write_text(PACK.replace(old, new), encoding="utf-8")
    with pytest.raises(PackError, match=message) as raised:
        Rulebook.load(folder)
    assert str(raised.value).startswith(f"{path}:{line}: ")
