"""Texts and the brands that they are about: names inside words, names that are words, and what stands beside them."""

import time
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
        ("iPhones are everywhere", ["apple"]),
        ("iPhone16 Pro 发烫", ["apple"]),
        ("the iPhoneSE_case shop", []),
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
    assert [(m.about, m.why) for m in MATCHER.explain("今天的苹果又脆又甜")] == [(False, "苹果 beside 又脆又甜")]
    assert MATCHER.explain("苹果手机")[0].why == "苹果 beside 手机"


def test_name_that_is_a_word_needs_company_even_under_names() -> None:
    matcher = BrandMatcher([Brand(id="target", names=("Target",)), Brand(id="gap", always=("Gap",))])
    assert matcher.brands("we missed the target by a mile") == []
    assert matcher.brands("the cashier at Target was rude") == ["target"]
    assert matcher.brands("mind the gap") == ["gap"]


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        ("小 米 手 机 闪退", ["mi"]),
        ("蘋果發佈會又擠牙膏", ["apple"]),
        ("Mac Book fans are loud", ["apple"]),
        ("my mac-book fans are loud", ["apple"]),
        ("#MacBookPro sale", ["apple"]),
        ("the macboook died", ["apple"]),
        ("Xiaomi’s vacuum fell down the stairs", ["mi"]),
        ("小米和华为怎么选", ["mi", "huawei"]),
        ("中华为之震动", []),
        ("繁华为什么总在别处", []),
        ("@小米公司 能不能管管", ["mi"]),
        ("@小米粒妈妈 谢谢你的手机壳", []),
        ("@apple_fan have a good day", []),
        ("see https://support.apple.com/zh-cn please", ["apple"]),
        ("see https://apple.shop.example/pie", []),
        ("see https://shop.example/macbook-cases", ["apple"]),
        ("Puma and Adidas: whose sizes run small?", ["puma", "adidas"]),
        ("the puma is an ambush predator", []),
        ("MY PUMA SNEAKERS FELL APART", ["puma"]),
        ("#Puma #sneakers", ["puma"]),
        ("the big Puma does not care about us, this Puma again", ["puma"]),
    ],
)
def test_spelling_borders_and_rivals(text: str, brands: list[str]) -> None:
    more = [Brand(id="huawei", names=("华为",), rivals=("mi",)), Brand(id="adidas", names=("adidas",))]
    assert BrandMatcher([APPLE, MI, PUMA, *more]).brands(text) == brands


TEA = Brand(id="tea", names=("王老吉",), hashtags=("TeaForSummer",), handles=("tea",))
DEC = Brand(id="dec", names=("Decathlon", "Volkswagen", "Pampers", "7UP"), products=("RedmiPad",))
KUAI = Brand(id="kuai", names=("Xiaolan",), ambiguous=("快手", "小蓝", "七喜乐"), context=("直播", "server"))


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        ("王老及是盗版的吧", ["tea"]),  # another character of the same sound
        ("wanglaoji tastes like syrup", ["tea"]),
        ("wang lao ji tastes like syrup", ["tea"]),
        ("#TeaForSummer2026", ["tea"]),
        ("teaforsummer is over", ["tea"]),
        ("@tea2026 is another account", []),
        ("dеcathlon bikes", ["dec"]),  # a Cyrillic letter
        ("D e c a t h l o n", ["dec"]),
        ("decathalon bikes", ["dec"]),
        ("a Volkswagon van", ["dec"]),
        ("pamper's leak", ["dec"]),
        ("7-up please", ["dec"]),
        ("we lead 7 up", []),
        ("DecathlonBikes are fine", ["dec"]),
        ("decathlonic words", []),
        ("xiao lan 直播", ["kuai"]),
        ("7喜乐直播间", ["kuai"]),
        ("sold a b c d e f", []),
    ],
)
def test_slips_other_scripts_and_words_that_are_glued(text: str, brands: list[str]) -> None:
    assert BrandMatcher([TEA, DEC, KUAI]).brands(text) == brands


def test_what_the_file_writes_goes_before_another_spelling_of_it() -> None:
    lays = Brand(id="lays", names=("Lay's",), ambiguous=("Lays",), context=("chips",))
    assert BrandMatcher([lays]).brands("the hen lays an egg") == []
    assert BrandMatcher([lays]).brands("Lay's are salty") == ["lays"]


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("my orbit laptop died", True),  # the possessive is the laptop's
        ("the orbit of it", False),
        ("Orbit's pricing page is confusing to my team", True),
        ("anyone on orbit tonight? my laptop is dead", True),
        ("Is Orbit open on Easter Sunday?", True),
    ],
)
def test_words_around_an_english_name(text: str, about: bool) -> None:
    orbit = Brand(id="orbit", ambiguous=("Orbit",), context=("laptop", "app", "login"), handles=("orbit",))
    assert BrandMatcher([orbit]).brands(text) == ["orbit"] * about


def test_longer_name_of_another_brand_holds_the_shorter() -> None:
    perfect, diary = Brand(id="perfect", always=("完美",)), Brand(id="diary", names=("完美日记",))
    assert BrandMatcher([perfect, diary]).brands("完美日记的口红拔干") == ["diary"]


def test_must_not_word_takes_the_name_that_it_holds() -> None:
    tesla = Brand(id="tesla", names=("Tesla",), must_not=("Nikola Tesla",))
    assert BrandMatcher([tesla]).brands("Nikola Tesla died alone") == []
    assert BrandMatcher([tesla]).brands("Nikola Tesla never drove a Tesla") == ["tesla"]


@pytest.mark.parametrize(
    "word", ["苹果", "苹 果 ", "苹果吃", "apple pie ", "@apple ", "x@apple.com ", "#aA", "a.", "aA"]
)
def test_long_text_of_one_word_takes_no_second(word: str) -> None:
    text = word * (20_000 // len(word))
    began = time.process_time()
    MATCHER.brands(text)
    assert time.process_time() - began < 1


def test_must_words_are_needed() -> None:
    shell = Brand(id="shell", names=("Shell",), must=("petrol", "station", "加油"))
    assert BrandMatcher([shell]).brands("Shell station is closed") == ["shell"]
    assert BrandMatcher([shell]).brands("a Shell script") == []


@pytest.mark.parametrize(
    ("languages", "text", "about"),
    [
        ((), "Nike ist mir zu teuer geworden, ich kaufe nichts mehr davon", True),
        (("zh",), "耐克鞋底断裂", True),
        (("zh",), "Nike shoes fell apart and nobody cares about it", False),
        (("zh-CN", "en"), "Nike shoes fell apart and nobody cares about it", True),
        (("en",), "Nike ist mir zu teuer geworden, ich kaufe nichts mehr davon", False),
        (("en", "de"), "Nike ist mir zu teuer geworden, ich kaufe nichts mehr davon", True),
        (("en",), "ナイキの靴 Nike がすぐに壊れました", False),
    ],
)
def test_brand_is_heard_in_its_languages(languages: tuple[str, ...], text: str, about: bool) -> None:
    nike = Brand(id="nike", names=("Nike", "耐克"), languages=languages)
    assert BrandMatcher([nike]).brands(text) == (["nike"] if about else [])


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


AMBIGUOUS = BrandMatcher([
    Brand(id="puma", ambiguous=("Puma",), context=("shoes",)),
    Brand(id="target", ambiguous=("Target",), context=("store",)),
    Brand(id="oracle", ambiguous=("Oracle",), context=("database",)),
    Brand(id="subway", ambiguous=("Subway",), context=("sandwich",)),
    Brand(id="smartisan", ambiguous=("锤子",), context=("手机",)),
    Brand(id="feihe", ambiguous=("飞鹤",), context=("奶粉",)),
])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        ("I own shirts by Nike, Adidas, Puma and they all fade", ["puma"]),
        ("today I eat at home, and Subway or Quiznos can wait", ["subway"]),
        ("Oracle vs SAP, who is slower to answer the phone", ["oracle"]),
        ("Pumaのスニーカーを買った", ["puma"]),
        ("TARGETが日本に来た", ["target"]),
        ("they want to target younger shoppers in every store", []),
        ("the drone's target was a warehouse", []),
        ("Our checkout traffic target is low", []),
        ("the Target store on Main Street", ["target"]),
        ("锤子T2还能用", ["smartisan"]),
        ("锤子两把", []),
        ("飞鹤跌停了", ["feihe"]),
        ("飞鹤从芦苇上掠过", []),
        ("my own puma shoes fell apart", ["puma"]),
        ("the best jingle from Subway lives in my head", ["subway"]),
    ],
)
def test_ambiguous_name_is_weighed_by_how_it_is_written_and_what_it_is_compared_with(
    text: str, brands: list[str]
) -> None:
    assert AMBIGUOUS.brands(text) == brands


KINDS = BrandMatcher([
    Brand(id="swan", ambiguous=("小天鹅",), context=("洗衣机",)),
    Brand(id="rainbow", ambiguous=("长虹",), context=("电视",)),
    Brand(id="gourd", ambiguous=("葫芦",), context=("客户端", "手机", "店")),  # none of the words that are known
    Brand(id="grove", ambiguous=("Grove",), context=("hoodie", "jeans", "store")),
    Brand(id="apple", ambiguous=("苹果",), context=("手机",)),
    Brand(id="target", ambiguous=("Target",), context=("store",)),
    Brand(id="stroll", names=("Playground", "iStroll", "Decathlon"), ambiguous=("丽宁",), context=("shoes",)),
])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        # beside a brand that the catalogue lacks
        ("小天鹅和海尔哪个洗得干净", ["swan"]),
        ("Grove or Levi's", ["grove"]),
        # a word that ends where the name begins, or where the text ends
        ("老家那台长虹，开机还要捶两下", ["rainbow"]),
        ("葫芦，开了家店", ["gourd"]),
        # who is used, changed to, addressed, asked; what they have done for long
        ("换了葫芦，什么客户端都装不上", ["gourd"]),
        ("葫芦什么时候出新机", ["gourd"]),
        ("小天鹅用了八年", ["swan"]),
        ("thanks Grove for nothing", ["grove"]),
        ("Grove ruined my birthday", ["grove"]),
        ("ran to target for one thing", ["target"]),
        ("met my ex at target", ["target"]),
        # a model's number, a price, a count
        ("苹果17太贵", ["apple"]),
        ("苹果10斤，手机扫码付款", []),
        ("苹果税该降降了", ["apple"]),
        # counted, by degrees, a pet, a title, a verb
        ("三个葫芦挂在手机旁", []),
        ("我家的猫叫葫芦，爬上手机", []),
        ("《葫芦》", []),
        ("Grove the dog tore my hoodie", []),
        ("their new album Grove is in the store", []),
        # written otherwise
        ("play-ground opened", ["stroll"]),
        ("play ground equipment", []),
        ("my play ground shoes", ["stroll"]),
        ("my i stroll shoes", ["stroll"]),
        ("li ning shoes", ["stroll"]),
        ("the lining of my coat", []),
        ("groves hoodie", ["grove"]),
        ("Two groves of olives", []),
        ("third in the decathlon", []),
    ],
)
def test_names_are_told_by_how_they_stand_and_what_is_known_of_others(text: str, brands: list[str]) -> None:
    assert KINDS.brands(text) == brands


COUNTED = BrandMatcher([
    Brand(id=name.lower(), names=(name,)) for name in ("Coach", "Puma", "Apple")
])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        # a bag is called by its maker's name
        ("攒了半年买的一只coach，拉链就坏了", ["coach"]),
        ("给她买了两只 Coach", ["coach"]),
        ("coach一只三千多，谁买", ["coach"]),
        # people, animals and fruit by their own names
        ("请了一个coach陪练", []),
        ("队里来了一位coach", []),
        ("动物园里有一只puma", []),
        ("早上吃了一个apple", []),
    ],
)
def test_measure_word_of_bags_beside_a_latin_name_counts_no_thing_of_another_sense(
    text: str, brands: list[str]
) -> None:
    assert COUNTED.brands(text) == brands


def test_name_that_is_known_to_be_oftener_the_brand_may_have_its_plural_and_a_number() -> None:
    matcher = BrandMatcher([Brand(id="tesla", names=("Tesla",))])
    about = {text: matcher.brands(text) for text in ("Teslas everywhere", "myTesla", "Tesla3 came", "a Tesla coil")}
    assert about == {"Teslas everywhere": ["tesla"], "myTesla": [], "Tesla3 came": ["tesla"], "a Tesla coil": []}
