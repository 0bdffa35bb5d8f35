"""What a text is about, and what rises."""

import pytest

from streams.detection.views.topics import MAX_TERMS, TEXTS, own_names, rising, terms, with_examples
from streams.detection.views.writer import ViewWriter
from tests.builders.records import text


def test_chinese_gives_whole_words_and_pairs_of_them() -> None:
    assert terms("充电宝起火了，我的快递也起火") == {"充电", "充电宝", "充电宝起火", "起火", "快递"}


@pytest.mark.parametrize(
    ("said", "cut"),
    [
        ("孩子吃完牛肉就吐了", "子吃完牛"),
        ("充电宝全部召回", "电宝全"),
        ("食物中毒住院了三天", "物中毒住院"),
        ("会员价格太高", "员价格"),
    ],
)
def test_no_term_cuts_a_word(said: str, cut: str) -> None:
    assert cut not in terms(said)


def test_characters_that_join_are_part_of_words() -> None:
    assert {"会员", "想法"} <= terms("会员的想法")


def test_english_gives_words_and_neighbours_without_stop_words() -> None:
    assert terms("The power bank caught fire, and it is hot") == {
        "power", "bank", "caught", "fire", "hot", "power bank", "bank caught", "caught fire",
    }  # fmt: skip


@pytest.mark.parametrize("said", ["Best ever. Everyone buys", "caught a fire", "hot, cold"])
def test_words_that_do_not_stand_beside_each_other_are_no_pair(said: str) -> None:
    assert not {"ever everyone", "caught fire", "hot cold"} & terms(said)


def test_links_and_accounts_are_no_terms() -> None:
    assert terms("https://a.example/fire @someone") == set()


def test_long_text_gives_few_terms() -> None:
    assert len(terms("".join(chr(0x4E00 + number) for number in range(900)))) <= MAX_TERMS


def test_topic_that_rises_leads_and_a_steady_one_is_none() -> None:
    now = {"起火": 30, "充电宝": 60, "快递": 11, "一次": 3}
    before = {"充电宝": 150, "快递": 50}
    topics = rising(now, before, share=1 / 5)
    assert [(one.term, one.texts, one.usual) for one in topics] == [("起火", 30, 0.0), ("充电宝", 60, 30.0)]


def test_brands_own_name_is_no_topic_even_where_it_rises() -> None:
    now = {TEXTS: 100, "山野": 90, "山野起火": 40, "起火": 60, "tidewear": 40, "tidewear jacket": 30, "zip": 30}
    before = {TEXTS: 50, "山野": 30, "快递": 5}
    assert own_names(before, "Tidewear") == {"tidewear", "山野"}
    assert [one.term for one in rising(now, before, share=1, brand_id="Tidewear")] == ["起火", "zip"]


def test_short_brand_id_takes_no_word_away() -> None:
    assert [one.term for one in rising({"act": 20}, {}, share=1, brand_id="a")] == ["act"]


def test_part_of_a_longer_topic_is_not_shown_beside_it() -> None:
    topics = rising({"食物中毒": 20, "食物": 22, "中毒": 21, "发货": 20}, {}, share=1)
    assert [one.term for one in topics] == ["发货", "食物中毒"]


def test_topic_has_an_example_that_says_it() -> None:
    topics = rising({"起火": 20, "发货": 20}, {}, share=1)
    shown = with_examples(topics, ["起火", "充电宝昨晚起火了，吓死人", "别的"])
    assert {one.term: one.example for one in shown} == {"起火": "充电宝昨晚起火了，吓死人", "发货": ""}


def test_examples_of_ten_minutes_go_with_a_text_that_was_taken_back() -> None:
    views, taken = ViewWriter(), ViewWriter()
    views.add(text(3, 0, text="充电宝起火了"))
    taken.take_back(views.sums)
    [suffix] = [suffix for suffix in views.values if suffix.startswith("samples:")]
    assert set(views.values[suffix]) <= set(taken.values[suffix])
    assert set(taken.values[suffix].values()) == {None}


def test_words_of_one_wording_that_many_repeat_are_one_topic() -> None:
    wording, other = "单位食堂的牛肉干吃得集体住院", "退货，牛肉干发霉"
    topics = rising({"单位食堂": 30, "集体住院": 30, "退货": 30, "牛肉干": 60}, {}, share=1)
    shown = with_examples(topics, [wording, other])
    assert sorted(topic.term for topic in shown) == ["单位食堂", "牛肉干", "退货"]


def test_what_is_counted_by_is_no_topic() -> None:
    assert "个人" not in terms("我们单位8个人吃坏了肚子")
    assert "个人" in terms("这是个人感受")
    assert "预售" in terms("618预售开始了")
