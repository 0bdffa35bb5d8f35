from typing import Any

import pytest

from streams.detection.baseline.burst import Burst
from streams.detection.brand import crisis
from streams.detection.brand.windows import AbuseCount, Tally, Windows
from streams.events.schema import Actor
from tests.builders.records import text

NOON = 12


def learned(count: int) -> Burst:
    burst = Burst()
    for _ in range(20):
        burst.learn(count, NOON)
    return burst


def window(texts: int = 200, harm: int = 150, followers: int = 0, **counts: int) -> Tally:
    return Tally(texts=texts, scored=texts, harm=harm, negative=harm, followers=followers, **counts)


def factors(tally: Tally, *, last_minutes: int = 100) -> dict[str, float]:
    """Of a window whose last two minutes hold so many of its texts, on a brand with four harmful ones usually."""
    windows = Windows(0, {10: Tally(texts=last_minutes), 8: Tally(texts=tally.texts - last_minutes)})
    return crisis.factors(tally, tally.harm, learned(4), windows, 11)


@pytest.mark.parametrize(
    ("changes", "harmful"),
    [
        ({"mood": "negative"}, True),
        ({"flagged": ["complaint"]}, True),
        ({"mood": "positive", "flagged": ["crisis"]}, True),
        ({"flagged": ["fraud_spam", "diversion", "misleading"]}, False),
        ({"mood": "positive"}, False),
        ({"mood": "unscored"}, False),
    ],
)
def test_harm_is_negativity_or_a_risk_to_the_brand(changes: dict[str, Any], harmful: bool) -> None:
    mood = str(changes.pop("mood", "neutral"))
    assert crisis.tally(text(0, mood=mood, **changes)).harm == harmful


@pytest.mark.parametrize(
    ("texts", "expected", "positive", "harmful"),
    [
        (15, 3.1, 2, True),
        (15, 3.0, 2, False),  # a text more or less would turn it
        (40, 7.1, 5, True),
        (40, 7.0, 5, False),
        (40, 7.1, 20, False),  # a quarrel between those who praise and those who don't
        (1_000, 165, 100, True),
        (1_000, 155, 100, False),
        (30, 0, 30, False),
    ],
)
def test_window_is_harmful_by_its_expected_share(texts: int, expected: float, positive: int, harmful: bool) -> None:
    assert crisis.is_harmful(window(texts, positive=positive, harm_hundredths=round(100 * expected))) == harmful


def test_negative_sentiment_alone_is_no_harm_to_anybody() -> None:
    falling = Tally()
    for number in range(100):
        falling.add(crisis.tally(text(0, number, mood="negative", risks={"complaint": 0.05, "abuse": 0.03})))
    assert falling.harm == 100
    assert not crisis.is_harmful(falling)


def test_harm_is_expected_below_the_flags_and_from_several_risks() -> None:
    doubted = text(0, risks={"abuse": 0.2, "complaint": 0.5, "fraud_spam": 0.9})
    assert crisis.expected_harm(doubted) == pytest.approx(0.6)
    assert crisis.tally(doubted).harm_hundredths == 60
    assert crisis.tally(text(0, mood="unscored")).harm_hundredths == 0


def test_many_weak_texts_are_harm_and_one_label_gone_wrong_is_not() -> None:
    weak, wrong = Tally(), Tally()
    for number in range(100):
        weak.add(crisis.tally(text(0, number, risks={"complaint": 0.2, "abuse": 0.1})))
        flagged: dict[str, Any] = {"risks": {"violence": 0.6}, "flagged": ["violence"]} if number % 8 == 0 else {}
        wrong.add(crisis.tally(text(0, number, **flagged)))
    assert crisis.is_harmful(weak)
    assert not crisis.is_harmful(wrong)


def test_few_texts_that_a_model_saw_of_many_are_no_harm() -> None:
    assert not crisis.is_harmful(Tally(texts=40))
    assert not crisis.is_harmful(Tally(texts=40, scored=5, harm_hundredths=500))
    assert crisis.is_harmful(Tally(texts=40, scored=8, harm_hundredths=800))


@pytest.mark.parametrize(
    ("words", "personal"),
    [
        ("你真是个垃圾", True),
        ("this brand is trash", False),
        ("You are trash", True),
        ("这产品是垃圾", False),
        ("其他都是垃圾", False),
    ],
)
def test_abuse_is_personal_where_somebody_is_addressed(words: str, personal: bool) -> None:
    assert crisis.tally(text(0, text=words, flagged=["abuse"])).personal_abuse == personal


def test_violence_is_where_personal_abuse_dominates() -> None:
    nothing = AbuseCount()
    assert crisis.harm_kind(window(abuse=60, personal_abuse=30), nothing) == "cyber_violence"
    assert crisis.harm_kind(window(abuse=150, personal_abuse=20), nothing) == "crisis"
    assert crisis.harm_kind(window(abuse=20, personal_abuse=20), nothing) == "crisis"


def test_violence_is_where_a_days_texts_score_as_a_pile_on() -> None:
    quiet = window()
    assert crisis.harm_kind(quiet, AbuseCount(scored=2_000, hundredths=70_000)) == "cyber_violence"
    assert crisis.harm_kind(quiet, AbuseCount(scored=30, hundredths=2_700)) == "crisis"
    assert crisis.harm_kind(quiet, AbuseCount(scored=20_000, hundredths=30_000)) == "crisis"


def test_insults_at_a_company_are_no_violence_against_a_person() -> None:
    """A bought campaign: hundreds of abusive texts, all of them at the brand."""
    pile = AbuseCount(scored=770, hundredths=16_000)
    assert crisis.harm_kind(window(abuse=60, personal_abuse=30), pile) == "cyber_violence"
    assert crisis.harm_kind(window(abuse=60, personal_abuse=2), pile) == "crisis"
    assert crisis.harm_kind(window(abuse=10, personal_abuse=2), pile) == "crisis"


def test_abuse_is_counted_by_what_the_model_expects() -> None:
    assert crisis.tally(text(0, risks={"abuse": 0.37})).abuse_hundredths == 37
    assert crisis.tally(text(0, mood="unscored")).abuse_hundredths == 0


def test_praise_is_where_most_of_it_is_and_little_harm() -> None:
    assert crisis.attention_kind(window(harm=10, positive=150)) == "opportunity"
    assert crisis.attention_kind(window(harm=90, positive=110)) == "surge"
    assert crisis.attention_kind(window(harm=10, positive=50)) == "surge"


def test_factors_lie_between_0_and_1_and_grow_with_what_they_name() -> None:
    small, large = (
        factors(window(60, 20), last_minutes=30),
        factors(window(600, 500, followers=10_000_000), last_minutes=500),
    )
    assert all(0 <= value <= 1 for parts in (small, large) for value in parts.values())
    assert all(large[name] > small[name] for name in ("volume", "negativity", "velocity", "reach"))


def test_even_window_has_no_velocity() -> None:
    assert factors(window(200), last_minutes=80)["velocity"] == 0.0


def test_large_negative_burst_is_critical_and_a_small_one_a_warning() -> None:
    large, small = window(200, 150), window(30, 15)
    assert crisis.severity("crisis", factors(large), large) == "critical"
    assert crisis.severity("crisis", factors(small, last_minutes=12), small) == "warning"


def test_burst_that_is_mostly_kind_is_not_critical() -> None:
    mixed = window(2_000, 300, followers=50_000_000)
    assert crisis.severity("crisis", factors(mixed, last_minutes=1_500), mixed) == "warning"


def test_reach_decides_where_it_is_told() -> None:
    unknown, small, famous = window(70, 50), window(70, 50, followers=50), window(70, 50, followers=50_000_000)
    told = [crisis.severity("crisis", factors(one, last_minutes=35), one) for one in (unknown, small, famous)]
    assert told == ["critical", "warning", "critical"]


def test_praise_and_talk_page_nobody() -> None:
    loud = window(10_000, 9_000, followers=10**9)
    assert (
        crisis.severity("opportunity", factors(loud), loud) == crisis.severity("surge", factors(loud), loud) == "info"
    )


def test_text_weighs_by_its_worst_score_its_findings_and_its_reach() -> None:
    plain = text(0)
    risky = text(0, flagged=["crisis", "abuse"], risks={"crisis": 0.9, "abuse": 0.6})
    famous = text(0, flagged=["crisis"], risks={"crisis": 0.9}, actor=Actor(id="a", followers=10_000_000))
    assert crisis.weight(plain) < crisis.weight(risky) < crisis.weight(famous)


def test_explanation_has_the_figures_in_words() -> None:
    usual = crisis.baseline(learned(40), learned(4), NOON)
    words = crisis.explanation(window(followers=1_200_000, abuse=20, personal_abuse=5), usual, 0.92, 0.92)
    for part in ("200 texts", "40.0 are usual (×5.0)", "75% are harmful", "1,200,000 followers", "Coordinated", "92%"):
        assert part in words
    assert crisis.summary("crisis", "acme", window(), usual) == "acme: crisis, 200 texts in 5 minutes (usual 40.0)"
