"""Whose law a text is judged by."""

import pytest

from streams.compliance.rulebook import Rulebook
from streams.compliance.text_reading import TextReading
from streams.events.schema import Finding, Platform


def cited(findings: list[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.family, finding.jurisdiction) for finding in findings]


@pytest.mark.parametrize(
    "text",
    [
        "最高級の素材を使いました",
        "世界初の技術、業界No.1です",
        "세계 최고의 품질, 업계 No.1",
        "produk nomor 1 di dunia, paling murah",
    ],
)
@pytest.mark.parametrize("platform", [None, "tiktok", "douyin"])
def test_no_chinese_law_for_a_text_in_another_language(
    rulebook: Rulebook, text: str, platform: Platform | None
) -> None:
    assert rulebook.check(text, "brand_post", platform=platform) == []


def test_english_copy_breaks_the_law_of_the_united_states(rulebook: Rulebook) -> None:
    text = "This cream cures eczema in 7 days"
    (finding,) = rulebook.check(text, "brand_post")
    assert (finding.family, finding.jurisdiction) == ("medical_claim", "US")
    assert "U.S.C." in finding.article
    assert "广告法" not in finding.article
    (in_china,) = rulebook.check(text, "brand_post", platform="douyin")
    assert (in_china.article, in_china.jurisdiction) == ("广告法 第十七条", "CN")


def test_what_the_feed_names_goes_before_market_and_language(rulebook: Rulebook) -> None:
    assert cited(rulebook.check("全网最低价", "brand_post")) == [("absolute_claim", "CN")]
    assert cited(rulebook.check("全网最低价", "brand_post", jurisdiction="US")) == [("absolute_claim", "US")]
    assert rulebook.check("全网最低价", "brand_post", platform="douyin", jurisdiction="SG") == []


@pytest.mark.parametrize("jurisdiction", ["SG", "JP", None])
def test_personal_data_is_found_under_any_law(rulebook: Rulebook, jurisdiction: str | None) -> None:
    reading = TextReading("連絡は 13800138000 まで", "ja")
    assert cited(rulebook.check(reading, "comment", jurisdiction=jurisdiction)) == [("privacy_leak", None)]


def test_operator_names_the_law_of_texts_whose_feed_names_none() -> None:
    rulebook = Rulebook.load(jurisdiction="CN")
    assert cited(rulebook.check("This cream cures eczema in 7 days", "brand_post")) == [("medical_claim", "CN")]
    assert rulebook.check("全网最低价", "brand_post", jurisdiction="SG") == []


def test_every_english_rule_has_an_article_of_the_united_states(rulebook: Rulebook) -> None:
    assert [rule.rule.id for rule in rulebook.rules if rule.is_english and "US" not in rule.articles] == []
