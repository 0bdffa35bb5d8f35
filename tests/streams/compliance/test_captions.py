"""Claims over two captions: found once, however often a caption is recognised anew."""

import pytest

from streams.compliance.captions import MAX_PAUSE_MS, Caption, Captions
from streams.compliance.rulebook import Rulebook
from streams.compliance.text_reading import TextReading


@pytest.fixture
def captions(rulebook: Rulebook) -> Captions:
    return Captions(rulebook)


def families(captions: Captions, text: str, subject: str, time_ms: int = 0, session: str = "s") -> list[str]:
    return [
        finding.family for finding in captions.check(Caption(session, subject, time_ms), TextReading(text)).findings
    ]


def test_broken_claim_is_found_with_its_second_half(captions: Captions) -> None:
    assert families(captions, "家人们这款是全网最", "c1") == []
    (finding,) = captions.check(Caption("s", "c2", 2_000), TextReading("低价的一次")).findings
    assert (finding.family, finding.span, finding.matched) == ("absolute_claim", (0, 2), "低价")


def test_claim_in_the_front_is_not_found_again(captions: Captions) -> None:
    assert families(captions, "全网第一", "c1") == ["absolute_claim"]
    assert families(captions, "品牌，放心拍", "c2", 2_000) == []
    assert families(captions, "全网第一，再说一次", "c3", 4_000) == ["absolute_claim"]


def test_the_same_claim_again_counts_again(captions: Captions) -> None:
    for number in range(3):
        assert families(captions, "这款是全网第一的面霜", f"c{number}", number * 1_000) == ["absolute_claim"]


def test_negation_in_the_front_excuses(captions: Captions) -> None:
    assert families(captions, "我们从来不敢说", "c1") == []
    assert families(captions, "全网第一这种话", "c2", 2_000) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("刚才问保质期的朋友，是十二个月", "我们追求做到最好，做得不够的地方大家多提意见"),
        ("这款是本店最畅销的，很多老朋友都回购过", "第一次来直播间的朋友，可以点一下关注"),
    ],
)
def test_two_sentences_make_no_claim_together(captions: Captions, before: str, after: str) -> None:
    assert families(captions, before, "c1") == []
    assert families(captions, after, "c2", 2_000) == []


def test_correction_of_a_caption_counts_once(captions: Captions) -> None:
    assert families(captions, "全网第一的面霜", "c1") == ["absolute_claim"]
    assert families(captions, "全网第一的面霜，加我微信", "c1", 500) == ["off_platform_diversion"]
    assert families(captions, "全网第一的面霜，加我微信", "c1", 900) == []


def test_other_sessions_and_long_pauses_break_the_speech(captions: Captions) -> None:
    assert families(captions, "这款是全网最", "c1") == []
    assert families(captions, "低价的一次", "c2", 2_000, session="other") == []
    assert families(captions, "低价的一次", "c2", MAX_PAUSE_MS + 1) == []


def test_captions_without_subjects_are_told_apart(rulebook: Rulebook) -> None:
    captions = Captions(rulebook)
    for time_ms in (0, 60_000):
        assert captions.check(Caption("s", None, time_ms), TextReading("全网第一")).findings


def test_number_that_is_broken_over_two_captions_is_found_and_its_second_half_masked(captions: Captions) -> None:
    assert families(captions, "这位的电话是1381234", "c1") == []
    second = captions.check(Caption("s", "c2", 2_000), TextReading("5678，记一下"))
    assert second.masked == "****，记一下"
    assert [finding.rule for finding in second.findings] == ["privacy_leak.personal_data"]
