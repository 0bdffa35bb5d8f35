"""Texts and the brands that they are about: names inside words, names that are words, and what stands beside them."""

from pathlib import Path

import pytest

from streams.catalogue.brand import Brand, read_brands
from streams.catalogue.matcher import BrandMatcher
from streams.errors import UsageError

APPLE = Brand(
    id="apple",
    names=("iPhone", "MacBook"),
    ambiguous=("苹果", "Apple"),
    context=("手机", "发布会", "iOS", "store", "官网"),
    must_not=("苹果树", "青苹果", "apple pie"),
    handles=("apple",),
    hashtags=("ShotOniPhone",),
    products=("AirPods",),
)
MI = Brand(
    id="mi",
    names=("小米手机", "Xiaomi"),
    ambiguous=("小米",),
    context=("手机", "雷军", "充电"),
    must_not=("小米粥", "小米辣"),
)
PUMA = Brand(id="puma", ambiguous=("Puma",), context=("shoes", "sneakers", "jersey"), handles=("puma",))
MATCHER = BrandMatcher([APPLE, MI, PUMA])


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        ("新款 iPhone 发热严重", ["apple"]),
        ("ＩＰＨＯＮＥ 屏幕碎了", ["apple"]),
        ("我的iPhone坏了", ["apple"]),
        ("iPhones are everywhere", []),
        ("今天的苹果又脆又甜", []),
        ("苹果手机卡死了", ["apple"]),
        ("苹果发布会几点", ["apple"]),
        ("苹果树下用手机拍照", []),
        ("青苹果味的手机壳", []),
        ("An apple a day", []),
        ("the Apple store refused me", ["apple"]),
        ("apple pie from the store", []),
        ("pineapple store", []),
        ("@apple please answer", ["apple"]),
        ("mail me at me@apple.example", []),
        ("#ShotOniPhone", ["apple"]),
        ("小米粥养胃", []),
        ("小米充电头烫手，比苹果手机还烫", ["apple", "mi"]),
        ("小米辣放多了", []),
        ("saw a puma in the zoo", []),
        ("my puma sneakers fell apart", ["puma"]),
        ("i\u200bPhone 假货", ["apple"]),
        ("", []),
    ],
)
def test_text_is_about_these_brands(text: str, brands: list[str]) -> None:
    assert MATCHER.brands(text) == brands
    assert [match.brand for match in MATCHER.explain(text) if match.about] == brands


def test_verdict_says_why() -> None:
    assert [(m.about, m.why) for m in MATCHER.explain("今天的苹果又脆又甜")] == [
        (False, "苹果 alone, which may be another word")
    ]
    assert MATCHER.explain("苹果手机")[0].why == "苹果 beside 手机"


def test_must_words_are_needed() -> None:
    shell = Brand(id="shell", names=("Shell",), must=("petrol", "station", "加油"))
    assert BrandMatcher([shell]).brands("Shell station is closed") == ["shell"]
    assert BrandMatcher([shell]).brands("a Shell script") == []


def test_catalogue_without_brands_matches_nothing() -> None:
    assert BrandMatcher([]).brands("iPhone") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("brands: [{id: a, names: [x]}, {id: a, names: [y]}]", "two brands are called a"),
        ("brands: [{id: a}]", "no text can be about it"),
        ("brands: [{id: a, ambiguous: [x]}]", "need `context`"),
        ("brands: [{id: a, names: [x], rivals: [b]}]", "rival b is not in the file"),
        ("brands: [{id: a, names: [x], time_zone: Mars/Base}]", "no time zone"),
        ("brands: [{id: a, names: [x], color: red}]", "color"),
        ("brands: [{id: a, names: [x], jurisdiction: cn}]", "jurisdiction"),
        ("", "empty"),
    ],
)
def test_file_that_cannot_be_used_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "brands.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        read_brands(path)
