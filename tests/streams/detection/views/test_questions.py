"""Which texts ask, and which ask the same."""

import pytest

from streams.detection.views.questions import grouped, question_key


@pytest.mark.parametrize(
    "text",
    ["多少钱", "这款多少钱呀？", "主播，多少钱啊", "請問這款多少錢", "多少钱？？？", "亲，请问这个多少钱哦～"],
)
def test_question_in_other_dress_has_the_same_key(text: str) -> None:
    assert question_key(text) == "多少钱"


@pytest.mark.parametrize(
    "text", ["来了来了", "主播晚上好", "已拍", "love it", "https://a.example/?q=1", "", "？", "!!"]
)
def test_text_that_asks_nothing_has_no_key(text: str) -> None:
    assert question_key(text) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("有运费险吗", "有运费险吗"),
        ("拍两件有优惠没", "拍两件有优惠没"),
        ("How much is the night light?", "how much is night light"),
        ("does it ship to Canada", "does ship to canada"),
    ],
)
def test_question_keeps_what_is_asked(text: str, key: str) -> None:
    assert question_key(text) == key


def test_story_with_a_question_in_it_is_none() -> None:
    assert question_key("我上次买的那个颜色跟图片完全不一样," * 5 + "怎么办") is None


def test_keys_that_share_most_pairs_are_one_question() -> None:
    now = {"多少钱": 5, "多少钱一件": 3, "什么时候发货": 4}
    questions = grouped(now, {"多少钱": 2}, {"多少钱": "这款多少钱呀？"})
    assert [(one.text, one.times, one.before, one.wordings) for one in questions] == [
        ("这款多少钱呀？", 8, 2, 2),
        ("什么时候发货", 4, 0, 1),
    ]


def test_question_that_is_asked_no_more_is_not_shown() -> None:
    assert list(grouped({}, {"多少钱": 9}, {})) == []
