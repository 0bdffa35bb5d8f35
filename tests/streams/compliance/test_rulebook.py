"""The rulebook as a whole: spans, scopes, excuses and their reach, and texts that mean harm."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compliance.matcher import sentence_around
from streams.compliance.rulebook import MAX_FINDINGS, Rulebook
from streams.events.schema import TextKind

PACK = """
family: absolute_claim
title: {zh: 测试, zh_hant: 測試, en: Test}
version: 2026.1.1
law: 测试法
jurisdiction: CN
checked_by_lawyer: true
sources: a pack that only this test uses
rules:
  - id: absolute_claim.test
    article: 第一条
    severity: info
    kinds: [host_speech]
    platforms: [douyin]
    words: [最棒棒, superb]
    patterns: ['顶呱{end}']
    safe: [最棒棒糖]
    unless: [开玩笑]
    unless_text: [免责]
    must_fire: [最棒棒, 顶呱呱, superb, 很顶呱呱, 真是最棒棒]
    must_not: [最棒棒糖, 好, 不错, 可以, 行]
lists:
  end: [呱, 叫]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    folder = tmp_path_factory.mktemp("packs")
    (folder / "test.yaml").write_text(PACK, encoding="utf-8")
    return Rulebook.load(folder)


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("这个最棒棒，那个顶呱呱", ["最棒棒", "顶呱呱"]),
        ("这个最棒棒糖很甜", []),
        ("最棒棒！开玩笑的", ["最棒棒"]),
        ("开玩笑，最棒棒", []),
        ("最棒棒。免责声明见下", []),
        ("SUPERB!", ["SUPERB"]),
        ("superbly made", []),
        ("最 棒 棒", ["最 棒 棒"]),
        ("最\u200b棒棒", ["最\u200b棒棒"]),
        ("zui棒棒", ["zui棒棒"]),
        ("ｓｕｐｅｒｂ", ["ｓｕｐｅｒｂ"]),
        ("最棒棒，最棒棒", ["最棒棒", "最棒棒"]),
    ],
)
def test_matches_are_quoted_as_they_were_written(small: Rulebook, text: str, matched: list[str]) -> None:
    findings = small.check(text, "host_speech")
    assert [finding.matched for finding in findings] == matched
    assert all(text[slice(*finding.span)] == finding.matched for finding in findings)


def test_rule_holds_for_its_kinds_and_platforms_alone(small: Rulebook) -> None:
    assert small.check("最棒棒", "host_speech", platform="douyin")
    assert small.check("最棒棒", "host_speech", platform="tiktok") == []
    assert small.check("最棒棒", "brand_post") == []


def test_traditional_full_width_and_pieces_are_found_where_they_stand(rulebook: Rulebook) -> None:
    text = "親愛的，這是國家級ＡＡ品質"
    (finding,) = rulebook.check(text, "host_speech")
    assert (finding.family, finding.matched) == ("absolute_claim", "國家級")


def test_findings_of_a_text_are_bounded(rulebook: Rulebook) -> None:
    assert len(rulebook.check("全网第一品牌。" * 300, "host_speech")) == MAX_FINDINGS


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(max_size=80)
    | st.lists(st.sampled_from([*"最全网第一加微信治疗 .-❤vx12(), !", "zui", "138", "最好", "http://", "\u200b"])).map(
        "".join
    ),
    kind=st.sampled_from(["host_speech", "brand_post", "comment", "review"]),
)
def test_any_text_is_checked_and_its_findings_lie_in_it(rulebook: Rulebook, text: str, kind: TextKind) -> None:
    for finding in rulebook.check(text, kind):
        start, end = finding.span
        assert 0 <= start < end <= len(text)
        assert finding.matched == text[start:end]


@pytest.mark.parametrize(
    "text",
    [
        "最" * 4000, "1" * 4000, "13800138000 " * 300, "a " * 2000, "加微" * 2000, "全网最，" * 1000, "(" * 4000,
        "z u i " * 600, "a@" * 2000, "治疗糖尿病" * 800, "五 " * 2000, "0.1" * 1300, "lose 9 lbs in " * 250,
    ],
    ids=lambda text: str(text)[:6],
)  # fmt: skip
def test_hostile_text_takes_no_more_than_its_length_asks(rulebook: Rulebook, text: str) -> None:
    rulebook.check(text, "host_speech")
    start_seconds = time.process_time()
    rulebook.check(text, "host_speech")
    assert time.process_time() - start_seconds < 1.0


@pytest.mark.parametrize(
    ("text", "inside", "sentence"),
    [
        ("一。二二。三", "二二", "二二。"),
        ("One. Two 2.5 two. Three", "Two", " Two 2.5 two."),
        ("无句号", "句", "无句号"),
    ],
)
def test_sentence_around_ends_at_full_stops_only(text: str, inside: str, sentence: str) -> None:
    start = text.index(inside)
    assert text[slice(*sentence_around(text, start, start + len(inside)))] == sentence


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no such folder"):
        Rulebook.load(tmp_path / "nowhere")


LONG = "".join(f"第{number}件外套聊聊面料和洗护方法，颜色有{number}种。" for number in range(260))


@pytest.mark.parametrize("place", [0, 395, 3_990, len(LONG)])
@pytest.mark.parametrize("claim", ["全网最低价，错过就没有。", "全网&#26368;<b>低</b>价，错过就没有。"])
def test_rules_read_a_text_to_its_end(rulebook: Rulebook, place: int, claim: str) -> None:
    text = LONG[:place] + claim + LONG[place:]
    (finding,) = rulebook.check(text, "brand_post")
    assert finding.family == "absolute_claim"
    assert finding.matched == text[slice(*finding.span)]
    assert (finding.matched[:2], finding.matched[-1]) in {("全网", "价"), ("全网", ";")}
    assert text.index(claim) == finding.span[0]


def test_innocent_text_is_innocent_at_any_length(rulebook: Rulebook) -> None:
    assert rulebook.check(LONG, "brand_post") == []
