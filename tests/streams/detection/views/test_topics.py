"""What a text is about, and what rises."""

from streams.detection.views.topics import MAX_TERMS, rising, terms


def test_chinese_gives_runs_between_joining_words() -> None:
    assert terms("充电宝起火了，我的充电宝也起火") >= {"充电宝", "起火", "充电"}


def test_english_gives_words_and_pairs_without_stop_words() -> None:
    assert terms("The power bank caught fire, and it is hot") == {
        "power", "bank", "caught", "fire", "hot", "power bank", "bank caught", "caught fire",
    }  # fmt: skip


def test_links_and_accounts_are_no_terms() -> None:
    assert terms("https://a.example/fire @someone") == set()


def test_long_text_gives_few_terms() -> None:
    assert len(terms("".join(chr(0x4E00 + number) for number in range(900)))) <= MAX_TERMS


def test_topic_that_rises_leads_and_a_steady_one_is_none() -> None:
    now = {"起火": 30, "充电宝": 60, "快递": 11, "一次": 3}
    before = {"充电宝": 150, "快递": 50}
    topics = rising(now, before, share=1 / 5)
    assert [(one.term, one.texts, one.usual) for one in topics] == [("起火", 30, 0.0), ("充电宝", 60, 30.0)]


def test_part_of_a_longer_topic_is_not_shown_beside_it() -> None:
    topics = rising({"食物中毒": 20, "食物": 22, "中毒": 21, "物中": 20, "发货": 20}, {}, share=1)
    assert [one.term for one in topics] == ["发货", "食物中毒"]
